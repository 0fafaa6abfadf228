#include "core/race.h"
#include "spec/support/check.h"

#include <string.h>

/* '4' and '6' tell the families; answers the indexes in the order of trying, "0213". */
static const char *order_of(const char *families) {
  static char order[40];
  int list[40];
  struct slip_race race;
  size_t count = strlen(families);
  for (size_t i = 0; i < count; i++)
    list[i] = families[i] - '0';
  slip_race_init(&race, list, count);
  for (size_t i = 0; i < race.count; i++)
    order[i] = (char)('0' + race.order[i]);
  order[race.count] = '\0';
  return order;
}

static void begin(struct slip_race *race, size_t count) {
  const int families[SLIP_RACE_MAX] = {0};
  slip_race_init(race, families, count);
}

static void expect_start(struct slip_race *race, uint64_t now, size_t address) {
  struct slip_race_move move = slip_race_next(race, now);
  assert_int_equal(move.step, SLIP_RACE_START);
  assert_int_equal(move.address, address);
}

static void expect_wait(struct slip_race *race, uint64_t now, uint64_t until) {
  struct slip_race_move move = slip_race_next(race, now);
  assert_int_equal(move.step, SLIP_RACE_WAIT);
  assert_true(move.until == until);
}

static void expect_lost(struct slip_race *race, uint64_t now) {
  assert_int_equal(slip_race_next(race, now).step, SLIP_RACE_LOST);
}

static void families_take_turns_and_the_first_one_begins(void **state) {
  (void)state;
  const char *const cases[][2] = {
      {"", ""},         {"4", "0"},         {"44", "01"},         {"46", "01"},
      {"64", "01"},     {"664", "021"},     {"446", "021"},       {"6644", "0213"},
      {"4466", "0213"}, {"66664", "04123"}, {"6464", "0123"},     {"46666", "01234"},
      {"666", "012"},   {"64444", "01234"}, {"444666", "031425"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(order_of(cases[i][0]), cases[i][1]);
}

static void addresses_past_the_limit_are_left_out(void **state) {
  (void)state;
  char families[SLIP_RACE_MAX + 2] = {0};
  memset(families, '4', SLIP_RACE_MAX);
  families[SLIP_RACE_MAX] = '6'; /* not tried second, as it would be within the limit */
  const char *order = order_of(families);
  assert_int_equal(strlen(order), SLIP_RACE_MAX);
  assert_int_equal(order[1], '1');
}

static void the_next_starts_after_the_delay(void **state) {
  (void)state;
  struct slip_race race;
  begin(&race, 3);
  expect_start(&race, 1000, 0);
  expect_wait(&race, 1000, 1250);
  expect_wait(&race, 1249, 1250);
  expect_start(&race, 1250, 1);
  expect_wait(&race, 1250, 1500);
  expect_start(&race, 1600, 2); /* the loop was late */
}

static void the_last_one_has_all_the_time_that_is_left(void **state) {
  (void)state;
  struct slip_race race;
  begin(&race, 1);
  expect_start(&race, 5, 0);
  expect_wait(&race, 5, UINT64_MAX);
  expect_wait(&race, 1000000, UINT64_MAX);
}

static void a_failure_starts_the_next_at_once(void **state) {
  (void)state;
  struct slip_race race;
  begin(&race, 3);
  expect_start(&race, 1000, 0);
  slip_race_failed(&race);
  expect_start(&race, 1001, 1);
  expect_wait(&race, 1001, 1251); /* the delay counts anew */
  slip_race_failed(&race);
  expect_start(&race, 1002, 2);
}

static void it_is_lost_when_all_have_failed(void **state) {
  (void)state;
  struct slip_race race;
  begin(&race, 2);
  expect_start(&race, 0, 0);
  expect_start(&race, 250, 1);
  slip_race_failed(&race);
  expect_wait(&race, 300, UINT64_MAX); /* one still runs */
  slip_race_failed(&race);
  expect_lost(&race, 300);
}

static void no_address_at_all_is_lost(void **state) {
  (void)state;
  struct slip_race race;
  begin(&race, 0);
  expect_lost(&race, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(families_take_turns_and_the_first_one_begins),
      cmocka_unit_test(addresses_past_the_limit_are_left_out),
      cmocka_unit_test(the_next_starts_after_the_delay),
      cmocka_unit_test(the_last_one_has_all_the_time_that_is_left),
      cmocka_unit_test(a_failure_starts_the_next_at_once),
      cmocka_unit_test(it_is_lost_when_all_have_failed),
      cmocka_unit_test(no_address_at_all_is_lost),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
