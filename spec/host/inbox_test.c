#include "host/inbox.h"

#include "spec/support/check.h"
#include "spec/support/memory_failure.h"

static struct slip_parcel *parcel_of(struct slip_span bytes, bool is_urgent) {
  struct slip_parcel *parcel;
  CHECK_OK(slip_parcel_new(bytes, &parcel));
  parcel->is_urgent = is_urgent;
  return parcel;
}

static enum slip_err add(struct slip_inbox *inbox, struct slip_span bytes, bool is_urgent) {
  struct slip_parcel *parcel = parcel_of(bytes, is_urgent);
  enum slip_err err = slip_inbox_add(inbox, parcel);
  if (err != SLIP_OK)
    free(parcel);
  return err;
}

#define CHECK_NEXT(inbox, literal)                                                                 \
  do {                                                                                             \
    struct slip_parcel *next_ = slip_inbox_take(inbox);                                            \
    assert_non_null(next_);                                                                        \
    CHECK_SPAN(next_->bytes, literal);                                                             \
    free(next_);                                                                                   \
  } while (0)

static void the_first_to_come_is_the_first_to_go(void **state) {
  (void)state;
  struct slip_inbox inbox = {0};
  assert_true(slip_inbox_is_empty(&inbox));
  CHECK_OK(add(&inbox, SLIP_SPAN("a\0b"), false));
  CHECK_OK(add(&inbox, SLIP_SPAN(""), false));
  assert_false(slip_inbox_is_empty(&inbox));
  CHECK_NEXT(&inbox, "a\0b");
  CHECK_OK(add(&inbox, SLIP_SPAN("c"), false));
  CHECK_NEXT(&inbox, "");
  CHECK_NEXT(&inbox, "c");
  assert_null(slip_inbox_take(&inbox));
  assert_true(slip_inbox_is_empty(&inbox));
}

static void the_urgent_go_before_all_others(void **state) {
  (void)state;
  struct slip_inbox inbox = {0};
  CHECK_OK(add(&inbox, SLIP_SPAN("1"), false));
  CHECK_OK(add(&inbox, SLIP_SPAN("2!"), true));
  CHECK_OK(add(&inbox, SLIP_SPAN("3!"), true));
  CHECK_NEXT(&inbox, "2!");
  CHECK_NEXT(&inbox, "3!");
  CHECK_NEXT(&inbox, "1");
  assert_true(slip_inbox_is_empty(&inbox));
}

static void fill(struct slip_inbox *inbox, unsigned count, bool is_urgent) {
  for (unsigned i = 0; i < count; i++)
    CHECK_OK(add(inbox, SLIP_SPAN("x"), is_urgent));
}

static void takes_only_so_many(void **state) {
  (void)state;
  struct slip_inbox inbox = {0};
  fill(&inbox, SLIP_INBOX_PARCELS_MAX, false);
  assert_int_equal(add(&inbox, SLIP_SPAN("x"), false), SLIP_EFULL);
  fill(&inbox, SLIP_INBOX_URGENT_MAX, true);
  assert_int_equal(add(&inbox, SLIP_SPAN("x"), true), SLIP_EFULL);
  CHECK_NEXT(&inbox, "x");
  CHECK_OK(add(&inbox, SLIP_SPAN("x"), true));
  assert_int_equal(add(&inbox, SLIP_SPAN("x"), false), SLIP_EFULL);
  slip_inbox_clear(&inbox);
  assert_true(slip_inbox_is_empty(&inbox));
  CHECK_OK(add(&inbox, SLIP_SPAN("x"), false));
  slip_inbox_clear(&inbox);
}

static void takes_only_so_many_bytes(void **state) {
  (void)state;
  struct slip_inbox inbox = {0};
  char *bytes = calloc(1, SLIP_INBOX_BYTES_MAX + 1);
  struct slip_parcel *parcel;
  assert_int_equal(slip_parcel_new((struct slip_span){bytes, SLIP_INBOX_BYTES_MAX + 1}, &parcel),
                   SLIP_ETOOBIG);
  CHECK_OK(add(&inbox, (struct slip_span){bytes, SLIP_INBOX_BYTES_MAX}, false));
  free(bytes);
  assert_int_equal(add(&inbox, SLIP_SPAN("x"), false), SLIP_EFULL);
  CHECK_OK(add(&inbox, SLIP_SPAN(""), false));
  CHECK_OK(add(&inbox, SLIP_SPAN("x"), true));
  slip_inbox_clear(&inbox);
}

static void never_refuses_what_says_how_somebody_ended(void **state) {
  (void)state;
  struct slip_inbox inbox = {0};
  fill(&inbox, SLIP_INBOX_PARCELS_MAX, false);
  struct slip_parcel *parcel;
  CHECK_OK(slip_parcel_new_outcome(&parcel));
  assert_false(parcel->outcome->has_failed);
  assert_int_equal(parcel->outcome->size, 0);
  CHECK_OK(slip_inbox_add(&inbox, parcel));
  slip_inbox_clear(&inbox);
}

static void says_that_there_is_no_memory(void **state) {
  (void)state;
  struct slip_parcel *parcel;
  memory_fails_at(0);
  assert_int_equal(slip_parcel_new(SLIP_SPAN("x"), &parcel), SLIP_ENOMEM);
  assert_true(memory_has_failed());
  memory_fails_at(0);
  assert_int_equal(slip_parcel_new_outcome(&parcel), SLIP_ENOMEM);
  assert_true(memory_has_failed());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_to_come_is_the_first_to_go),
      cmocka_unit_test(the_urgent_go_before_all_others),
      cmocka_unit_test(takes_only_so_many),
      cmocka_unit_test(takes_only_so_many_bytes),
      cmocka_unit_test(never_refuses_what_says_how_somebody_ended),
      cmocka_unit_test(says_that_there_is_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
