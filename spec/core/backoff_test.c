#include "core/session.h"
#include "spec/support/check.h"

static void follows_the_steps_and_repeats_the_last(void **state) {
  (void)state;
  const struct slip_backoff b = {.steps = {10, 50, 200}, .count = 3, .jitter = 0};
  assert_int_equal(slip_backoff_wait(&b, 0, 12345), 10);
  assert_int_equal(slip_backoff_wait(&b, 1, 12345), 50);
  assert_int_equal(slip_backoff_wait(&b, 2, 12345), 200);
  assert_int_equal(slip_backoff_wait(&b, 3, 12345), 200);
  assert_int_equal(slip_backoff_wait(&b, UINT32_MAX, 12345), 200);
}

static void stays_between_the_step_without_its_jitter_and_the_step(void **state) {
  (void)state;
  const struct slip_backoff b = {.steps = {1000}, .count = 1, .jitter = 250};
  assert_int_equal(slip_backoff_wait(&b, 0, 0), 1000);
  assert_int_equal(slip_backoff_wait(&b, 0, UINT32_MAX), 750);
  for (uint32_t luck = 0; luck < UINT32_MAX - 9999991; luck += 9999991) {
    uint32_t wait = slip_backoff_wait(&b, 0, luck);
    assert_in_range(wait, 750, 1000);
  }
}

static void waits_shorter_the_more_luck_there_is(void **state) {
  (void)state;
  const struct slip_backoff b = {.steps = {1000}, .count = 1, .jitter = 1000};
  assert_int_equal(slip_backoff_wait(&b, 0, UINT32_MAX / 4), 1000 - 249);
  assert_int_equal(slip_backoff_wait(&b, 0, UINT32_MAX / 2), 1000 - 499);
}

static void spreads_short_steps_over_no_less_than_its_spread(void **state) {
  (void)state;
  const struct slip_backoff b = {
      .steps = {10, 200, 1000}, .count = 3, .jitter = 500, .spread = 100};
  assert_int_equal(slip_backoff_wait(&b, 0, UINT32_MAX), 5);
  assert_int_equal(slip_backoff_wait(&b, 0, 0), 105);
  assert_int_equal(slip_backoff_wait(&b, 1, UINT32_MAX), 100);
  assert_int_equal(slip_backoff_wait(&b, 1, 0), 200);
  assert_int_equal(slip_backoff_wait(&b, 2, UINT32_MAX), 500);
  assert_int_equal(slip_backoff_wait(&b, 2, 0), 1000);
}

static void spreads_nothing_without_jitter(void **state) {
  (void)state;
  const struct slip_backoff b = {.steps = {10}, .count = 1, .jitter = 0, .spread = 100};
  assert_int_equal(slip_backoff_wait(&b, 0, 0), 10);
  assert_int_equal(slip_backoff_wait(&b, 0, UINT32_MAX), 10);
}

static void never_waits_less_than_a_millisecond(void **state) {
  (void)state;
  const struct slip_backoff b = {.steps = {10}, .count = 1, .jitter = 1000};
  assert_int_equal(slip_backoff_wait(&b, 0, UINT32_MAX), 1);
}

static void waits_a_millisecond_when_the_step_is_zero(void **state) {
  (void)state;
  const struct slip_backoff b = {.steps = {0, 100}, .count = 2, .jitter = 500};
  assert_int_equal(slip_backoff_wait(&b, 0, UINT32_MAX), 1);
  assert_int_equal(slip_backoff_wait(&b, 0, 0), 1);
}

static void does_not_overflow_with_the_longest_step(void **state) {
  (void)state;
  const struct slip_backoff b = {.steps = {UINT32_MAX}, .count = 1, .jitter = 1000};
  assert_int_equal(slip_backoff_wait(&b, 0, 0), UINT32_MAX);
  assert_int_equal(slip_backoff_wait(&b, 0, UINT32_MAX), 1);
}

/* The steps without jitter, and the jitter that it has. */
static void check_table(struct slip_backoff b, const uint32_t *steps, unsigned count) {
  assert_int_equal(b.count, count);
  assert_int_equal(b.jitter, 500);
  b.jitter = 0;
  for (unsigned i = 0; i < count + 3; i++)
    assert_int_equal(slip_backoff_wait(&b, i, 0), steps[i < count ? i : count - 1]);
}

static void reconnects_by_the_table_of_phoenix_js(void **state) {
  (void)state;
  const uint32_t steps[] = {10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000};
  check_table(slip_session_defaults.reconnect, steps, 10);
}

static void rejoins_by_the_table_of_slipstream(void **state) {
  (void)state;
  const uint32_t steps[] = {100, 500, 1000, 2000, 5000, 10000};
  check_table(slip_session_defaults.rejoin, steps, 6);
}

static void spreads_the_first_reconnect_over_a_tenth_of_a_second(void **state) {
  (void)state;
  assert_int_equal(slip_backoff_wait(&slip_session_defaults.reconnect, 0, UINT32_MAX), 5);
  assert_int_equal(slip_backoff_wait(&slip_session_defaults.reconnect, 0, 0), 105);
}

static void knows_its_longest_step_wherever_it_is(void **state) {
  (void)state;
  const struct slip_backoff rising = {.steps = {10, 50, 200}, .count = 3};
  const struct slip_backoff falling = {.steps = {10, 50, 20, 50, 5}, .count = 5};
  const struct slip_backoff single = {.steps = {0, 99}, .count = 1};
  assert_int_equal(slip_backoff_longest(&rising), 2);
  assert_int_equal(slip_backoff_longest(&falling), 1);
  assert_int_equal(slip_backoff_longest(&single), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_steps_and_repeats_the_last),
      cmocka_unit_test(stays_between_the_step_without_its_jitter_and_the_step),
      cmocka_unit_test(waits_shorter_the_more_luck_there_is),
      cmocka_unit_test(spreads_short_steps_over_no_less_than_its_spread),
      cmocka_unit_test(spreads_nothing_without_jitter),
      cmocka_unit_test(never_waits_less_than_a_millisecond),
      cmocka_unit_test(waits_a_millisecond_when_the_step_is_zero),
      cmocka_unit_test(does_not_overflow_with_the_longest_step),
      cmocka_unit_test(reconnects_by_the_table_of_phoenix_js),
      cmocka_unit_test(rejoins_by_the_table_of_slipstream),
      cmocka_unit_test(spreads_the_first_reconnect_over_a_tenth_of_a_second),
      cmocka_unit_test(knows_its_longest_step_wherever_it_is),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
