/* Pushes that wait for their topic, and the limits of what may wait: every state of a topic, and
 * all that can happen meanwhile. Those that are sent at once are in session_message_test.c. */
#include "spec/support/fake_phoenix.h"

#define JOIN_2 "[\"2\",\"2\",\"room:1\",\"phx_join\",{}]"

/* The reply to a join or a push. */
static void reply(struct phx *p, unsigned join_ref, unsigned ref, const char *status) {
  char text[160];
  snprintf(text, sizeof text,
           "[\"%u\",\"%u\",\"room:1\",\"phx_reply\",{\"response\":{},\"status\":\"%s\"}]", join_ref,
           ref, status);
  phx_text(p, text);
}

/* Ends of the channel that the server tells of. */
static void end_channel(struct phx *p, unsigned join_ref, const char *event) {
  char text[160];
  snprintf(text, sizeof text, "[\"%u\",\"%u\",\"room:1\",\"%s\",{}]", join_ref, join_ref, event);
  phx_text(p, text);
}

/* The join, ref 1, is on its way. */
static struct phx *joining(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_join(p, "room:1");
  phx_expect(p, "join_due room:1");
  phx_expect_sent(p, "[\"1\",\"1\",\"room:1\",\"phx_join\",{}]");
  return p;
}

static struct phx *with_config(void **state, const struct slip_session_config *config) {
  phx_free(*state);
  *state = phx_new(config);
  return *state;
}

/* Sent, once and in order. */

static void while_the_join_is_on_its_way_it_waits_for_the_answer(void **state) {
  struct phx *p = joining(state);
  assert_int_equal(phx_buffer(p, "room:1", "a"), 2);
  assert_int_equal(phx_buffer(p, "room:1", "b"), 3);
  phx_expect_sent_nothing(p);
  assert_int_equal(slip_session_buffered(p->session), 2);
  assert_int_equal(slip_session_pushes(p->session), 0);
  reply(p, 1, 1, "ok");
  phx_expect(p, "joined room:1 {}");
  phx_expect_sent(p, "[\"1\",\"2\",\"room:1\",\"a\",{}]");
  phx_expect_sent(p, "[\"1\",\"3\",\"room:1\",\"b\",{}]");
  phx_expect_sent_nothing(p);
  assert_int_equal(slip_session_buffered(p->session), 0);
  assert_int_equal(slip_session_pushes(p->session), 2);
  reply(p, 1, 3, "ok");
  reply(p, 1, 2, "ok");
  phx_expect(p, "reply #3 room:1 ok {}");
  phx_expect(p, "reply #2 room:1 ok {}");
}

/* Takes the one event that the text leads to. */
static uint32_t wait_told_by(struct phx *p, const char *frame, size_t size) {
  struct slip_action a;
  slip_session_feed(p->session, (struct slip_span){frame, size});
  assert_true(slip_session_next(p->session, &a));
  assert_int_equal(a.event.kind, SLIP_EVENT_REPLY);
  return a.event.wait_msec;
}

static void is_answered_with_the_time_since_it_was_pushed_not_sent(void **state) {
  static const char answer[] = "\x81\x3c[\"1\",\"2\",\"room:1\",\"phx_reply\","
                               "{\"status\":\"ok\",\"response\":{}}]";
  struct phx *p = joining(state);
  phx_buffer(p, "room:1", "early");
  phx_advance(p, 30);
  reply(p, 1, 1, "ok");
  phx_advance(p, 12);
  assert_int_equal(wait_told_by(p, answer, sizeof answer - 1), 42);
}

static void is_answered_with_no_time_when_it_may_wait_for_longer_than_a_minute(void **state) {
  static const char answer[] = "\x81\x3c[\"1\",\"2\",\"room:1\",\"phx_reply\","
                               "{\"status\":\"ok\",\"response\":{}}]";
  struct slip_session_config config = phx_exact_config();
  config.push_timeout_msec = 65536;
  with_config(state, &config);
  struct phx *p = joining(state);
  reply(p, 1, 1, "ok");
  phx_push(p, "room:1", "ask", "{}");
  assert_int_equal(wait_told_by(p, answer, sizeof answer - 1), SLIP_WAIT_LONG);
}

static void goes_before_what_is_pushed_when_the_join_is_told(void **state) {
  struct phx *p = joining(state);
  struct slip_action a;
  static const char answer[] = "\x81\x3c[\"1\",\"1\",\"room:1\",\"phx_reply\","
                               "{\"status\":\"ok\",\"response\":{}}]";
  phx_buffer(p, "room:1", "early");
  slip_session_feed(p->session, SLIP_SPAN(answer));
  assert_true(slip_session_next(p->session, &a));
  assert_int_equal(a.event.kind, SLIP_EVENT_JOINED);
  phx_push(p, "room:1", "late", "{}");
  phx_expect_sent(p, "[\"1\",\"2\",\"room:1\",\"early\",{}]");
  phx_expect_sent(p, "[\"1\",\"3\",\"room:1\",\"late\",{}]");
}

static void while_the_first_connection_is_made_it_waits(void **state) {
  struct phx *p = *state;
  phx_join(p, "room:1");
  phx_buffer(p, "room:1", "a");
  phx_open(p);
  phx_expect(p, "join_due room:1");
  phx_expect_sent(p, JOIN_2);
  reply(p, 2, 2, "ok");
  phx_expect_sent(p, "[\"2\",\"1\",\"room:1\",\"a\",{}]");
}

static void while_the_link_is_lost_it_waits_in_every_stage_of_the_next(void **state) {
  struct phx *p = phx_in_room(state);
  phx_lose(p);
  phx_expect(p, "disconnected (connection_lost)");
  assert_int_equal(phx_buffer(p, "room:1", "lost"), 2);
  CHECK_OK(slip_session_reconnect(p->session, 0));
  phx_drain(p);
  phx_expect(p, "reconnect_scheduled 2 in 10");
  phx_buffer(p, "room:1", "scheduled");
  phx_advance(p, 10);
  phx_expect(p, "connect_due 2 (connection_lost)");
  phx_buffer(p, "room:1", "due");
  phx_dial(p);
  phx_buffer(p, "room:1", "dialling");
  slip_session_link_up(p->session);
  phx_buffer(p, "room:1", "upgrading");
  free(phx_take_request(p));
  phx_lose(p);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_failed upgrade the server closed the connection before it "
                "answered the upgrade)");
  p->answers_joins = false;
  phx_open(p);
  phx_expect(p, "join_due room:1");
  phx_buffer(p, "room:1", "open");
  CHECK_OK(
      slip_session_send_join(p->session, SLIP_SPAN("room:1"),
                             (struct slip_payload){.format = SLIP_JSON, .bytes = SLIP_SPAN("{}")}));
  phx_expect_sent(p, "[\"8\",\"8\",\"room:1\",\"phx_join\",{}]");
  reply(p, 8, 8, "ok");
  phx_expect_sent(p, "[\"8\",\"2\",\"room:1\",\"lost\",{}]");
  phx_expect_sent(p, "[\"8\",\"3\",\"room:1\",\"scheduled\",{}]");
  phx_expect_sent(p, "[\"8\",\"4\",\"room:1\",\"due\",{}]");
  phx_expect_sent(p, "[\"8\",\"5\",\"room:1\",\"dialling\",{}]");
  phx_expect_sent(p, "[\"8\",\"6\",\"room:1\",\"upgrading\",{}]");
  phx_expect_sent(p, "[\"8\",\"7\",\"room:1\",\"open\",{}]");
  phx_expect_sent_nothing(p);
}

static void on_a_joined_topic_it_goes_out_at_once(void **state) {
  struct phx *p = phx_in_room(state);
  phx_buffer(p, "room:1", "a");
  phx_expect_sent(p, "[\"1\",\"2\",\"room:1\",\"a\",{}]");
}

#define LONG (100u * 1024)

/* A push of a long payload that lies in `body` behind so many bytes; the event is as long. */
static enum slip_err push_lent(struct phx *p, struct slip_buf *body, size_t gap, size_t event) {
  static char text[LONG], name[2000];
  memset(text, '1', sizeof text);
  memset(name, 'e', sizeof name);
  slip_buf_truncate(body, 0);
  CHECK_OK(slip_buf_append(body, (struct slip_span){name, gap}));
  CHECK_OK(slip_buf_append(body, (struct slip_span){text, sizeof text}));
  uint64_t ref;
  struct slip_push push = {.topic = SLIP_SPAN("room:1"), .event = {name, event}};
  push.payload = (struct slip_payload){
      .format = SLIP_JSON, .bytes = slip_span_skip(slip_buf_span(body), gap), .lent = body};
  return slip_session_push(p->session, &push, &ref);
}

/* The same place of what is sent next, a frame with a length of eight bytes, unmasked. */
static char unmasked(struct slip_span frame, size_t at) {
  return (char)(frame.at[14 + at] ^ frame.at[10 + at % 4]);
}

static void expect_long(struct phx *p, size_t event) {
  struct slip_span frame = slip_session_outbox(p->session);
  size_t size = strlen("[\"1\",\"2\",\"room:1\",\"\",]") + event + LONG;
  assert_int_equal(frame.size, 14 + size);
  assert_memory_equal(frame.at, "\x81\xff", 2);
  const char before[] = "[\"1\",\"", after[] = "e\",1";
  for (size_t i = 0; i < 6; i++)
    assert_int_equal(unmasked(frame, i), before[i]);
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(unmasked(frame, size - LONG - 4 + i), after[i]);
  for (size_t i = size - LONG; i < size - 1; i++)
    assert_int_equal(unmasked(frame, i), '1');
  assert_int_equal(unmasked(frame, size - 1), ']');
  slip_session_sent(p->session, frame.size);
  phx_expect_sent_nothing(p);
}

static void sends_a_long_payload_from_where_it_was_lent(void **state) {
  struct phx *p = phx_in_room(state);
  struct slip_buf body = {0};
  CHECK_OK(push_lent(p, &body, SLIP_PAYLOAD_GAP, 5));
  assert_int_equal(body.size, 0);
  expect_long(p, 5);
  slip_buf_clear(&body);
}

static void copies_it_where_its_head_does_not_fit_in_the_gap(void **state) {
  struct phx *p = phx_in_room(state);
  struct slip_buf body = {0};
  CHECK_OK(push_lent(p, &body, SLIP_PAYLOAD_GAP, 2000));
  assert_int_equal(body.size, SLIP_PAYLOAD_GAP + LONG);
  expect_long(p, 2000);
  slip_buf_clear(&body);
}

static void copies_it_behind_what_is_to_be_sent_before(void **state) {
  struct phx *p = phx_in_room(state);
  struct slip_buf body = {0};
  phx_buffer(p, "room:1", "a");
  CHECK_OK(push_lent(p, &body, SLIP_PAYLOAD_GAP, 5));
  assert_int_equal(body.size, SLIP_PAYLOAD_GAP + LONG);
  slip_session_sent(p->session, 6 + strlen("[\"1\",\"2\",\"room:1\",\"a\",{}]"));
  expect_long(p, 5);
  slip_buf_clear(&body);
}

static void waits_for_its_own_topic_only(void **state) {
  struct phx *p = joining(state);
  phx_join(p, "room:2");
  phx_buffer(p, "room:2", "a");
  phx_buffer(p, "room:1", "b");
  phx_expect_sent(p, "[\"2\",\"2\",\"room:2\",\"phx_join\",{}]");
  reply(p, 1, 1, "ok");
  phx_expect_sent(p, "[\"1\",\"4\",\"room:1\",\"b\",{}]");
  phx_expect_sent_nothing(p);
  phx_text(p, "[\"2\",\"2\",\"room:2\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect_sent(p, "[\"2\",\"3\",\"room:2\",\"a\",{}]");
}

static void bytes_wait_as_well(void **state) {
  struct phx *p = joining(state);
  uint64_t ref;
  struct slip_push push = {.topic = SLIP_SPAN("room:1"),
                           .event = SLIP_SPAN("raw"),
                           .payload = {SLIP_BINARY, SLIP_SPAN("\0\xff")},
                           .may_wait = true};
  CHECK_OK(slip_session_push(p->session, &push, &ref));
  reply(p, 1, 1, "ok");
  struct slip_span frame = slip_session_outbox(p->session);
  assert_int_equal((unsigned char)frame.at[0], 0x80 | SLIP_WS_BINARY);
  assert_int_equal(frame.size, 2 + 4 + 5 + 1 + 1 + 6 + 3 + 2);
}

static void has_a_mask_of_its_own(void **state) {
  struct phx *p = joining(state);
  phx_buffer(p, "room:1", "a");
  phx_buffer(p, "room:1", "b");
  reply(p, 1, 1, "ok");
  struct slip_span out = slip_session_outbox(p->session);
  size_t frame = 2 + 4 + ((unsigned char)out.at[1] & 0x7f);
  assert_int_equal(out.size, 2 * frame);
  assert_memory_not_equal(out.at + 2, out.at + frame + 2, 4);
}

static void is_never_sent_twice_though_the_link_is_lost_right_after(void **state) {
  struct phx *p = joining(state);
  phx_buffer(p, "room:1", "a");
  reply(p, 1, 1, "ok");
  phx_expect(p, "joined room:1 {}");
  phx_expect_sent(p, "[\"1\",\"2\",\"room:1\",\"a\",{}]");
  phx_lose(p);
  phx_expect(p, "reply #2 error (disconnected)");
  phx_expect(p, "disconnected (connection_lost)");
  phx_open(p);
  phx_expect(p, "join_due room:1");
  phx_expect_sent(p, "[\"3\",\"3\",\"room:1\",\"phx_join\",{}]");
  reply(p, 3, 3, "ok");
  phx_expect_sent_nothing(p);
}

/* What leaves it waiting. */

static void waits_on_through_losses_and_refusals(void **state) {
  static const char *const statuses[] = {"error", "maybe"};
  struct phx *p = joining(state);
  unsigned join = 1;
  phx_buffer(p, "room:1", "a"); /* ref 2 */
  for (unsigned i = 0; i < 2; i++) {
    reply(p, join, join, statuses[i]);
    phx_expect(p, "topic_closed room:1 {} (failed_to_join)");
    phx_expect_nothing(p);
    phx_join(p, "room:1");
    phx_expect(p, "join_due room:1");
    join = 3 + i;
  }
  end_channel(p, join, "phx_error");
  phx_expect(p, "topic_closed room:1 {} (channel_error)");
  phx_lose(p);
  phx_expect(p, "disconnected (connection_lost)");
  phx_expect_nothing(p);
  assert_int_equal(slip_session_buffered(p->session), 1);
}

static void waits_on_when_a_join_times_out(void **state) {
  struct slip_session_config config = phx_exact_config();
  config.push_timeout_msec = 60000;
  (void)with_config(state, &config);
  struct phx *p = joining(state);
  phx_buffer(p, "room:1", "a");
  phx_advance(p, 10000);
  phx_expect(p, "topic_closed room:1 (join_timeout)");
  phx_expect_nothing(p);
  CHECK_OK(slip_session_rejoin(p->session, SLIP_SPAN("room:1")));
  phx_drain(p);
  phx_expect(p, "rejoin_scheduled 1 in 100 room:1");
  phx_buffer(p, "room:1", "b");
  phx_advance(p, 100);
  phx_expect_sent(p, "[\"1\",\"3\",\"room:1\",\"phx_leave\",{}]");
  phx_expect_sent(p, "[\"5\",\"5\",\"room:1\",\"phx_join\",{}]");
  reply(p, 5, 5, "ok");
  phx_expect_sent(p, "[\"5\",\"2\",\"room:1\",\"a\",{}]");
  phx_expect_sent(p, "[\"5\",\"4\",\"room:1\",\"b\",{}]");
}

/* What ends it. */

static void its_time_out_counts_from_the_push(void **state) {
  struct phx *p = joining(state);
  phx_buffer(p, "room:1", "a");
  phx_advance(p, 4000);
  phx_lose(p);
  phx_expect(p, "disconnected (connection_lost)");
  phx_advance(p, 5999);
  phx_expect_nothing(p);
  phx_advance(p, 1);
  phx_expect(p, "reply #2 timeout");
  assert_int_equal(slip_session_buffered(p->session), 0);
  phx_open(p);
  phx_expect(p, "join_due room:1");
  phx_expect_sent(p, "[\"3\",\"3\",\"room:1\",\"phx_join\",{}]");
  reply(p, 3, 3, "ok");
  phx_expect_sent_nothing(p);
}

static void what_was_sent_keeps_the_time_out_of_the_push(void **state) {
  struct phx *p = joining(state);
  phx_buffer(p, "room:1", "a");
  phx_advance(p, 9000);
  reply(p, 1, 1, "ok");
  phx_expect(p, "joined room:1 {}");
  phx_expect_sent(p, "[\"1\",\"2\",\"room:1\",\"a\",{}]");
  phx_advance(p, 999);
  phx_expect_nothing(p);
  phx_advance(p, 1);
  phx_expect(p, "reply #2 timeout");
}

/* The answer to the join came in time, but we look at it when the push's time is over. */
static void is_not_sent_in_the_moment_of_its_time_out(void **state) {
  struct slip_session_config config = phx_exact_config();
  config.push_timeout_msec = 1000;
  with_config(state, &config);
  struct phx *p = joining(state);
  phx_buffer(p, "room:1", "a");
  slip_session_tick(p->session, p->now + 500);
  phx_buffer(p, "room:1", "b");
  slip_session_tick(p->session, p->now + 1000);
  reply(p, 1, 1, "ok");
  phx_expect(p, "joined room:1 {}");
  phx_expect(p, "reply #2 timeout");
  phx_expect_nothing(p);
  phx_expect_sent(p, "[\"1\",\"3\",\"room:1\",\"b\",{}]");
  phx_expect_sent_nothing(p);
}

static void phx_close_ends_it(void **state) {
  struct phx *p = joining(state);
  phx_buffer(p, "room:1", "a");
  end_channel(p, 1, "phx_close");
  phx_expect(p, "reply #2 error (channel_closed)");
  phx_expect(p, "topic_closed room:1 {} (channel_closed)");
  assert_int_equal(slip_session_buffered(p->session), 0);
}

static void a_leave_ends_it_at_once(void **state) {
  struct phx *p = joining(state);
  phx_buffer(p, "room:1", "a");
  phx_leave(p, "room:1");
  phx_expect(p, "reply #2 error (channel_closed)");
  phx_expect_nothing(p);
  reply(p, 1, 1, "ok");
  phx_expect_sent(p, "[\"1\",\"3\",\"room:1\",\"phx_leave\",{}]");
  phx_expect_sent_nothing(p);
}

static void a_leave_before_the_join_was_sent_ends_it(void **state) {
  struct phx *p = *state;
  phx_join(p, "room:1");
  phx_buffer(p, "room:1", "a");
  phx_leave(p, "room:1");
  phx_expect(p, "reply #1 error (channel_closed)");
  phx_expect(p, "left room:1");
}

static void a_leave_after_a_refused_join_ends_it(void **state) {
  struct phx *p = joining(state);
  phx_buffer(p, "room:1", "a");
  reply(p, 1, 1, "error");
  phx_expect(p, "topic_closed room:1 {} (failed_to_join)");
  phx_leave(p, "room:1");
  phx_expect(p, "reply #2 error (channel_closed)");
  phx_join(p, "room:1"); /* the same name, another life */
  phx_expect_sent(p, "[\"3\",\"3\",\"room:1\",\"phx_join\",{}]");
  reply(p, 3, 3, "ok");
  phx_expect_sent_nothing(p);
}

static void a_loss_that_the_topic_does_not_come_back_from_ends_it(void **state) {
  struct slip_session_config config = phx_exact_config();
  config.rejoin_on_reconnect = false;
  with_config(state, &config);
  struct phx *p = joining(state);
  phx_buffer(p, "room:1", "a");
  phx_lose(p);
  phx_expect(p, "reply #2 error (disconnected)");
  phx_expect(p, "disconnected (connection_lost)");
  assert_int_equal(phx_try_buffer(p, "room:1"), SLIP_ESTATE);
}

static void a_disconnect_ends_it_in_every_state_of_the_link(void **state) {
  struct phx *p = joining(state);
  phx_buffer(p, "room:1", "open");
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  phx_drain(p);
  phx_expect(p, "reply #2 error (disconnected)");
  phx_expect_nothing(p); /* the closing handshake goes on */
  phx_close_frame(p, 1000, "");
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (closed_by_client 1000)");
  CHECK_OK(slip_session_connect(p->session));
  phx_drain(p);
  phx_expect(p, "connect_due 1");
  phx_buffer(p, "room:1", "due");
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  phx_drain(p);
  phx_expect(p, "reply #3 error (disconnected)");
  phx_expect(p, "disconnected (closed_by_client 1000)");
}

static void a_disconnect_when_the_link_is_gone_ends_it(void **state) {
  struct phx *p = joining(state);
  phx_lose(p);
  phx_expect(p, "disconnected (connection_lost)");
  phx_buffer(p, "room:1", "a");
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  phx_drain(p);
  phx_expect(p, "reply #2 error (disconnected)");
  phx_expect_nothing(p);
}

static void a_reply_to_what_was_not_sent_yet_is_dropped(void **state) {
  struct phx *p = joining(state);
  phx_buffer(p, "room:1", "a");
  reply(p, 1, 2, "ok");
  phx_expect(p, "dropped room:1 phx_reply");
  reply(p, 1, 1, "ok");
  phx_expect(p, "joined room:1 {}");
  phx_expect_sent(p, "[\"1\",\"2\",\"room:1\",\"a\",{}]");
  reply(p, 1, 2, "ok");
  phx_expect(p, "reply #2 room:1 ok {}");
}

static void says_whether_an_answer_is_due(void **state) {
  struct phx *p = phx_in_room(state);
  assert_false(slip_session_awaits_reply(p->session, UINT64_MAX));
  phx_push(p, "room:1", "sent", "{}"); /* 2 */
  assert_true(slip_session_awaits_reply(p->session, 3));
  assert_false(slip_session_awaits_reply(p->session, 2));
  phx_join(p, "room:2");
  phx_buffer(p, "room:2", "kept"); /* not sent: nobody owes it an answer */
  phx_expect(p, "join_due room:2");
  reply(p, 1, 2, "ok");
  phx_expect(p, "reply #2 room:1 ok {}");
  assert_false(slip_session_awaits_reply(p->session, UINT64_MAX));
}

static void what_was_never_told_of_can_be_taken_with_the_session(void **state) {
  struct phx *p = phx_in_room(state);
  uint64_t ref;
  phx_push(p, "room:1", "sent", "{}");
  phx_join(p, "room:2");
  phx_buffer(p, "room:2", "kept"); /* 3 is the join */
  CHECK_OK(slip_session_ping(p->session));
  assert_true(slip_session_take_unanswered(p->session, &ref));
  assert_int_equal(ref, 2);
  assert_true(slip_session_take_unanswered(p->session, &ref));
  assert_int_equal(ref, 4);
  assert_false(slip_session_take_unanswered(p->session, &ref));
  assert_int_equal(slip_session_buffered(p->session), 0);
}

/* What was sent ends as well, whatever takes its join away. */

/* Two pushes of room:1, one of room:2, sent and not answered: refs 2, 3 and 5. */
static struct phx *with_sent_pushes(void **state) {
  struct phx *p = phx_in_room(state);
  phx_push(p, "room:1", "a", "{}");
  phx_push(p, "room:1", "b", "{}");
  phx_join(p, "room:2");
  phx_expect(p, "join_due room:2");
  phx_text(p, "[\"4\",\"4\",\"room:2\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect(p, "joined room:2 {}");
  phx_push(p, "room:2", "c", "{}");
  return p;
}

static void a_crash_and_a_close_end_the_pushes_of_their_join_alone(void **state) {
  static const char *const events[] = {"phx_error", "phx_close"};
  static const char *const reasons[] = {"channel_error", "channel_closed"};
  for (int i = 0; i < 2; i++) {
    struct slip_session_config config = phx_exact_config();
    char line[64];
    with_config(state, &config);
    struct phx *p = with_sent_pushes(state);
    end_channel(p, 1, events[i]);
    for (int ref = 2; ref <= 3; ref++) {
      snprintf(line, sizeof line, "reply #%d error (%s)", ref, reasons[i]);
      phx_expect(p, line);
    }
    snprintf(line, sizeof line, "topic_closed room:1 {} (%s)", reasons[i]);
    phx_expect(p, line);
    phx_expect_nothing(p);
    phx_advance(p, 10000);
    phx_expect(p, "reply #5 timeout");
    phx_expect_nothing(p);
  }
}

static void a_leave_lets_them_be_answered_until_it_is_settled(void **state) {
  struct phx *p = with_sent_pushes(state);
  phx_leave(p, "room:1");
  reply(p, 1, 3, "ok");
  phx_expect(p, "reply #3 room:1 ok {}");
  end_channel(p, 1, "phx_close");
  phx_expect(p, "reply #2 error (channel_closed)");
  phx_expect(p, "left room:1");
  reply(p, 1, 2, "ok");
  phx_expect(p, "dropped room:1 phx_reply");
}

static void every_end_of_the_link_ends_them_all(void **state) {
  for (int i = 0; i < 4; i++) {
    struct slip_session_config config = phx_exact_config();
    with_config(state, &config);
    struct phx *p = with_sent_pushes(state);
    if (i == 0)
      phx_lose(p);
    else if (i == 1)
      phx_close_frame(p, 1001, "");
    else if (i == 2)
      slip_session_link_stalled(p->session);
    else
      phx_text(p, "no JSON");
    phx_drain(p);
    phx_expect(p, "reply #2 error (disconnected)");
    phx_expect(p, "reply #3 error (disconnected)");
    phx_expect(p, "reply #5 error (disconnected)");
    if (i > 0)
      phx_expect(p, i == 2 ? "ABORT" : "CLOSE");
    assert_memory_equal(p->log[p->checked], "disconnected", 12);
    assert_int_equal(p->checked + 1, p->logged);
  }
}

static void a_disconnect_ends_them_when_the_server_agrees(void **state) {
  struct phx *p = with_sent_pushes(state);
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  phx_expect_nothing(p);
  phx_close_frame(p, 1000, "");
  phx_expect(p, "reply #2 error (disconnected)");
  phx_expect(p, "reply #3 error (disconnected)");
  phx_expect(p, "reply #5 error (disconnected)");
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (closed_by_client 1000)");
}

/* Refused. */

static void is_refused_where_its_topic_is_not_on_its_way(void **state) {
  struct phx *p = *state;
  assert_int_equal(phx_try_buffer(p, "room:1"), SLIP_ESTATE); /* never joined */
  p = phx_in_room(state);
  assert_int_equal(phx_try_buffer(p, "room:2"), SLIP_ESTATE);
  phx_leave(p, "room:1");
  assert_int_equal(phx_try_buffer(p, "room:1"), SLIP_ESTATE); /* leaving */
  reply(p, 1, 2, "ok");
  assert_int_equal(phx_try_buffer(p, "room:1"), SLIP_ESTATE); /* left */
  phx_join(p, "room:1");
  reply(p, 3, 3, "error");
  assert_int_equal(phx_try_buffer(p, "room:1"), SLIP_ESTATE); /* closed */
}

static void is_refused_when_nobody_wants_the_link_back(void **state) {
  struct phx *p = phx_in_room(state);
  phx_join(p, "room:2");
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  assert_int_equal(phx_try_buffer(p, "room:1"), SLIP_ECLOSED);
  assert_int_equal(phx_try_buffer(p, "room:2"), SLIP_ECLOSED);
  phx_close_frame(p, 1000, "");
  assert_int_equal(phx_try_buffer(p, "room:1"), SLIP_ECLOSED);
  CHECK_OK(slip_session_reconnect(p->session, 0));
  CHECK_OK(phx_try_buffer(p, "room:1"));
}

static void what_cannot_be_written_is_refused_at_once(void **state) {
  char name[256];
  struct phx *p = joining(state);
  uint64_t ref;
  struct slip_push push = {.topic = SLIP_SPAN("room:1"), .may_wait = true};
  memset(name, 'x', sizeof name);
  push.event = SLIP_SPAN("\xff");
  push.payload = (struct slip_payload){.format = SLIP_JSON, .bytes = SLIP_SPAN("{}")};
  assert_int_equal(slip_session_push(p->session, &push, &ref), SLIP_EUTF8);
  push.event = (struct slip_span){name, sizeof name};
  push.payload.format = SLIP_BINARY;
  assert_int_equal(slip_session_push(p->session, &push, &ref), SLIP_ETOOBIG);
  assert_int_equal(slip_session_buffered(p->session), 0);
  phx_advance(p, 9999); /* no time-out was left behind */
  phx_expect_nothing(p);
}

/* Limits, and room again. */

static void no_more_than_max_buffered_pushes_wait(void **state) {
  struct slip_session_config config = phx_exact_config();
  config.max_buffered_pushes = 4;
  config.push_timeout_msec = 1000;
  with_config(state, &config);
  struct phx *p = joining(state);
  for (int i = 0; i < 4; i++)
    CHECK_OK(phx_try_buffer(p, "room:1"));
  assert_int_equal(phx_try_buffer(p, "room:1"), SLIP_EFULL);
  phx_expect_nothing(p);
  phx_advance(p, 1000);
  phx_expect(p, "reply #2 timeout");
  phx_expect(p, "reply #3 timeout");
  phx_expect(p, "reply #4 timeout");
  phx_expect(p, "reply #5 timeout");
  phx_expect(p, "writable");
  CHECK_OK(phx_try_buffer(p, "room:1"));
  phx_expect_nothing(p);
}

static void what_waits_counts_as_queued(void **state) {
  struct slip_session_config config = phx_exact_config();
  config.max_queue_bytes = 2 * slip_session_defaults.max_buffered_pushes;
  with_config(state, &config);
  struct phx *p = joining(state);
  unsigned count = 0;
  while (phx_try_buffer(p, "room:1") == SLIP_OK)
    count++;
  assert_true(count > 10 && count < 50);
  reply(p, 1, 1, "ok"); /* a push that waits is never refused by what it turns into */
  phx_expect(p, "joined room:1 {}");
  assert_int_equal(slip_session_pushes(p->session), count);
}

/* In a room, with a queue of 400 bytes. */
static struct phx *with_a_short_queue(void **state) {
  struct slip_session_config config = phx_exact_config();
  config.max_queue_bytes = 400;
  with_config(state, &config);
  struct phx *p = phx_in_room(state);
  phx_expect_sent_nothing(p);
  return p;
}

static enum slip_err push_of(struct phx *p, size_t size) {
  char payload[512];
  uint64_t ref;
  memset(payload, '1', sizeof payload);
  struct slip_push push = {.topic = SLIP_SPAN("room:1"),
                           .event = SLIP_SPAN("x"),
                           .payload = {SLIP_JSON, {payload, size}}};
  return slip_session_push(p->session, &push, &ref);
}

static void writable_is_told_once_when_half_of_the_queue_is_free(void **state) {
  struct phx *p = with_a_short_queue(state);
  while (push_of(p, 20) == SLIP_OK)
    continue;
  assert_int_equal(push_of(p, 20), SLIP_EFULL);
  size_t size = slip_session_outbox(p->session).size;
  slip_session_sent(p->session, size - 201);
  phx_expect_nothing(p);
  assert_true(slip_session_deadline(p->session) > p->now);
  slip_session_sent(p->session, 1);
  assert_int_equal(slip_session_deadline(p->session), p->now); /* the shell is to look */
  phx_drain(p);
  phx_expect(p, "writable");
  slip_session_sent(p->session, 200);
  phx_expect_nothing(p);
}

static void nobody_who_was_not_refused_is_told(void **state) {
  struct phx *p = with_a_short_queue(state);
  CHECK_OK(push_of(p, 300));
  slip_session_sent(p->session, slip_session_outbox(p->session).size);
  phx_expect_nothing(p);
}

/* Half of the queue is free all the time, so that would be told again and again. */
static void writable_waits_until_what_was_refused_fits_in(void **state) {
  struct phx *p = with_a_short_queue(state);
  CHECK_OK(push_of(p, 100));
  assert_int_equal(push_of(p, 350), SLIP_EFULL);
  phx_expect_nothing(p);
  size_t size = slip_session_outbox(p->session).size;
  assert_true(size < 200);
  slip_session_sent(p->session, size);
  phx_drain(p);
  phx_expect(p, "writable");
  CHECK_OK(push_of(p, 350));
}

static void a_push_that_never_fits_waits_for_the_queue_to_be_empty(void **state) {
  struct phx *p = with_a_short_queue(state);
  CHECK_OK(push_of(p, 10));
  assert_int_equal(push_of(p, 500), SLIP_EFULL);
  slip_session_sent(p->session, slip_session_outbox(p->session).size - 1);
  phx_expect_nothing(p);
  slip_session_sent(p->session, 1);
  phx_drain(p);
  phx_expect(p, "writable");
  CHECK_OK(push_of(p, 500));
}

static void a_lost_link_makes_room_as_well(void **state) {
  struct phx *p = with_a_short_queue(state);
  CHECK_OK(push_of(p, 300));
  assert_int_equal(push_of(p, 300), SLIP_EFULL);
  phx_lose(p);
  phx_expect(p, "reply #2 error (disconnected)");
  phx_expect(p, "disconnected (connection_lost)");
  phx_expect(p, "writable");
  phx_expect_nothing(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PHX_SPEC(while_the_join_is_on_its_way_it_waits_for_the_answer),
      PHX_SPEC(is_answered_with_the_time_since_it_was_pushed_not_sent),
      PHX_SPEC(is_answered_with_no_time_when_it_may_wait_for_longer_than_a_minute),
      PHX_SPEC(goes_before_what_is_pushed_when_the_join_is_told),
      PHX_SPEC(while_the_first_connection_is_made_it_waits),
      PHX_SPEC(while_the_link_is_lost_it_waits_in_every_stage_of_the_next),
      PHX_SPEC(on_a_joined_topic_it_goes_out_at_once),
      PHX_SPEC(sends_a_long_payload_from_where_it_was_lent),
      PHX_SPEC(copies_it_where_its_head_does_not_fit_in_the_gap),
      PHX_SPEC(copies_it_behind_what_is_to_be_sent_before),
      PHX_SPEC(waits_for_its_own_topic_only),
      PHX_SPEC(bytes_wait_as_well),
      PHX_SPEC(has_a_mask_of_its_own),
      PHX_SPEC(is_never_sent_twice_though_the_link_is_lost_right_after),
      PHX_SPEC(waits_on_through_losses_and_refusals),
      PHX_SPEC(waits_on_when_a_join_times_out),
      PHX_SPEC(its_time_out_counts_from_the_push),
      PHX_SPEC(what_was_sent_keeps_the_time_out_of_the_push),
      PHX_SPEC(is_not_sent_in_the_moment_of_its_time_out),
      PHX_SPEC(phx_close_ends_it),
      PHX_SPEC(a_leave_ends_it_at_once),
      PHX_SPEC(a_leave_before_the_join_was_sent_ends_it),
      PHX_SPEC(a_leave_after_a_refused_join_ends_it),
      PHX_SPEC(a_loss_that_the_topic_does_not_come_back_from_ends_it),
      PHX_SPEC(a_disconnect_ends_it_in_every_state_of_the_link),
      PHX_SPEC(a_disconnect_when_the_link_is_gone_ends_it),
      PHX_SPEC(a_reply_to_what_was_not_sent_yet_is_dropped),
      PHX_SPEC(says_whether_an_answer_is_due),
      PHX_SPEC(what_was_never_told_of_can_be_taken_with_the_session),
      PHX_SPEC(a_crash_and_a_close_end_the_pushes_of_their_join_alone),
      PHX_SPEC(a_leave_lets_them_be_answered_until_it_is_settled),
      PHX_SPEC(every_end_of_the_link_ends_them_all),
      PHX_SPEC(a_disconnect_ends_them_when_the_server_agrees),
      PHX_SPEC(is_refused_where_its_topic_is_not_on_its_way),
      PHX_SPEC(is_refused_when_nobody_wants_the_link_back),
      PHX_SPEC(what_cannot_be_written_is_refused_at_once),
      PHX_SPEC(no_more_than_max_buffered_pushes_wait),
      PHX_SPEC(what_waits_counts_as_queued),
      PHX_SPEC(writable_is_told_once_when_half_of_the_queue_is_free),
      PHX_SPEC(nobody_who_was_not_refused_is_told),
      PHX_SPEC(writable_waits_until_what_was_refused_fits_in),
      PHX_SPEC(a_push_that_never_fits_waits_for_the_queue_to_be_empty),
      PHX_SPEC(a_lost_link_makes_room_as_well),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
