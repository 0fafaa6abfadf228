#include "core/limits.h"
#include "core/pending.h"
#include "core/roster.h"
#include "spec/support/check.h"

static struct slip_topic *add(struct slip_roster *r, const char *name) {
  struct slip_topic *topic = NULL;
  CHECK_OK(slip_roster_add(r, slip_span_of(name), &topic));
  return topic;
}

static void finds_what_was_added_in_its_order(void **state) {
  (void)state;
  struct slip_roster r = {0};
  struct slip_topic *a = add(&r, "a"), *b = add(&r, "b");
  assert_ptr_equal(add(&r, "a"), a);
  assert_ptr_equal(slip_roster_find(&r, SLIP_SPAN("b")), b);
  assert_null(slip_roster_find(&r, SLIP_SPAN("c")));
  assert_int_equal(r.count, 2);
  assert_ptr_equal(slip_roster_at(&r, 0), a);
  assert_true(a->rejoin_at == SLIP_NEVER);
  slip_roster_clear(&r);
}

static void finds_a_topic_by_its_join(void **state) {
  (void)state;
  struct slip_roster r = {0};
  add(&r, "a")->join_ref = 7;
  assert_ptr_equal(slip_roster_find_join(&r, 7), slip_roster_at(&r, 0));
  assert_null(slip_roster_find_join(&r, 8));
  slip_roster_clear(&r);
}

static void what_is_forgotten_goes_at_the_sweep(void **state) {
  (void)state;
  struct slip_roster r = {0};
  slip_roster_forget(&r, add(&r, "a"));
  slip_roster_forget(&r, add(&r, "b"));
  add(&r, "b"); /* asked for again in time */
  assert_int_equal(r.count, 2);
  slip_roster_sweep(&r);
  assert_int_equal(r.count, 1);
  assert_null(slip_roster_find(&r, SLIP_SPAN("a")));
  slip_roster_clear(&r);
}

static void an_empty_roster_owns_nothing(void **state) {
  (void)state;
  struct slip_roster r = {0};
  slip_roster_forget(&r, add(&r, "a"));
  slip_roster_sweep(&r);
  assert_int_equal(r.room, 0);
}

static void has_room_for_so_many_and_no_more(void **state) {
  (void)state;
  struct slip_roster r = {0};
  struct slip_topic *topic;
  char name[16];
  for (unsigned i = 0; i < SLIP_TOPICS_MAX; i++) {
    snprintf(name, sizeof name, "t%u", i);
    add(&r, name);
  }
  assert_int_equal(slip_roster_add(&r, SLIP_SPAN("one more"), &topic), SLIP_ETOOBIG);
  slip_roster_clear(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_what_was_added_in_its_order),
      cmocka_unit_test(finds_a_topic_by_its_join),
      cmocka_unit_test(what_is_forgotten_goes_at_the_sweep),
      cmocka_unit_test(an_empty_roster_owns_nothing),
      cmocka_unit_test(has_room_for_so_many_and_no_more),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
