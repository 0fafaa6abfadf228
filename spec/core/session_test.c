#include "spec/support/fake_phoenix.h"

static struct slip_session_config exact(void) {
  struct slip_session_config config = slip_session_defaults;
  config.reconnect.jitter = config.rejoin.jitter = 0;
  return config;
}

static int start(void **state) {
  struct slip_session_config config = exact();
  *state = phx_new(&config);
  return 0;
}

static int stop(void **state) {
  phx_free(*state);
  return 0;
}

static void join(struct phx *p, const char *topic) {
  CHECK_OK(slip_session_join(p->session, slip_span_of(topic)));
  phx_drain(p);
}

static void leave(struct phx *p, const char *topic) {
  CHECK_OK(slip_session_leave(p->session, slip_span_of(topic)));
  phx_drain(p);
}

static uint64_t push(struct phx *p, const char *topic, const char *event, const char *payload) {
  struct slip_push push = {.topic = slip_span_of(topic),
                           .event = slip_span_of(event),
                           .payload = {SLIP_JSON, slip_span_of(payload)}};
  uint64_t ref = 0;
  CHECK_OK(slip_session_push(p->session, &push, &ref));
  return ref;
}

static enum slip_err try_push(struct phx *p, const char *topic) {
  struct slip_push push = {.topic = slip_span_of(topic),
                           .event = SLIP_SPAN("x"),
                           .payload = {SLIP_JSON, SLIP_SPAN("{}")}};
  uint64_t ref = 0;
  return slip_session_push(p->session, &push, &ref);
}

static void lose(struct phx *p) {
  slip_session_link_lost(p->session, &(struct slip_reason){.kind = SLIP_REASON_CONNECTION_LOST});
  phx_drain(p);
}

/* The first attempt is due. */
static struct phx *due(void **state) {
  struct phx *p = *state;
  CHECK_OK(slip_session_connect(p->session));
  phx_drain(p);
  phx_expect(p, "connect_due 1");
  return p;
}

/* Open, with room:1 joined under join_ref 1. */
static struct phx *in_room(void **state) {
  struct phx *p = *state;
  phx_open(p);
  join(p, "room:1");
  phx_expect(p, "join_due room:1");
  phx_expect_sent(p, "[\"1\",\"1\",\"room:1\",\"phx_join\",{}]");
  phx_text(p, "[\"1\",\"1\",\"room:1\",\"phx_reply\",{\"status\":\"ok\",\"response\":{\"a\":1}}]");
  phx_expect(p, "joined room:1 {\"a\":1}");
  return p;
}

static void connects_and_joins(void **state) {
  phx_expect_nothing(in_room(state));
}

static void a_topic_asked_for_before_the_link_is_up_joins_then(void **state) {
  struct phx *p = *state;
  join(p, "room:1");
  phx_expect_nothing(p);
  phx_open(p);
  phx_expect(p, "join_due room:1");
  phx_expect_sent(p, "[\"1\",\"1\",\"room:1\",\"phx_join\",{}]");
}

static void joins_asked_for_while_the_connect_is_delayed_do_not_overlap(void **state) {
  struct phx *p = *state;
  join(p, "room:1");
  CHECK_OK(slip_session_connect(p->session));
  join(p, "room:1");
  phx_open(p);
  join(p, "room:1");
  phx_expect(p, "join_due room:1");
  phx_expect_sent(p, "[\"1\",\"1\",\"room:1\",\"phx_join\",{}]");
  phx_expect_sent_nothing(p);
}

static void a_push_carries_the_join_ref_and_its_reply_is_told(void **state) {
  struct phx *p = in_room(state);
  assert_int_equal(push(p, "room:1", "hi", "{\"b\":2}"), 2);
  phx_expect_sent(p, "[\"1\",\"2\",\"room:1\",\"hi\",{\"b\":2}]");
  phx_text(p, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"response\":{\"c\":3},\"status\":\"ok\"}]");
  phx_expect(p, "reply #2 room:1 ok {\"c\":3}");
}

static void a_status_of_the_servers_own_is_passed_on(void **state) {
  struct phx *p = in_room(state);
  push(p, "room:1", "hi", "{}");
  phx_text(p, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"response\":null,\"status\":\"maybe\"}]");
  phx_expect(p, "reply #2 room:1 maybe null");
}

static void a_reply_is_matched_by_its_ref_alone(void **state) {
  struct phx *p = in_room(state);
  push(p, "room:1", "hi", "{}");
  phx_text(p, "[null,\"2\",\"room:1\",\"phx_reply\",{\"response\":{\"reason\":\"unmatched "
              "topic\"},\"status\":\"error\"}]");
  phx_expect(p, "reply #2 room:1 error {\"reason\":\"unmatched topic\"}");
}

static void a_join_to_an_unmatched_topic_is_refused_not_stuck(void **state) {
  struct phx *p = *state;
  phx_open(p);
  join(p, "nope");
  phx_text(p, "[null,\"1\",\"nope\",\"phx_reply\",{\"response\":{\"reason\":\"unmatched "
              "topic\"},\"status\":\"error\"}]");
  phx_expect(p, "join_due nope");
  phx_expect(p, "topic_closed nope {\"reason\":\"unmatched topic\"} (failed_to_join)");
  assert_int_equal(slip_session_join_status(p->session, SLIP_SPAN("nope")), SLIP_JOIN_CLOSED);
}

static void messages_and_broadcasts_are_told(void **state) {
  struct phx *p = in_room(state);
  phx_text(p, "[\"1\",null,\"room:1\",\"tick\",{\"i\":1}]");
  phx_text(p, "[null,null,\"room:1\",\"shout\",[]]");
  phx_binary(p, SLIP_SPAN("\0\1\6\4"
                          "1room:1tick\x01\x02"));
  phx_expect(p, "message room:1 tick {\"i\":1}");
  phx_expect(p, "message room:1 shout []");
  phx_expect(p, "message room:1 tick \x01\x02");
}

static void frames_of_an_older_join_are_dropped(void **state) {
  struct phx *p = in_room(state);
  leave(p, "room:1");
  join(p, "room:1");
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
  struct phx *p = in_room(state);
  leave(p, "room:1");
  phx_text(p, "[\"1\",\"1\",\"room:1\",\"phx_close\",{}]");
  phx_expect(p, "left room:1");
  phx_text(p, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect(p, "dropped room:1 phx_reply");
  assert_int_equal(slip_session_join_status(p->session, SLIP_SPAN("room:1")), SLIP_JOIN_NONE);
}

static void a_leave_that_is_never_answered_times_out(void **state) {
  struct phx *p = in_room(state);
  leave(p, "room:1");
  phx_advance(p, 9999);
  phx_expect_nothing(p);
  phx_advance(p, 1);
  phx_expect(p, "left room:1");
}

static void joining_and_leaving_twice_sends_once(void **state) {
  struct phx *p = in_room(state);
  join(p, "room:1");
  phx_expect_sent_nothing(p);
  leave(p, "room:1");
  leave(p, "room:1");
  phx_expect_sent(p, "[\"1\",\"2\",\"room:1\",\"phx_leave\",{}]");
  phx_expect_sent_nothing(p);
}

static void a_crash_fails_the_pending_pushes_and_closes_the_topic(void **state) {
  struct phx *p = in_room(state);
  push(p, "room:1", "a", "{}");
  push(p, "room:1", "b", "{}");
  phx_text(p, "[\"1\",\"1\",\"room:1\",\"phx_error\",{\"reason\":\"channel_crash\"}]");
  phx_expect(p, "reply #2 error (channel_error)");
  phx_expect(p, "reply #3 error (channel_error)");
  phx_expect(p, "topic_closed room:1 {\"reason\":\"channel_crash\"} (channel_error)");
  assert_int_equal(try_push(p, "room:1"), SLIP_ESTATE);
}

static void a_rejoin_waits_for_its_own_back_off(void **state) {
  static const uint32_t waits[] = {100, 500, 1000, 2000, 5000, 10000, 10000};
  struct phx *p = in_room(state);
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
  struct phx *p = in_room(state);
  CHECK_OK(slip_session_rejoin(p->session, SLIP_SPAN("room:1")));
  phx_advance(p, 20000);
  phx_expect_nothing(p);
}

static void a_join_that_times_out_is_left_and_told(void **state) {
  struct phx *p = *state;
  phx_open(p);
  join(p, "slow");
  phx_expect(p, "join_due slow");
  phx_expect_sent(p, "[\"1\",\"1\",\"slow\",\"phx_join\",{}]");
  phx_advance(p, 10000);
  phx_expect_sent(p, "[\"1\",\"2\",\"slow\",\"phx_leave\",{}]");
  phx_expect(p, "topic_closed slow (join_timeout)");
  phx_text(p, "[\"1\",\"1\",\"slow\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect(p, "dropped slow phx_reply");
}

static void a_push_that_is_not_answered_times_out(void **state) {
  struct phx *p = in_room(state);
  push(p, "room:1", "noreply", "{}");
  phx_advance(p, 10000);
  phx_expect(p, "reply #2 timeout");
}

static void pushes_are_refused_where_they_cannot_go(void **state) {
  struct phx *p = *state;
  assert_int_equal(try_push(p, "room:1"), SLIP_ECLOSED);
  phx_open(p);
  assert_int_equal(try_push(p, "room:1"), SLIP_ESTATE);
}

static void the_queue_has_a_limit(void **state) {
  struct phx *p = in_room(state);
  phx_free(p);
  struct slip_session_config config = exact();
  config.max_queue_bytes = 100;
  *state = phx_new(&config);
  p = in_room(state);
  for (int i = 0; i < 4; i++) /* of 31 bytes each; a payload of 2 still fits after three */
    CHECK_OK(try_push(p, "room:1"));
  assert_int_equal(try_push(p, "room:1"), SLIP_EFULL);
  phx_expect_sent(p, "[\"1\",\"2\",\"room:1\",\"x\",{}]");
  CHECK_OK(try_push(p, "room:1"));
}

static void everything_comes_back_after_a_lost_link(void **state) {
  struct phx *p = in_room(state);
  push(p, "room:1", "a", "{}");
  lose(p);
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
  struct slip_session_config config = exact();
  config.rejoin_on_reconnect = false;
  *state = phx_new(&config);
  p = in_room(state);
  lose(p);
  phx_expect(p, "disconnected (connection_lost)");
  phx_open(p);
  phx_expect_nothing(p);
}

static void reconnects_by_the_table(void **state) {
  static const uint32_t waits[] = {10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000, 5000};
  struct phx *p = due(state);
  for (unsigned i = 0; i < 11; i++) {
    char line[128];
    phx_dial(p);
    slip_session_link_lost(p->session, &(struct slip_reason){.kind = SLIP_REASON_CONNECT_FAILED,
                                                             .stage = SLIP_STAGE_TCP,
                                                             .text = SLIP_SPAN("refused")});
    phx_drain(p);
    phx_expect(p, "ABORT");
    phx_expect(p, "disconnected (connect_failed tcp refused)");
    CHECK_OK(slip_session_reconnect(p->session, 0));
    phx_drain(p);
    snprintf(line, sizeof line, "reconnect_scheduled %u in %u", i + 2, waits[i]);
    phx_expect(p, line);
    phx_advance(p, waits[i]);
    snprintf(line, sizeof line, "connect_due %u (connect_failed tcp refused)", i + 2);
    phx_expect(p, line);
  }
}

/* The script's part, who tries again at once: how often it could before `next` ran dry. */
static unsigned fail_every_dial(struct phx *p) {
  struct slip_action a;
  unsigned dials = 0;
  while (dials < 10 && slip_session_next(p->session, &a)) {
    if (a.event.kind == SLIP_EVENT_CONNECT_DUE) {
      slip_session_dial_failed(p->session,
                               &(struct slip_reason){.kind = SLIP_REASON_CONNECT_FAILED});
      dials++;
    }
    if (a.event.kind == SLIP_EVENT_DISCONNECTED)
      CHECK_OK(slip_session_reconnect(p->session, 0));
  }
  return dials;
}

static void a_back_off_of_zero_lets_the_loop_turn(void **state) {
  struct phx *p = *state;
  phx_free(p);
  struct slip_session_config config = exact();
  config.reconnect.steps[0] = 0;
  config.reconnect.count = 1;
  *state = p = phx_new(&config);
  CHECK_OK(slip_session_connect(p->session));
  assert_int_equal(fail_every_dial(p), 1);
  assert_int_equal(slip_session_deadline(p->session), p->now + 1);
}

static void a_stable_connection_starts_the_back_off_afresh(void **state) {
  struct phx *p = in_room(state);
  lose(p);
  CHECK_OK(slip_session_reconnect(p->session, 0));
  phx_advance(p, 10);
  phx_open(p);
  phx_advance(p, 4999);
  p->checked = p->logged;
  lose(p);
  CHECK_OK(slip_session_reconnect(p->session, 0));
  phx_drain(p);
  phx_expect(p, "disconnected (connection_lost)");
  phx_expect(p, "reconnect_scheduled 3 in 50"); /* up for less than stable_after_msec */
  phx_advance(p, 50);
  phx_open(p);
  phx_advance(p, 5000);
  p->checked = p->logged;
  lose(p);
  CHECK_OK(slip_session_reconnect(p->session, 0));
  phx_drain(p);
  phx_expect(p, "disconnected (connection_lost)");
  phx_expect(p, "reconnect_scheduled 1 in 10");
  phx_advance(p, 10);
  phx_expect(p, "connect_due 1 (connection_lost)");
}

static void a_reconnect_waits_as_long_as_the_server_asks(void **state) {
  struct phx *p = *state;
  CHECK_OK(slip_session_reconnect(p->session, 3000));
  phx_drain(p);
  phx_expect(p, "reconnect_scheduled 1 in 3000");
}

static void connecting_twice_is_refused(void **state) {
  struct phx *p = *state;
  phx_open(p);
  assert_int_equal(slip_session_connect(p->session), SLIP_ESTATE);
  assert_int_equal(slip_session_reconnect(p->session, 0), SLIP_ESTATE);
}

static void no_stage_of_the_handshake_hangs(void **state) {
  struct phx *p = due(state);
  phx_advance(p, 60000); /* the script may take its time */
  phx_dial(p);
  slip_session_link_stage(p->session, SLIP_STAGE_TLS);
  phx_advance(p, 15000);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_timeout tls)");
}

static void an_upgrade_that_is_never_answered_times_out(void **state) {
  struct phx *p = due(state);
  phx_dial(p);
  slip_session_link_up(p->session);
  phx_advance(p, 15000);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_timeout upgrade)");
}

static void a_refused_upgrade_keeps_status_and_words(void **state) {
  struct phx *p = due(state);
  phx_dial(p);
  slip_session_link_up(p->session);
  phx_feed(p, SLIP_SPAN("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno"));
  phx_expect(p, "ABORT"); /* Phoenix keeps TCP open after a 403 */
  phx_expect(p, "disconnected (connect_failed upgrade 403 Forbidden)");
}

static void a_refusal_whose_body_never_ends_is_told_as_far_as_it_came(void **state) {
  struct phx *p = due(state);
  phx_dial(p);
  slip_session_link_up(p->session);
  phx_feed(p, SLIP_SPAN("HTTP/1.1 403 Forbidden\r\ncontent-length: 100\r\n\r\nno"));
  phx_expect_nothing(p);
  phx_advance(p, 15000);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_failed upgrade 403 Forbidden)");
}

static void frames_behind_the_101_in_the_same_read_are_not_lost(void **state) {
  struct phx *p = *state;
  struct slip_upgrade_request request = {.host = SLIP_SPAN("h"), .target = SLIP_SPAN("/")};
  const char *fault;
  CHECK_OK(slip_session_connect(p->session));
  phx_drain(p);
  phx_expect(p, "connect_due 1");
  memset(p->luck.bytes, 0, 32); /* a nonce that we know the answer to: sixteen zeros */
  p->luck.used = 0;
  CHECK_OK(slip_session_dial(p->session, &request, &fault));
  slip_session_link_up(p->session);
  phx_feed(
      p,
      SLIP_SPAN("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                "sec-websocket-accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n\x88\x02\x03\xe9"));
  phx_expect(p, "DIAL");
  phx_expect(p, "connected");
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (closed_by_remote 1001)");
}

static void heartbeats_keep_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_advance(p, 29999);
  phx_expect_sent_nothing(p);
  phx_advance(p, 1);
  phx_expect_sent(p, "[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
  phx_advance(p, 100);
  phx_text(p, "[null,\"1\",\"phoenix\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect(p, "heartbeat");
  phx_advance(p, 30000);
  phx_expect_sent(p, "[null,\"2\",\"phoenix\",\"heartbeat\",{}]");
}

static void a_heartbeat_that_cannot_be_waited_for_is_not_sent(void **state) {
  struct phx *p = *state;
  phx_free(p);
  struct slip_session_config config = exact();
  config.push_timeout_msec = 60000;
  *state = p = phx_new(&config);
  in_room(state);
  for (unsigned i = 0; i < SLIP_PENDING_MAX; i++)
    push(p, "room:1", "x", "{}");
  slip_session_sent(p->session, slip_session_outbox(p->session).size);
  phx_advance(p, 30000);
  phx_expect_sent_nothing(p); /* else its answer would be taken for that of the next push */
}

static void an_unanswered_heartbeat_ends_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_advance(p, 30000);
  phx_expect_sent(p, "[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
  phx_advance(p, 15000);
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (heartbeat_timeout 1000 heartbeat timeout)");
  phx_expect_sent_close(p, 1000);
}

static void a_slow_join_is_not_taken_for_a_dead_link(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_advance(p, 29999);
  slip_session_free(p->session);
  struct slip_session_config config = exact();
  config.heartbeat_timeout_msec = 1000;
  CHECK_OK(slip_session_new(&config, &p->luck, &p->session));
  slip_session_tick(p->session, p->now);
  phx_open(p);
  phx_advance(p, 29900);
  join(p, "slow");
  phx_expect(p, "join_due slow");
  phx_advance(p, 5000); /* the heartbeat's second is long over */
  phx_expect_nothing(p);
  phx_text(p, "[\"1\",\"1\",\"slow\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_text(p, "[null,\"2\",\"phoenix\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect(p, "joined slow {}");
  phx_expect(p, "heartbeat");
}

static void a_heartbeat_of_the_old_connection_does_not_end_the_new_one(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_advance(p, 30000);
  phx_expect_sent(p, "[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
  lose(p);
  phx_expect(p, "disconnected (connection_lost)");
  phx_open(p);
  phx_advance(p, 29999);
  phx_expect_nothing(p);
}

static void answers_the_servers_close_with_the_same_code(void **state) {
  struct phx *p = in_room(state);
  phx_close_frame(p, 1012, "drain");
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (closed_by_remote 1012 drain)");
  phx_expect_sent_close(p, 1012);
}

static void closes_by_the_handshake(void **state) {
  struct phx *p = in_room(state);
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("bye")));
  phx_expect_sent_close(p, 1000);
  assert_int_equal(try_push(p, "room:1"), SLIP_ECLOSED);
  phx_text(p, "[\"1\",null,\"room:1\",\"tick\",{}]"); /* nobody listens any more */
  phx_expect_nothing(p);
  phx_close_frame(p, 1000, "");
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (closed_by_client 1000 bye)");
  assert_true(slip_session_is_idle(p->session));
}

static void nothing_follows_our_close_frame(void **state) {
  struct phx *p = in_room(state);
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  leave(p, "room:1");
  phx_expect_sent_close(p, 1000);
  phx_expect_sent_nothing(p);
  phx_close_frame(p, 1000, "");
  phx_expect(p, "CLOSE");
  phx_expect(p, "left room:1");
}

static void a_close_that_is_never_answered_ends_after_five_seconds(void **state) {
  struct phx *p = in_room(state);
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  phx_advance(p, 4999);
  phx_expect_nothing(p);
  phx_advance(p, 1);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (closed_by_client 1000)");
}

static void a_scheduled_reconnect_can_be_called_off(void **state) {
  struct phx *p = *state;
  CHECK_OK(slip_session_reconnect(p->session, 0));
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  phx_drain(p);
  phx_expect(p, "reconnect_scheduled 1 in 10");
  phx_expect(p, "disconnected (closed_by_client 1000)");
  phx_advance(p, 60000);
  phx_expect_nothing(p);
}

static void a_close_text_that_is_too_long_is_told_as_it_was_sent(void **state) {
  struct phx *p = in_room(state);
  char text[201] = {0};
  memset(text, 'x', sizeof text - 1);
  CHECK_OK(slip_session_disconnect(p->session, 1000, slip_span_of(text)));
  phx_expect_sent_close(p, 1000);
  phx_close_frame(p, 1000, "");
  phx_expect(p, "CLOSE");
  text[123] = '\0';
  char line[300];
  (void)snprintf(line, sizeof line, "disconnected (closed_by_client 1000 %s)", text);
  phx_expect(p, line);
}

static void a_close_that_may_not_be_sent_changes_nothing(void **state) {
  struct phx *p = in_room(state);
  assert_int_equal(slip_session_disconnect(p->session, 1006, SLIP_SPAN("")), SLIP_EINVAL);
  assert_int_equal(slip_session_disconnect(p->session, 1000, SLIP_SPAN("\xff")), SLIP_EUTF8);
  phx_expect_nothing(p);
  phx_expect_sent_nothing(p);
  assert_true(slip_session_is_connected(p->session));
}

/* The text behind the code is in the reader's own words. */
static void expect_failed(struct phx *p, const char *front) {
  phx_expect(p, "CLOSE");
  assert_true(p->checked < p->logged);
  assert_memory_equal(p->log[p->checked], front, strlen(front));
}

static void illegal_frames_fail_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_feed(p, SLIP_SPAN("\xc1\x00"));
  phx_expect_sent_close(p, 1002);
  expect_failed(p, "disconnected (protocol_error 1002 ");
}

static void text_that_is_not_utf_8_fails_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_feed(p, SLIP_SPAN("\x81\x01\xff"));
  phx_expect_sent_close(p, 1007);
  expect_failed(p, "disconnected (protocol_error 1007 ");
}

static void text_that_is_no_message_fails_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_text(p, "{\"not\":\"an array\"}");
  phx_expect_sent_close(p, 1007);
  expect_failed(p, "disconnected (protocol_error 1007 ");
}

static void a_message_over_the_limit_fails_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_feed(p, SLIP_SPAN("\x82\x7f\0\0\0\0\1\0\0\1")); /* 16 MiB and one */
  phx_expect_sent_close(p, 1009);
  expect_failed(p, "disconnected (message_too_big 1009 ");
}

static void a_payload_that_cannot_be_decoded_fails_the_connection(void **state) {
  struct phx *p = in_room(state);
  phx_text(p, "[\"1\",null,\"room:1\",\"tick\",{\"a\":01}]");
  phx_expect(p, "message room:1 tick {\"a\":01}");
  slip_session_fail(p->session, 1007, SLIP_SPAN("bad JSON"));
  phx_expect_sent_close(p, 1007);
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (protocol_error 1007 bad JSON)");
}

static void a_fault_that_is_not_utf_8_is_kept_but_not_sent(void **state) {
  struct phx *p = in_room(state);
  slip_session_fail(p->session, 1007, SLIP_SPAN("bad \xff"));
  phx_expect_sent_close(p, 1007);
  phx_drain(p);
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (protocol_error 1007 bad \xff)");
}

static void every_message_that_came_is_counted(void **state) {
  struct phx *p = in_room(state); /* the join's reply is the first */
  push(p, "room:1", "hi", "{}");
  phx_text(p, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_text(p, "[\"1\",null,\"room:1\",\"tick\",{}]");
  phx_text(p, "[null,null,\"room:2\",\"tick\",{}]"); /* not joined */
  phx_text(p, "[\"1\",\"1\",\"room:1\",\"phx_close\",{}]");
  assert_int_equal(slip_session_messages(p->session), 5);
  phx_text(p, "{\"not\":\"an array\"}");
  assert_int_equal(slip_session_messages(p->session), 5);
}

static void pings_are_answered(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_feed(p, SLIP_SPAN("\x89\x02hi"));
  struct slip_span out = slip_session_outbox(p->session);
  assert_int_equal(out.size, 8);
  assert_int_equal((unsigned char)out.at[0], 0x8A);
}

static void a_flood_of_pings_uses_no_mask_twice(void **state) {
  struct phx *p = *state;
  phx_open(p);
  char pings[2 * 1000];
  for (size_t i = 0; i < sizeof pings; i += 2)
    memcpy(pings + i, "\x89\x00", 2);
  p->luck.used = 0;
  phx_feed(p, (struct slip_span){pings, sizeof pings});
  size_t pongs = slip_session_outbox(p->session).size / 6; /* an empty frame with its mask */
  assert_in_range(pongs, 100, SLIP_LUCK_SIZE / 4);
}

static void news_of_a_link_that_was_given_up_is_passed_over(void **state) {
  struct phx *p = *state;
  slip_session_link_up(p->session);
  lose(p);
  slip_session_link_stalled(p->session);
  phx_feed(p, SLIP_SPAN("garbage"));
  phx_expect_nothing(p);
}

static void a_stalled_link_is_cut(void **state) {
  struct phx *p = in_room(state);
  slip_session_link_stalled(p->session);
  phx_drain(p);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (write_stalled)");
}

static void a_stall_while_closing_is_still_the_end_that_was_asked_for(void **state) {
  struct phx *p = in_room(state);
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("bye")));
  slip_session_link_stalled(p->session);
  phx_drain(p);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (closed_by_client 1000 bye)");
}

static void an_idle_session_wakes_for_nothing(void **state) {
  struct phx *p = *state;
  assert_true(slip_session_deadline(p->session) == SLIP_NEVER);
}

static void speaks_version_1_too(void **state) {
  struct phx *p = *state;
  phx_free(p);
  struct slip_session_config config = exact();
  config.vsn = SLIP_VSN_1;
  *state = p = phx_new(&config);
  phx_open(p);
  join(p, "room:1");
  phx_expect(p, "join_due room:1");
  phx_text(p, "{\"event\":\"phx_reply\",\"payload\":{\"response\":{},\"status\":\"ok\"},\"ref\":"
              "\"1\",\"topic\":\"room:1\"}");
  phx_expect(p, "joined room:1 {}");
  phx_text(p, "{\"event\":\"tick\",\"payload\":{\"i\":1},\"ref\":null,\"topic\":\"room:1\"}");
  phx_expect(p, "message room:1 tick {\"i\":1}");
  phx_text(p, "{\"event\":\"phx_error\",\"payload\":{},\"ref\":null,\"topic\":\"room:1\"}");
  phx_expect(p, "topic_closed room:1 {} (channel_error)");
}

#define SPEC(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void) {
  const struct CMUnitTest tests[] = {
      SPEC(connects_and_joins),
      SPEC(a_topic_asked_for_before_the_link_is_up_joins_then),
      SPEC(joins_asked_for_while_the_connect_is_delayed_do_not_overlap),
      SPEC(a_push_carries_the_join_ref_and_its_reply_is_told),
      SPEC(a_status_of_the_servers_own_is_passed_on),
      SPEC(a_reply_is_matched_by_its_ref_alone),
      SPEC(a_join_to_an_unmatched_topic_is_refused_not_stuck),
      SPEC(messages_and_broadcasts_are_told),
      SPEC(frames_of_an_older_join_are_dropped),
      SPEC(a_leave_is_settled_by_the_first_of_reply_and_close),
      SPEC(a_leave_that_is_never_answered_times_out),
      SPEC(joining_and_leaving_twice_sends_once),
      SPEC(a_crash_fails_the_pending_pushes_and_closes_the_topic),
      SPEC(a_rejoin_waits_for_its_own_back_off),
      SPEC(a_topic_never_joined_cannot_rejoin),
      SPEC(rejoining_a_joined_topic_does_nothing),
      SPEC(a_join_that_times_out_is_left_and_told),
      SPEC(a_push_that_is_not_answered_times_out),
      SPEC(pushes_are_refused_where_they_cannot_go),
      SPEC(the_queue_has_a_limit),
      SPEC(everything_comes_back_after_a_lost_link),
      SPEC(topics_stay_away_when_told_so),
      SPEC(reconnects_by_the_table),
      SPEC(a_back_off_of_zero_lets_the_loop_turn),
      SPEC(a_stable_connection_starts_the_back_off_afresh),
      SPEC(a_reconnect_waits_as_long_as_the_server_asks),
      SPEC(connecting_twice_is_refused),
      SPEC(no_stage_of_the_handshake_hangs),
      SPEC(an_upgrade_that_is_never_answered_times_out),
      SPEC(a_refused_upgrade_keeps_status_and_words),
      SPEC(a_refusal_whose_body_never_ends_is_told_as_far_as_it_came),
      SPEC(frames_behind_the_101_in_the_same_read_are_not_lost),
      SPEC(heartbeats_keep_the_connection),
      SPEC(a_heartbeat_that_cannot_be_waited_for_is_not_sent),
      SPEC(an_unanswered_heartbeat_ends_the_connection),
      SPEC(a_slow_join_is_not_taken_for_a_dead_link),
      SPEC(a_heartbeat_of_the_old_connection_does_not_end_the_new_one),
      SPEC(answers_the_servers_close_with_the_same_code),
      SPEC(closes_by_the_handshake),
      SPEC(nothing_follows_our_close_frame),
      SPEC(a_close_that_is_never_answered_ends_after_five_seconds),
      SPEC(a_scheduled_reconnect_can_be_called_off),
      SPEC(a_close_text_that_is_too_long_is_told_as_it_was_sent),
      SPEC(a_close_that_may_not_be_sent_changes_nothing),
      SPEC(illegal_frames_fail_the_connection),
      SPEC(text_that_is_not_utf_8_fails_the_connection),
      SPEC(text_that_is_no_message_fails_the_connection),
      SPEC(a_message_over_the_limit_fails_the_connection),
      SPEC(a_payload_that_cannot_be_decoded_fails_the_connection),
      SPEC(a_fault_that_is_not_utf_8_is_kept_but_not_sent),
      SPEC(every_message_that_came_is_counted),
      SPEC(pings_are_answered),
      SPEC(a_flood_of_pings_uses_no_mask_twice),
      SPEC(news_of_a_link_that_was_given_up_is_passed_over),
      SPEC(a_stalled_link_is_cut),
      SPEC(a_stall_while_closing_is_still_the_end_that_was_asked_for),
      SPEC(an_idle_session_wakes_for_nothing),
      SPEC(speaks_version_1_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
