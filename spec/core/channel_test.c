#include "core/channel.h"
#include "spec/support/check.h"

#include <string.h>

/*
 * The rules once more, in words, one line a state and input. What is not listed must be
 * SLIP_ESTATE.
 */
struct rule {
  const char *state, *input, *next, *action;
};

static const struct rule rules[] = {
    {"closed", "ask_join", "waiting", "ask_params"},
    {"closed", "ask_rejoin", "waiting", "start_backoff"},
    {"closed", "ask_leave", "closed", "nothing"},
    {"closed", "link_up", "closed", "nothing"},
    {"closed", "link_lost", "closed", "nothing"},

    {"waiting", "ask_join", "waiting", "ask_params"},
    {"waiting", "ask_rejoin", "waiting", "nothing"},
    {"waiting", "ask_leave", "closed", "tell_left"},
    {"waiting", "send_join", "joining", "do_join"},
    {"waiting", "rejoin_due", "waiting", "ask_params"},
    {"waiting", "link_up", "waiting", "ask_params"},
    {"waiting", "link_lost", "waiting", "nothing"},

    {"joining", "ask_join", "joining", "nothing"},
    {"joining", "ask_rejoin", "joining", "nothing"},
    {"joining", "ask_leave", "leaving", "do_leave"},
    {"joining", "got_ok", "joined", "tell_joined"},
    {"joining", "got_refusal", "closed", "tell_refused"},
    {"joining", "got_close", "closed", "tell_closed"},
    {"joining", "got_error", "closed", "tell_crashed"},
    {"joining", "timed_out", "closed", "tell_timed_out"},
    {"joining", "link_lost", "waiting", "nothing"},

    {"joined", "ask_join", "joined", "nothing"},
    {"joined", "ask_rejoin", "joined", "nothing"},
    {"joined", "ask_leave", "leaving", "do_leave"},
    {"joined", "got_close", "closed", "tell_closed"},
    {"joined", "got_error", "closed", "tell_crashed"},
    {"joined", "link_lost", "waiting", "nothing"},

    {"leaving", "ask_join", "waiting", "tell_left_and_ask_params"},
    {"leaving", "ask_rejoin", "leaving", "nothing"},
    {"leaving", "ask_leave", "leaving", "nothing"},
    {"leaving", "got_ok", "leaving", "nothing"},
    {"leaving", "got_refusal", "closed", "tell_left"},
    {"leaving", "got_left", "closed", "tell_left"},
    {"leaving", "got_close", "closed", "tell_left"},
    {"leaving", "got_error", "closed", "tell_left"},
    {"leaving", "timed_out", "closed", "tell_left"},
    {"leaving", "link_lost", "closed", "tell_left"},
};
#define RULE_COUNT (sizeof rules / sizeof rules[0])

static const char *const state_names[] = {
    [SLIP_CHANNEL_CLOSED] = "closed",   [SLIP_CHANNEL_WAITING] = "waiting",
    [SLIP_CHANNEL_JOINING] = "joining", [SLIP_CHANNEL_JOINED] = "joined",
    [SLIP_CHANNEL_LEAVING] = "leaving",
};
static const char *const input_names[] = {
    [SLIP_CHANNEL_ASK_JOIN] = "ask_join",       [SLIP_CHANNEL_ASK_REJOIN] = "ask_rejoin",
    [SLIP_CHANNEL_ASK_LEAVE] = "ask_leave",     [SLIP_CHANNEL_SEND_JOIN] = "send_join",
    [SLIP_CHANNEL_REJOIN_DUE] = "rejoin_due",   [SLIP_CHANNEL_GOT_OK] = "got_ok",
    [SLIP_CHANNEL_GOT_REFUSAL] = "got_refusal", [SLIP_CHANNEL_GOT_LEFT] = "got_left",
    [SLIP_CHANNEL_GOT_CLOSE] = "got_close",     [SLIP_CHANNEL_GOT_ERROR] = "got_error",
    [SLIP_CHANNEL_TIMED_OUT] = "timed_out",     [SLIP_CHANNEL_LINK_UP] = "link_up",
    [SLIP_CHANNEL_LINK_LOST] = "link_lost",
};
static const char *const action_names[] = {
    [SLIP_CHANNEL_NOTHING] = "nothing",
    [SLIP_CHANNEL_ASK_PARAMS] = "ask_params",
    [SLIP_CHANNEL_START_BACKOFF] = "start_backoff",
    [SLIP_CHANNEL_DO_JOIN] = "do_join",
    [SLIP_CHANNEL_DO_LEAVE] = "do_leave",
    [SLIP_CHANNEL_TELL_JOINED] = "tell_joined",
    [SLIP_CHANNEL_TELL_REFUSED] = "tell_refused",
    [SLIP_CHANNEL_TELL_CRASHED] = "tell_crashed",
    [SLIP_CHANNEL_TELL_CLOSED] = "tell_closed",
    [SLIP_CHANNEL_TELL_TIMED_OUT] = "tell_timed_out",
    [SLIP_CHANNEL_TELL_LEFT] = "tell_left",
    [SLIP_CHANNEL_TELL_LEFT_AND_ASK_PARAMS] = "tell_left_and_ask_params",
};

static const struct rule *find_rule(const char *state, const char *input) {
  for (size_t i = 0; i < RULE_COUNT; i++)
    if (strcmp(rules[i].state, state) == 0 && strcmp(rules[i].input, input) == 0)
      return &rules[i];
  return NULL;
}

static void check_cell(enum slip_channel_state state, enum slip_channel_input input) {
  const struct rule *rule = find_rule(state_names[state], input_names[input]);
  struct slip_channel_step step = {SLIP_CHANNEL_STATE_COUNT, SLIP_CHANNEL_NOTHING};
  enum slip_err err = slip_channel_step(state, input, &step);
  if (rule == NULL) {
    assert_int_equal(err, SLIP_ESTATE);
    assert_int_equal(step.next, SLIP_CHANNEL_STATE_COUNT);
    return;
  }
  CHECK_OK(err);
  assert_string_equal(state_names[step.next], rule->next);
  assert_string_equal(action_names[step.action], rule->action);
}

static void follows_the_rules_in_every_state_on_every_input(void **state) {
  (void)state;
  for (int s = 0; s < SLIP_CHANNEL_STATE_COUNT; s++)
    for (int i = 0; i < SLIP_CHANNEL_INPUT_COUNT; i++)
      check_cell((enum slip_channel_state)s, (enum slip_channel_input)i);
}

static void has_a_rule_and_a_name_for_every_state_and_input(void **state) {
  (void)state;
  assert_int_equal(sizeof state_names / sizeof state_names[0], SLIP_CHANNEL_STATE_COUNT);
  assert_int_equal(sizeof input_names / sizeof input_names[0], SLIP_CHANNEL_INPUT_COUNT);
  for (int s = 0; s < SLIP_CHANNEL_STATE_COUNT; s++)
    assert_non_null(find_rule(state_names[s], "ask_join"));
  for (size_t i = 0; i < sizeof input_names / sizeof input_names[0]; i++) {
    size_t used = 0;
    for (size_t r = 0; r < RULE_COUNT; r++)
      used += strcmp(rules[r].input, input_names[i]) == 0;
    assert_true(used > 0);
  }
}

/* Feeds inputs from CLOSED on; answers where it ends and the last action. */
static struct slip_channel_step play(const enum slip_channel_input *inputs, size_t count) {
  struct slip_channel_step step = {SLIP_CHANNEL_CLOSED, SLIP_CHANNEL_NOTHING};
  for (size_t i = 0; i < count; i++)
    CHECK_OK(slip_channel_step(step.next, inputs[i], &step));
  return step;
}

static void a_join_overtakes_the_leave(void **state) {
  (void)state;
  const enum slip_channel_input story[] = {SLIP_CHANNEL_ASK_JOIN, SLIP_CHANNEL_SEND_JOIN,
                                           SLIP_CHANNEL_GOT_OK, SLIP_CHANNEL_ASK_LEAVE,
                                           SLIP_CHANNEL_ASK_JOIN};
  struct slip_channel_step end = play(story, 5);
  assert_int_equal(end.next, SLIP_CHANNEL_WAITING);
  assert_int_equal(end.action, SLIP_CHANNEL_TELL_LEFT_AND_ASK_PARAMS);
}

static void a_joined_topic_is_joined_again_after_the_link_was_lost(void **state) {
  (void)state;
  const enum slip_channel_input story[] = {
      SLIP_CHANNEL_ASK_JOIN, SLIP_CHANNEL_SEND_JOIN, SLIP_CHANNEL_GOT_OK, SLIP_CHANNEL_LINK_LOST,
      SLIP_CHANNEL_LINK_UP,  SLIP_CHANNEL_SEND_JOIN, SLIP_CHANNEL_GOT_OK};
  struct slip_channel_step end = play(story, 7);
  assert_int_equal(end.next, SLIP_CHANNEL_JOINED);
  assert_int_equal(end.action, SLIP_CHANNEL_TELL_JOINED);
}

static void who_leaves_while_joining_is_not_told_that_it_joined(void **state) {
  (void)state;
  const enum slip_channel_input story[] = {SLIP_CHANNEL_ASK_JOIN, SLIP_CHANNEL_SEND_JOIN,
                                           SLIP_CHANNEL_ASK_LEAVE, SLIP_CHANNEL_GOT_OK,
                                           SLIP_CHANNEL_GOT_LEFT};
  assert_int_equal(play(story, 4).action, SLIP_CHANNEL_NOTHING);
  assert_int_equal(play(story, 5).action, SLIP_CHANNEL_TELL_LEFT);
  assert_int_equal(play(story, 5).next, SLIP_CHANNEL_CLOSED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_rules_in_every_state_on_every_input),
      cmocka_unit_test(has_a_rule_and_a_name_for_every_state_and_input),
      cmocka_unit_test(a_join_overtakes_the_leave),
      cmocka_unit_test(a_joined_topic_is_joined_again_after_the_link_was_lost),
      cmocka_unit_test(who_leaves_while_joining_is_not_told_that_it_joined),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
