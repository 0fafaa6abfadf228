/* The heartbeat of a session. */
#include "spec/support/fake_phoenix.h"

static void heartbeats_keep_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_advance(p, 29999);
  phx_expect_sent_nothing(p);
  phx_advance(p, 1);
  phx_expect_sent(p, "[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
  phx_expect(p, "heartbeat_sent");
  phx_advance(p, 100);
  phx_text(p, "[null,\"1\",\"phoenix\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect(p, "heartbeat");
  phx_advance(p, 30000);
  phx_expect_sent(p, "[null,\"2\",\"phoenix\",\"heartbeat\",{}]");
}

/* As many requests as there may be wait for their replies, longer than until the next heartbeat. */
static struct phx *phx_with_all_pending(void **state) {
  phx_free(*state);
  struct slip_session_config config = phx_exact_config();
  config.push_timeout_msec = 60000;
  *state = phx_new(&config);
  struct phx *p = phx_in_room(state);
  for (unsigned i = 0; i < SLIP_PENDING_MAX; i++)
    phx_push(p, "room:1", "x", "{}");
  slip_session_sent(p->session, slip_session_outbox(p->session).size);
  return p;
}

static void a_heartbeat_that_cannot_be_waited_for_is_not_sent(void **state) {
  struct phx *p = phx_with_all_pending(state);
  phx_advance(p, 30000);
  phx_expect_sent_nothing(p); /* else its answer would be taken for that of the next push */
}

static void an_unanswered_heartbeat_ends_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_advance(p, 30000);
  phx_expect_sent(p, "[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
  phx_expect(p, "heartbeat_sent");
  phx_advance(p, 15000);
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (heartbeat_timeout 1000 heartbeat timeout)");
  phx_expect_sent_close(p, 1000);
}

/* A heartbeat goes out 100 msec from now, and is waited for a second only. */
static struct phx *phx_before_a_heartbeat(void **state) {
  phx_free(*state);
  struct slip_session_config config = phx_exact_config();
  config.heartbeat_timeout_msec = 1000;
  struct phx *p = *state = phx_new(&config);
  phx_open(p);
  phx_advance(p, 29900);
  return p;
}

static void a_slow_join_is_not_taken_for_a_dead_link(void **state) {
  struct phx *p = phx_before_a_heartbeat(state);
  phx_join(p, "slow");
  phx_expect(p, "join_due slow");
  phx_advance(p, 100);
  phx_expect(p, "heartbeat_sent");
  phx_advance(p, 4900); /* the heartbeat's second is long over */
  phx_expect_nothing(p);
  phx_text(p, "[\"1\",\"1\",\"slow\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_text(p, "[null,\"2\",\"phoenix\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect(p, "joined slow {}");
  phx_expect(p, "heartbeat");
}

static void a_dead_link_ends_when_a_join_has_had_its_time_though_others_are_open(void **state) {
  struct phx *p = phx_before_a_heartbeat(state);
  phx_join(p, "first");
  phx_expect(p, "join_due first");
  phx_advance(p, 5000);
  phx_expect(p, "heartbeat_sent");
  phx_join(p, "second");
  phx_expect(p, "join_due second");
  phx_advance(p, 4999);
  phx_feed(p, (struct slip_span){"\x81", 1}); /* a byte is no message */
  phx_expect_nothing(p);
  phx_advance(p, 1);
  phx_expect(p, "topic_closed first (join_timeout)");
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (heartbeat_timeout 1000 heartbeat timeout)");
}

static void slow_joins_have_their_time_one_after_the_other(void **state) {
  struct phx *p = phx_before_a_heartbeat(state);
  phx_join(p, "first");
  phx_expect(p, "join_due first");
  phx_advance(p, 5000);
  phx_expect(p, "heartbeat_sent");
  phx_join(p, "second");
  phx_expect(p, "join_due second");
  phx_advance(p, 4000);
  phx_text(p, "[\"1\",\"1\",\"first\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect(p, "joined first {}");
  phx_advance(p, 5999); /* the server is at the second since then */
  phx_expect_nothing(p);
}

static void a_heartbeat_of_the_old_connection_does_not_end_the_new_one(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_advance(p, 30000);
  phx_expect_sent(p, "[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
  phx_expect(p, "heartbeat_sent");
  phx_lose(p);
  phx_expect(p, "disconnected (connection_lost)");
  phx_open(p);
  phx_advance(p, 29999);
  phx_expect_nothing(p);
}

/* With that many msec between regular heartbeats; open. */
static struct phx *phx_with_interval(void **state, uint32_t msec) {
  phx_free(*state);
  struct slip_session_config config = phx_exact_config();
  config.heartbeat_interval_msec = msec;
  struct phx *p = *state = phx_new(&config);
  phx_open(p);
  return p;
}

static void an_interval_of_0_sends_none(void **state) {
  struct phx *p = phx_with_interval(state, 0);
  phx_advance(p, 3600000);
  phx_expect_sent_nothing(p);
}

static void ping(struct phx *p) {
  CHECK_OK(slip_session_ping(p->session));
  phx_advance(p, 0);
  phx_expect(p, "heartbeat_sent");
}

static void answer(struct phx *p, unsigned ref) {
  char text[80];
  snprintf(text, sizeof text,
           "[null,\"%u\",\"phoenix\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]", ref);
  phx_text(p, text);
}

/* The round trip's time that the next action tells; it must be an answered heartbeat. */
static uint32_t take_round_trip(struct phx *p) {
  struct slip_action a;
  assert_true(slip_session_next(p->session, &a));
  assert_int_equal(a.kind, SLIP_DO_TELL);
  assert_int_equal(a.event.kind, SLIP_EVENT_HEARTBEAT);
  return a.event.wait_msec;
}

static void a_ping_goes_out_at_once_and_takes_the_heartbeats_place(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_advance(p, 29000);
  ping(p);
  phx_expect_sent(p, "[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
  phx_advance(p, 2000);
  phx_expect_sent_nothing(p);
  answer(p, 1);
  phx_expect(p, "heartbeat");
  phx_advance(p, 29999);
  phx_expect_sent_nothing(p);
  phx_advance(p, 1);
  phx_expect_sent(p, "[null,\"2\",\"phoenix\",\"heartbeat\",{}]");
}

static void a_ping_tells_how_long_its_answer_took(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_advance(p, 29000);
  CHECK_OK(slip_session_ping(p->session));
  phx_advance(p, 70);
  slip_session_feed(
      p->session,
      SLIP_SPAN(
          "\x81\x3e[null,\"1\",\"phoenix\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]"));
  assert_int_equal(take_round_trip(p), 70);
}

static void an_unanswered_ping_ends_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  ping(p);
  phx_advance(p, 14999);
  phx_expect_nothing(p);
  phx_advance(p, 1);
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (heartbeat_timeout 1000 heartbeat timeout)");
}

static void a_ping_begins_no_regular_heartbeats(void **state) {
  struct phx *p = phx_with_interval(state, 0);
  ping(p);
  phx_expect_sent(p, "[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
  answer(p, 1);
  phx_expect(p, "heartbeat");
  phx_advance(p, 3600000);
  phx_expect_sent_nothing(p);
  CHECK_OK(slip_session_ping(p->session));
  phx_expect_sent(p, "[null,\"2\",\"phoenix\",\"heartbeat\",{}]");
}

static void a_ping_is_refused_while_a_heartbeat_is_under_way(void **state) {
  struct phx *p = *state;
  phx_open(p);
  ping(p);
  assert_int_equal(slip_session_ping(p->session), SLIP_ESTATE);
  phx_expect_sent(p, "[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
  phx_expect_sent_nothing(p);
  answer(p, 1);
  phx_expect(p, "heartbeat");
  phx_advance(p, 30000);
  assert_int_equal(slip_session_ping(p->session), SLIP_ESTATE); /* the regular one */
  phx_expect(p, "heartbeat_sent");
  answer(p, 2);
  phx_expect(p, "heartbeat");
  CHECK_OK(slip_session_ping(p->session));
}

static void a_ping_is_refused_without_an_open_connection(void **state) {
  struct phx *p = *state;
  assert_int_equal(slip_session_ping(p->session), SLIP_ECLOSED);
  phx_open(p);
  ping(p);
  phx_lose(p);
  assert_int_equal(slip_session_ping(p->session), SLIP_ECLOSED);
  phx_expect(p, "disconnected (connection_lost)");
  phx_open(p);
  CHECK_OK(slip_session_ping(p->session)); /* the lost one is not under way any more */
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  assert_int_equal(slip_session_ping(p->session), SLIP_ECLOSED);
}

static void a_ping_that_cannot_be_waited_for_is_refused(void **state) {
  struct phx *p = phx_with_all_pending(state);
  phx_advance(p, 10);
  uint64_t due = slip_session_deadline(p->session); /* the regular one stays as it is */
  assert_int_equal(slip_session_ping(p->session), SLIP_EFULL);
  assert_int_equal(slip_session_deadline(p->session), due);
  phx_expect_sent_nothing(p);
}

static void a_ping_is_refused_when_the_queue_is_full(void **state) {
  phx_free(*state);
  struct slip_session_config config = phx_exact_config();
  config.max_queue_bytes = 10;
  *state = phx_new(&config);
  struct phx *p = phx_in_room(state);
  phx_push(p, "room:1", "x", "{}"); /* alone it may be longer than the queue */
  struct slip_span queued = slip_session_outbox(p->session);
  assert_int_equal(slip_session_ping(p->session), SLIP_EFULL);
  assert_int_equal(slip_session_outbox(p->session).size, queued.size);
  slip_session_sent(p->session, queued.size);
  CHECK_OK(slip_session_ping(p->session));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PHX_SPEC(heartbeats_keep_the_connection),
      PHX_SPEC(a_heartbeat_that_cannot_be_waited_for_is_not_sent),
      PHX_SPEC(an_unanswered_heartbeat_ends_the_connection),
      PHX_SPEC(a_slow_join_is_not_taken_for_a_dead_link),
      PHX_SPEC(a_dead_link_ends_when_a_join_has_had_its_time_though_others_are_open),
      PHX_SPEC(slow_joins_have_their_time_one_after_the_other),
      PHX_SPEC(a_heartbeat_of_the_old_connection_does_not_end_the_new_one),
      PHX_SPEC(an_interval_of_0_sends_none),
      PHX_SPEC(a_ping_goes_out_at_once_and_takes_the_heartbeats_place),
      PHX_SPEC(a_ping_tells_how_long_its_answer_took),
      PHX_SPEC(an_unanswered_ping_ends_the_connection),
      PHX_SPEC(a_ping_begins_no_regular_heartbeats),
      PHX_SPEC(a_ping_is_refused_while_a_heartbeat_is_under_way),
      PHX_SPEC(a_ping_is_refused_without_an_open_connection),
      PHX_SPEC(a_ping_that_cannot_be_waited_for_is_refused),
      PHX_SPEC(a_ping_is_refused_when_the_queue_is_full),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
