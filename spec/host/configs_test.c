#include "host/configs.h"
#include "spec/support/check.h"

static const struct slip_session_config *hold(struct slip_configs *c, uint32_t push_timeout_msec) {
  struct slip_session_config like = slip_session_defaults;
  const struct slip_session_config *held;
  like.push_timeout_msec = push_timeout_msec;
  CHECK_OK(slip_configs_hold(c, &like, &held));
  assert_true(held->push_timeout_msec == push_timeout_msec);
  assert_true(held->max_queue_bytes == like.max_queue_bytes);
  return held;
}

static void who_is_told_the_same_has_the_same_copy(void **state) {
  (void)state;
  struct slip_configs c = {0};
  const struct slip_session_config *first = hold(&c, 1), *other = hold(&c, 2);
  assert_true(first != other);
  assert_true(hold(&c, 1) == first);
  assert_true(hold(&c, 2) == other);
  for (int i = 0; i < 2; i++) {
    slip_configs_release(&c, first);
    slip_configs_release(&c, other);
  }
  assert_true(c.first == NULL);
}

static void a_copy_lives_until_the_last_lets_go(void **state) {
  (void)state;
  struct slip_configs c = {0};
  const struct slip_session_config *config = hold(&c, 1);
  assert_true(hold(&c, 1) == config);
  slip_configs_release(&c, config);
  assert_true(config->push_timeout_msec == 1);
  assert_true(hold(&c, 1) == config);
  slip_configs_release(&c, config);
  slip_configs_release(&c, config);
  assert_true(c.first == NULL);
}

static void many_that_differ_are_all_kept_and_let_go_in_any_order(void **state) {
  (void)state;
  struct slip_configs c = {0};
  const struct slip_session_config *held[20];
  for (uint32_t i = 0; i < 20; i++)
    held[i] = hold(&c, i + 1);
  for (uint32_t i = 0; i < 20; i++) {
    uint32_t place = i * 7 % 20;
    assert_true(held[place]->push_timeout_msec == place + 1);
    slip_configs_release(&c, held[place]);
  }
  assert_true(c.first == NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(who_is_told_the_same_has_the_same_copy),
      cmocka_unit_test(a_copy_lives_until_the_last_lets_go),
      cmocka_unit_test(many_that_differ_are_all_kept_and_let_go_in_any_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
