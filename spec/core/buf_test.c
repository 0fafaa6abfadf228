#include "core/buf.h"
#include "spec/support/check.h"

static void appends_and_drops_at_the_front(void **state) {
  (void)state;
  struct slip_buf b = {0};
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("hello ")));
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("world")));
  slip_buf_drop(&b, 6);
  CHECK_SPAN(slip_buf_span(&b), "world");
  slip_buf_truncate(&b, 2);
  CHECK_SPAN(slip_buf_span(&b), "wo");
  slip_buf_clear(&b);
  assert_null(b.memory);
}

static void refuses_what_passes_the_maximum(void **state) {
  (void)state;
  struct slip_buf b;
  slip_buf_init(&b, 4);
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("1234")));
  assert_int_equal(slip_buf_append(&b, SLIP_SPAN("5")), SLIP_ETOOBIG);
  CHECK_SPAN(slip_buf_span(&b), "1234");
  slip_buf_drop(&b, 1);
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("5")));
  CHECK_SPAN(slip_buf_span(&b), "2345");
  slip_buf_clear(&b);
}

static void refuses_what_passes_four_gigabytes(void **state) {
  (void)state;
  struct slip_buf b = {0};
  char *room;
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("1")));
  assert_int_equal(slip_buf_reserve(&b, UINT32_MAX, &room), SLIP_ETOOBIG);
  assert_int_equal(slip_buf_reserve(&b, SIZE_MAX, &room), SLIP_ETOOBIG);
  slip_buf_clear(&b);
  slip_buf_init(&b, SIZE_MAX);
  assert_int_equal(slip_buf_reserve(&b, (size_t)UINT32_MAX + 1, &room), SLIP_ETOOBIG);
}

static void keeps_its_bytes_when_it_grows(void **state) {
  (void)state;
  struct slip_buf b = {0};
  for (int i = 0; i < 1000; i++) {
    CHECK_OK(slip_buf_append(&b, SLIP_SPAN("abcdefghij")));
    slip_buf_drop(&b, 3);
  }
  assert_int_equal(b.size, 7000);
  /* 3,000 bytes went: the front is a beginning of the ten again */
  CHECK_SPAN(((struct slip_span){slip_buf_span(&b).at, 10}), "abcdefghij");
  slip_buf_clear(&b);
}

static void takes_nothing_more_when_it_was_swapped_over_its_maximum(void **state) {
  (void)state;
  struct slip_buf small, large = {0};
  char *room;
  slip_buf_init(&small, 10);
  CHECK_OK(slip_buf_reserve(&large, 1000, &room));
  memset(room, 'x', 1000);
  slip_buf_commit(&large, 1000);
  slip_buf_swap(&small, &large);
  assert_int_equal(small.size, 1000);
  assert_int_equal(slip_buf_reserve(&small, 1000, &room), SLIP_ETOOBIG);
  assert_int_equal(large.size, 0);
  slip_buf_clear(&small);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(appends_and_drops_at_the_front),
      cmocka_unit_test(refuses_what_passes_the_maximum),
      cmocka_unit_test(refuses_what_passes_four_gigabytes),
      cmocka_unit_test(keeps_its_bytes_when_it_grows),
      cmocka_unit_test(takes_nothing_more_when_it_was_swapped_over_its_maximum),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
