/* Topics of a session: joins, leaves, rejoins and their races. */
#include "spec/support/fake_phoenix.h"

static void connects_and_joins(void **state) {
  phx_expect_nothing(phx_in_room(state));
}

static void a_topic_asked_for_before_the_link_is_up_joins_then(void **state) {
  struct phx *p = *state;
  phx_join(p, "room:1");
  phx_expect_nothing(p);
  phx_open(p);
  phx_expect(p, "join_due room:1");
  phx_expect_sent(p, "[\"1\",\"1\",\"room:1\",\"phx_join\",{}]");
}

static void joins_asked_for_while_the_connect_is_delayed_do_not_overlap(void **state) {
  struct phx *p = *state;
  phx_join(p, "room:1");
  CHECK_OK(slip_session_connect(p->session));
  phx_join(p, "room:1");
  phx_open(p);
  phx_join(p, "room:1");
  phx_expect(p, "join_due room:1");
  phx_expect_sent(p, "[\"1\",\"1\",\"room:1\",\"phx_join\",{}]");
  phx_expect_sent_nothing(p);
}

static void a_join_to_an_unmatched_topic_is_refused_not_stuck(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_join(p, "nope");
  phx_text(p, "[null,\"1\",\"nope\",\"phx_reply\",{\"response\":{\"reason\":\"unmatched "
              "topic\"},\"status\":\"error\"}]");
  phx_expect(p, "join_due nope");
  phx_expect(p, "topic_closed nope {\"reason\":\"unmatched topic\"} (failed_to_join)");
  assert_int_equal(slip_session_join_status(p->session, SLIP_SPAN("nope")), SLIP_JOIN_CLOSED);
}

static void frames_of_an_older_join_are_dropped(void **state) {
  struct phx *p = phx_in_room(state);
  phx_leave(p, "room:1");
  phx_join(p, "room:1");
  phx_expect(p, "left room:1");
  phx_expect(p, "join_due room:1");
  phx_expect_sent(p, "[\"1\",\"2\",\"room:1\",\"phx_leave\",{}]");
  phx_expect_sent(p, "[\"3\",\"3\",\"room:1\",\"phx_join\",{}]");
  phx_text(p, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_text(p, "[\"1\",\"1\",\"room:1\",\"phx_close\",{}]");
  phx_text(p, "[\"1\",null,\"room:1\",\"tick\",{}]");
  phx_text(p, "[\"3\",\"3\",\"room:1\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect(p, "dropped room:1 phx_reply");
  phx_expect(p, "dropped room:1 phx_close");
  phx_expect(p, "dropped room:1 tick");
  phx_expect(p, "joined room:1 {}");
}

static void a_leave_is_settled_by_the_first_of_reply_and_close(void **state) {
  struct phx *p = phx_in_room(state);
  phx_leave(p, "room:1");
  phx_text(p, "[\"1\",\"1\",\"room:1\",\"phx_close\",{}]");
  phx_expect(p, "left room:1");
  phx_text(p, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect(p, "dropped room:1 phx_reply");
  assert_int_equal(slip_session_join_status(p->session, SLIP_SPAN("room:1")), SLIP_JOIN_NONE);
}

static void a_leave_that_is_never_answered_times_out(void **state) {
  struct phx *p = phx_in_room(state);
  phx_leave(p, "room:1");
  phx_advance(p, 9999);
  phx_expect_nothing(p);
  phx_advance(p, 1);
  phx_expect(p, "left room:1");
}

static void joining_and_leaving_twice_sends_once(void **state) {
  struct phx *p = phx_in_room(state);
  phx_join(p, "room:1");
  phx_expect_sent_nothing(p);
  phx_leave(p, "room:1");
  phx_leave(p, "room:1");
  phx_expect_sent(p, "[\"1\",\"2\",\"room:1\",\"phx_leave\",{}]");
  phx_expect_sent_nothing(p);
}

static void a_crash_fails_the_pending_pushes_and_closes_the_topic(void **state) {
  struct phx *p = phx_in_room(state);
  phx_push(p, "room:1", "a", "{}");
  phx_push(p, "room:1", "b", "{}");
  phx_text(p, "[\"1\",\"1\",\"room:1\",\"phx_error\",{\"reason\":\"channel_crash\"}]");
  phx_expect(p, "reply #2 error (channel_error)");
  phx_expect(p, "reply #3 error (channel_error)");
  phx_expect(p, "topic_closed room:1 {\"reason\":\"channel_crash\"} (channel_error)");
  assert_int_equal(phx_try_push(p, "room:1"), SLIP_ESTATE);
}

static void a_rejoin_waits_for_its_own_back_off(void **state) {
  static const uint32_t waits[] = {100, 500, 1000, 2000, 5000, 10000, 10000};
  struct phx *p = phx_in_room(state);
  const char *error = "[\"1\",\"1\",\"room:1\",\"phx_error\",{}]";
  char line[128], reply[160];
  phx_text(p, error);
  phx_expect(p, "topic_closed room:1 {} (channel_error)");
  for (unsigned i = 0; i < 7; i++) {
    CHECK_OK(slip_session_rejoin(p->session, SLIP_SPAN("room:1")));
    CHECK_OK(slip_session_rejoin(p->session, SLIP_SPAN("room:1"))); /* changes nothing */
    snprintf(line, sizeof line, "rejoin_scheduled %u in %u room:1", i + 1, waits[i]);
    phx_drain(p);
    phx_expect(p, line);
    phx_advance(p, waits[i] - 1);
    phx_expect_nothing(p);
    phx_advance(p, 1);
    phx_expect(p, "join_due room:1");
    snprintf(reply, sizeof reply,
             "[\"%u\",\"%u\",\"room:1\",\"phx_reply\",{\"response\":{},\"status\":\"error\"}]",
             i + 2, i + 2);
    phx_text(p, reply);
    phx_expect(p, "topic_closed room:1 {} (failed_to_join)");
  }
}

static void a_topic_never_joined_cannot_rejoin(void **state) {
  struct phx *p = *state;
  assert_int_equal(slip_session_rejoin(p->session, SLIP_SPAN("room:1")), SLIP_ESTATE);
}

static void rejoining_a_joined_topic_does_nothing(void **state) {
  struct phx *p = phx_in_room(state);
  CHECK_OK(slip_session_rejoin(p->session, SLIP_SPAN("room:1")));
  phx_advance(p, 20000);
  phx_expect_nothing(p);
}

static void a_join_that_times_out_is_left_and_told(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_join(p, "slow");
  phx_expect(p, "join_due slow");
  phx_expect_sent(p, "[\"1\",\"1\",\"slow\",\"phx_join\",{}]");
  phx_advance(p, 10000);
  phx_expect_sent(p, "[\"1\",\"2\",\"slow\",\"phx_leave\",{}]");
  phx_expect(p, "topic_closed slow (join_timeout)");
  phx_text(p, "[\"1\",\"1\",\"slow\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect(p, "dropped slow phx_reply");
}

static void params_are_not_asked_for_in_vain(void **state) {
  struct phx *p = *state;
  phx_open(p);
  CHECK_OK(slip_session_join(p->session, SLIP_SPAN("left")));
  CHECK_OK(slip_session_leave(p->session, SLIP_SPAN("left")));
  CHECK_OK(slip_session_join(p->session, SLIP_SPAN("again")));
  CHECK_OK(slip_session_leave(p->session, SLIP_SPAN("again")));
  CHECK_OK(slip_session_join(p->session, SLIP_SPAN("again")));
  phx_drain(p);
  phx_expect(p, "left left");
  phx_expect(p, "join_due again");
  phx_expect(p, "left again");
  phx_expect_nothing(p);
}

static void a_leave_that_overtakes_a_slow_join_has_a_time_of_its_own(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_join(p, "slow");
  phx_expect(p, "join_due slow");
  phx_advance(p, 9999);
  phx_leave(p, "slow");
  phx_advance(p, 9999);
  phx_expect_nothing(p);
  phx_advance(p, 1);
  phx_expect(p, "left slow");
}

static void everything_comes_back_after_a_lost_link(void **state) {
  struct phx *p = phx_in_room(state);
  phx_push(p, "room:1", "a", "{}");
  phx_lose(p);
  phx_expect(p, "reply #2 error (disconnected)");
  phx_expect(p, "disconnected (connection_lost)");
  CHECK_OK(slip_session_reconnect(p->session, 0));
  CHECK_OK(slip_session_reconnect(p->session, 0)); /* at most one is scheduled */
  phx_drain(p);
  phx_expect(p, "reconnect_scheduled 2 in 10");
  phx_expect_nothing(p);
  phx_advance(p, 10);
  phx_expect(p, "connect_due 2 (connection_lost)");
  phx_open(p);
  phx_expect(p, "join_due room:1");
  phx_expect_sent(p, "[\"3\",\"3\",\"room:1\",\"phx_join\",{}]");
  phx_expect_sent_nothing(p);
}

static void topics_stay_away_when_told_so(void **state) {
  struct phx *p = *state;
  phx_free(p);
  struct slip_session_config config = phx_exact_config();
  config.rejoin_on_reconnect = false;
  *state = phx_new(&config);
  p = phx_in_room(state);
  phx_lose(p);
  phx_expect(p, "disconnected (connection_lost)");
  phx_open(p);
  phx_expect_nothing(p);
}

static void what_no_script_pushes_is_counted_when_it_is_sent(void **state) {
  struct slip_sent sent = {0};
  struct slip_session_config config = phx_exact_config();
  config.sent = &sent;
  phx_free(*state);
  struct phx *p = *state = phx_new(&config);
  phx_join(p, "room:1");
  assert_int_equal(sent.joins, 0);
  phx_in_room(state);
  phx_join(p, "slow");
  assert_int_equal(sent.joins, 2);
  phx_advance(p, 10000); /* it times out, and is left */
  assert_int_equal(sent.leaves, 1);
  phx_leave(p, "room:1");
  assert_int_equal(sent.leaves, 2);
  phx_leave(p, "slow"); /* which is not joined */
  assert_int_equal(sent.leaves, 2);
  phx_advance(p, 20000);
  assert_int_equal(sent.heartbeats, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PHX_SPEC(connects_and_joins),
      PHX_SPEC(a_topic_asked_for_before_the_link_is_up_joins_then),
      PHX_SPEC(joins_asked_for_while_the_connect_is_delayed_do_not_overlap),
      PHX_SPEC(a_join_to_an_unmatched_topic_is_refused_not_stuck),
      PHX_SPEC(frames_of_an_older_join_are_dropped),
      PHX_SPEC(a_leave_is_settled_by_the_first_of_reply_and_close),
      PHX_SPEC(a_leave_that_is_never_answered_times_out),
      PHX_SPEC(joining_and_leaving_twice_sends_once),
      PHX_SPEC(a_crash_fails_the_pending_pushes_and_closes_the_topic),
      PHX_SPEC(a_rejoin_waits_for_its_own_back_off),
      PHX_SPEC(a_topic_never_joined_cannot_rejoin),
      PHX_SPEC(rejoining_a_joined_topic_does_nothing),
      PHX_SPEC(a_join_that_times_out_is_left_and_told),
      PHX_SPEC(params_are_not_asked_for_in_vain),
      PHX_SPEC(a_leave_that_overtakes_a_slow_join_has_a_time_of_its_own),
      PHX_SPEC(everything_comes_back_after_a_lost_link),
      PHX_SPEC(topics_stay_away_when_told_so),
      PHX_SPEC(what_no_script_pushes_is_counted_when_it_is_sent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
