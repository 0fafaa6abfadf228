#include "core/breaker.h"
#include "spec/support/check.h"

/* So many drops, one every `every_msec`, after so short a time. */
static void drop(struct slip_breaker *b, uint64_t *now, unsigned count, uint64_t every_msec) {
  for (unsigned i = 0; i < count; i++) {
    *now += every_msec;
    slip_breaker_add(b, *now, 4999, false);
  }
}

static void opens_at_the_tenth_drop(void **state) {
  (void)state;
  struct slip_breaker b = {0};
  uint64_t now = 1000;
  drop(&b, &now, 9, 10);
  assert_false(slip_breaker_is_open(&b));
  drop(&b, &now, 1, 10);
  assert_true(slip_breaker_is_open(&b));
}

static void opens_when_the_ten_lie_within_a_minute(void **state) {
  (void)state;
  struct slip_breaker b = {0};
  uint64_t now = 1000;
  drop(&b, &now, 1, 0);
  drop(&b, &now, 9, 6666); /* 59,994 msec from the first to the tenth */
  assert_true(slip_breaker_is_open(&b));
}

static void stays_closed_when_they_take_longer(void **state) {
  (void)state;
  struct slip_breaker b = {0};
  uint64_t now = 1000;
  drop(&b, &now, 1000, 6667);
  assert_false(slip_breaker_is_open(&b));
}

static void the_minute_may_begin_at_any_drop(void **state) {
  (void)state;
  struct slip_breaker b = {0};
  uint64_t now = 1000;
  drop(&b, &now, 25, 60000); /* too slow; the ring has gone round */
  drop(&b, &now, 8, 10);
  assert_false(slip_breaker_is_open(&b)); /* nine, with the last of the slow ones */
  drop(&b, &now, 1, 10);
  assert_true(slip_breaker_is_open(&b));
}

static void a_connection_of_five_seconds_is_no_drop(void **state) {
  (void)state;
  struct slip_breaker b = {0};
  for (uint64_t now = 0; now < 100; now++)
    slip_breaker_add(&b, now, 5000, false);
  assert_false(slip_breaker_is_open(&b));
}

static void closes_after_a_stable_connection_alone(void **state) {
  (void)state;
  struct slip_breaker b = {0};
  uint64_t now = 1000;
  drop(&b, &now, 10, 10);
  drop(&b, &now, 1, 600000);
  assert_true(slip_breaker_is_open(&b)); /* time does not close it */
  slip_breaker_add(&b, now, 59999, false);
  assert_true(slip_breaker_is_open(&b)); /* nor a connection that the config calls unstable */
  slip_breaker_add(&b, now, 60000, true);
  assert_false(slip_breaker_is_open(&b));
  drop(&b, &now, 9, 10); /* and it begins from nothing */
  assert_false(slip_breaker_is_open(&b));
}

/* With stable_after_msec = 0 every connection is stable: just then the back-off is of no help. */
static void a_drop_is_a_drop_even_where_all_counts_as_stable(void **state) {
  (void)state;
  struct slip_breaker b = {0};
  for (uint64_t now = 0; now < 10; now++)
    slip_breaker_add(&b, now, 0, true);
  assert_true(slip_breaker_is_open(&b));
}

static void counts_on_where_its_clock_wraps(void **state) {
  (void)state;
  struct slip_breaker b = {0};
  uint64_t now = UINT32_MAX - 5;
  drop(&b, &now, 10, 1);
  assert_true(slip_breaker_is_open(&b));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(opens_at_the_tenth_drop),
      cmocka_unit_test(opens_when_the_ten_lie_within_a_minute),
      cmocka_unit_test(stays_closed_when_they_take_longer),
      cmocka_unit_test(the_minute_may_begin_at_any_drop),
      cmocka_unit_test(a_connection_of_five_seconds_is_no_drop),
      cmocka_unit_test(closes_after_a_stable_connection_alone),
      cmocka_unit_test(a_drop_is_a_drop_even_where_all_counts_as_stable),
      cmocka_unit_test(counts_on_where_its_clock_wraps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
