#include "host/timers.h"
#include "spec/support/check.h"

#define TIMER_COUNT 200

static struct slip_timers timers;
static struct slip_timer each[TIMER_COUNT];

static int set_up(void **state) {
  (void)state;
  slip_timers_init(&timers);
  memset(each, 0, sizeof each);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  slip_timers_clear(&timers);
  return 0;
}

static void has_nothing_due_at_first(void **state) {
  (void)state;
  assert_null(slip_timers_take_due(&timers, UINT64_MAX));
  assert_true(slip_timers_deadline(&timers) == UINT64_MAX);
  slip_timers_unset(&timers, &each[0]);
}

static void gives_the_due_ones_earliest_first(void **state) {
  (void)state;
  CHECK_OK(slip_timers_set(&timers, &each[0], 300));
  CHECK_OK(slip_timers_set(&timers, &each[1], 100));
  CHECK_OK(slip_timers_set(&timers, &each[2], 200));
  assert_int_equal(slip_timers_deadline(&timers), 100);
  assert_null(slip_timers_take_due(&timers, 99));
  assert_ptr_equal(slip_timers_take_due(&timers, 200), &each[1]);
  assert_ptr_equal(slip_timers_take_due(&timers, 200), &each[2]);
  assert_null(slip_timers_take_due(&timers, 299));
  assert_int_equal(slip_timers_deadline(&timers), 300);
}

static void gives_those_of_one_time_in_the_order_of_their_setting(void **state) {
  (void)state;
  for (size_t i = 0; i < TIMER_COUNT; i++)
    CHECK_OK(slip_timers_set(&timers, &each[i], 100 + i % 2));
  slip_timers_unset(&timers, &each[0]);
  CHECK_OK(slip_timers_set(&timers, &each[0], 101));
  CHECK_OK(slip_timers_set(&timers, &each[2], 100)); /* moved: from now on the last of its time */
  for (size_t i = 4; i < TIMER_COUNT; i += 2)
    assert_ptr_equal(slip_timers_take_due(&timers, 200), &each[i]);
  assert_ptr_equal(slip_timers_take_due(&timers, 200), &each[2]);
  for (size_t i = 1; i < TIMER_COUNT; i += 2)
    assert_ptr_equal(slip_timers_take_due(&timers, 200), &each[i]);
  assert_ptr_equal(slip_timers_take_due(&timers, 200), &each[0]);
}

static void does_so_when_the_count_of_settings_begins_anew(void **state) {
  (void)state;
  timers.sets = UINT32_MAX - 1;
  for (size_t i = 0; i < 5; i++)
    CHECK_OK(slip_timers_set(&timers, &each[i], 100));
  for (size_t i = 0; i < 5; i++)
    assert_ptr_equal(slip_timers_take_due(&timers, 100), &each[i]);
}

static void a_taken_timer_can_be_set_again(void **state) {
  (void)state;
  CHECK_OK(slip_timers_set(&timers, &each[0], 1));
  assert_ptr_equal(slip_timers_take_due(&timers, 1), &each[0]);
  assert_int_equal(each[0].place, 0);
  CHECK_OK(slip_timers_set(&timers, &each[0], 2));
  assert_null(slip_timers_take_due(&timers, 1));
  assert_ptr_equal(slip_timers_take_due(&timers, 2), &each[0]);
}

static void setting_it_again_moves_a_timer_both_ways(void **state) {
  (void)state;
  for (size_t i = 0; i < 3; i++)
    CHECK_OK(slip_timers_set(&timers, &each[i], 100 + i));
  CHECK_OK(slip_timers_set(&timers, &each[0], 500));
  assert_int_equal(slip_timers_deadline(&timers), 101);
  CHECK_OK(slip_timers_set(&timers, &each[2], 50));
  assert_int_equal(slip_timers_deadline(&timers), 50);
  assert_int_equal(timers.count, 3);
}

static void forgets_all_when_it_is_cleared(void **state) {
  (void)state;
  CHECK_OK(slip_timers_set(&timers, &each[0], 1));
  CHECK_OK(slip_timers_set(&timers, &each[1], 2));
  slip_timers_clear(&timers);
  assert_int_equal(each[0].place, 0);
  assert_int_equal(each[1].place, 0);
  assert_null(timers.heap);
  assert_null(slip_timers_take_due(&timers, 9));
}

static uint64_t earliest(void) {
  uint64_t deadline = UINT64_MAX;
  for (size_t i = 0; i < TIMER_COUNT; i++)
    if (each[i].place != 0 && each[i].deadline < deadline)
      deadline = each[i].deadline;
  return deadline;
}

static uint32_t draw(uint64_t *seed) {
  *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
  return (uint32_t)(*seed >> 33);
}

static void check_take_due(uint64_t now) {
  uint64_t first = earliest();
  struct slip_timer *timer = slip_timers_take_due(&timers, now);
  if (first > now) {
    assert_null(timer);
    return;
  }
  assert_non_null(timer);
  assert_true(timer->deadline == first);
  assert_int_equal(timer->place, 0);
}

static void check_places(void) {
  size_t count = 0;
  for (size_t i = 0; i < TIMER_COUNT; i++) {
    if (each[i].place == 0)
      continue;
    count++;
    assert_ptr_equal(timers.heap[each[i].place - 1], &each[i]);
  }
  assert_int_equal(timers.count, count);
}

static void agrees_with_a_search_through_all_timers(void **state) {
  (void)state;
  uint64_t seed = 7;
  for (int turn = 0; turn < 30000; turn++) {
    struct slip_timer *timer = &each[draw(&seed) % TIMER_COUNT];
    uint32_t dice = draw(&seed) % 10;
    if (dice < 5)
      CHECK_OK(slip_timers_set(&timers, timer, draw(&seed) % 1000));
    else if (dice < 7)
      slip_timers_unset(&timers, timer);
    else
      check_take_due(draw(&seed) % 1000);
    assert_true(slip_timers_deadline(&timers) == earliest());
    check_places();
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(has_nothing_due_at_first),
      TEST(gives_the_due_ones_earliest_first),
      TEST(gives_those_of_one_time_in_the_order_of_their_setting),
      TEST(does_so_when_the_count_of_settings_begins_anew),
      TEST(a_taken_timer_can_be_set_again),
      TEST(setting_it_again_moves_a_timer_both_ways),
      TEST(forgets_all_when_it_is_cleared),
      TEST(agrees_with_a_search_through_all_timers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
