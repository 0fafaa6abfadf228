/* A session that gets no memory, at every place where it asks for some: it goes on or ends its
 * link, and says so. */
#include "core/session.h"
#include "spec/support/check.h"
#include "spec/support/memory_failure.h"

#include <string.h>

struct story {
  struct slip_session *session;
  struct slip_luck luck; /* all zeros, so the answer to our key is known */
  bool is_connected;
  bool is_disconnected;
  bool has_reply;
  bool has_heartbeat;
  bool is_up; /* the connection takes bytes */
  bool closes_on_reply;
  size_t crash_bytes; /* of the payload that came with the end of the topic, read as it was told */
};

static void dial(struct story *t) {
  struct slip_upgrade_request request = {.host = SLIP_SPAN("h"), .target = SLIP_SPAN("/")};
  const char *fault;
  t->is_up = false;
  (void)!slip_session_dial(t->session, &request, &fault);
}

static void link_up(struct story *t) {
  t->is_up = true;
  slip_session_link_up(t->session);
}

static void drain(struct story *t) {
  struct slip_action a;
  while (slip_session_next(t->session, &a)) {
    if (a.kind != SLIP_DO_TELL)
      continue;
    if (a.event.kind == SLIP_EVENT_REDIRECTED)
      dial(t);
    t->is_connected |= a.event.kind == SLIP_EVENT_CONNECTED;
    t->is_disconnected |= a.event.kind == SLIP_EVENT_DISCONNECTED;
    t->has_reply |=
        a.event.kind == SLIP_EVENT_REPLY && slip_span_is_equal(a.event.name, SLIP_SPAN("ok"));
    t->has_heartbeat |= a.event.kind == SLIP_EVENT_HEARTBEAT;
    if (a.event.kind == SLIP_EVENT_JOIN_DUE)
      (void)!slip_session_send_join(
          t->session, a.event.topic,
          (struct slip_payload){.format = SLIP_JSON, .bytes = SLIP_SPAN("{}")});
    if (a.event.kind == SLIP_EVENT_REPLY && t->closes_on_reply)
      (void)!slip_session_disconnect(t->session, 1000, SLIP_SPAN(""));
    if (a.event.kind == SLIP_EVENT_TOPIC_CLOSED && a.event.payload.bytes.size > 0)
      t->crash_bytes = strnlen(a.event.payload.bytes.at, a.event.payload.bytes.size);
  }
  if (t->is_up)
    slip_session_sent(t->session, slip_session_outbox(t->session).size);
}

static void feed(struct story *t, struct slip_span bytes) {
  slip_session_feed(t->session, bytes);
  drain(t);
}

static void say(struct story *t, const char *text) {
  char frame[160] = {(char)0x81, (char)strlen(text)};
  memcpy(frame + 2, text, strlen(text));
  feed(t, (struct slip_span){frame, strlen(text) + 2});
}

static void open_link(struct story *t) {
  (void)!slip_session_connect(t->session);
  drain(t);
  dial(t);
  drain(t);
  link_up(t);
  feed(t, SLIP_SPAN("HTTP/1.1 302 Found\r\nLocation: /\r\ncontent-length: 0\r\n\r\n"));
  link_up(t);
  feed(t,
       SLIP_SPAN("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                 "sec-websocket-accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n"));
}

static void talk(struct story *t) {
  struct slip_push push = {.topic = SLIP_SPAN("room:1"),
                           .event = SLIP_SPAN("hi"),
                           .payload = {SLIP_JSON, SLIP_SPAN("{}")}};
  uint64_t ref;
  (void)!slip_session_join(t->session, SLIP_SPAN("room:1"));
  drain(t);
  say(t, "[\"1\",\"1\",\"room:1\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]");
  (void)!slip_session_push(t->session, &push, &ref);
  say(t, "[\"1\",null,\"room:1\",\"t\\u00efck\",{}]");
  feed(t, SLIP_SPAN("\x89\x02hi"));
  feed(t, SLIP_SPAN("\x01\x02[n"));
  feed(t, SLIP_SPAN("\x80\x1eull,null,\"room:1\",\"shout\",{}] "));
  say(t, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]");
  (void)!slip_session_ping(t->session);
  say(t, "[null,\"3\",\"phoenix\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]");
  say(t, "[\"1\",\"1\",\"room:1\",\"phx_error\",{}]");
  (void)!slip_session_rejoin(t->session, SLIP_SPAN("room:1"));
  drain(t);
}

/* True when some allocation failed on the way. */
static bool run(unsigned failing, struct story *t) {
  *t = (struct story){0};
  memory_fails_at(failing);
  if (slip_session_new(&slip_session_defaults, &t->luck, &t->session) != SLIP_OK)
    return memory_has_failed();
  slip_session_tick(t->session, 1000);
  open_link(t);
  talk(t);
  (void)!slip_session_disconnect(t->session, 1000, SLIP_SPAN("bye"));
  drain(t);
  feed(t, SLIP_SPAN("\x88\x02\x03\xe8"));
  bool has_failed = memory_has_failed();
  if (slip_session_is_idle(t->session) == false)
    slip_session_link_lost(t->session, &(struct slip_reason){.kind = SLIP_REASON_CONNECTION_LOST});
  drain(t);
  slip_session_free(t->session);
  return has_failed;
}

static void lives_through_the_failure_of_any_allocation(void **state) {
  (void)state;
  struct story t;
  unsigned failing = 0;
  while (run(failing, &t)) {
    assert_true(!t.is_connected || t.is_disconnected); /* no end goes untold */
    failing++;
  }
  assert_true(failing > 20);
  /* the story without a failure */
  assert_true(t.is_connected && t.is_disconnected && t.has_reply && t.has_heartbeat);
}

/* The crash comes in two fragments, so that its payload lies in memory of the reader's, and is told
 * after the push that it ends, inside whose event the script closes. */
static bool close_inside_a_crash(unsigned failing, size_t *crash_bytes) {
  struct story t = {.closes_on_reply = true};
  struct slip_push push = {.topic = SLIP_SPAN("room:1"),
                           .event = SLIP_SPAN("hi"),
                           .payload = {SLIP_JSON, SLIP_SPAN("{}")}};
  uint64_t ref;
  CHECK_OK(slip_session_new(&slip_session_defaults, &t.luck, &t.session));
  slip_session_tick(t.session, 1000);
  open_link(&t);
  (void)!slip_session_join(t.session, SLIP_SPAN("room:1"));
  drain(&t);
  say(&t, "[\"1\",\"1\",\"room:1\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]");
  CHECK_OK(slip_session_push(t.session, &push, &ref));
  slip_session_sent(t.session, slip_session_outbox(t.session).size);
  memory_fails_at(failing);
  feed(&t, SLIP_SPAN("\x01\x04[\"1\""));
  feed(&t, SLIP_SPAN("\x80\x1e,null,\"room:1\",\"phx_error\",{}]"));
  bool has_failed = memory_has_failed();
  *crash_bytes = t.crash_bytes;
  slip_session_free(t.session);
  return has_failed;
}

static void a_close_without_memory_leaves_what_is_still_to_be_told(void **state) {
  (void)state;
  unsigned failing = 0;
  size_t crash_bytes;
  while (close_inside_a_crash(failing, &crash_bytes))
    failing++;
  assert_true(failing > 2);
  assert_int_equal(crash_bytes, 2);
}

/* A ping that fails is as if it had not been asked for, whatever it lacked memory for. */
static bool ping_without_memory(unsigned failing) {
  struct story t = {0};
  CHECK_OK(slip_session_new(&slip_session_defaults, &t.luck, &t.session));
  slip_session_tick(t.session, 1000);
  open_link(&t);
  CHECK_OK(slip_session_join(t.session, SLIP_SPAN("room:1")));
  drain(&t); /* a join is under way: one request alone would need no memory */
  slip_session_sent(t.session, slip_session_outbox(t.session).size);
  uint64_t due = slip_session_deadline(t.session);
  memory_fails_at(failing);
  enum slip_err err = slip_session_ping(t.session);
  bool has_failed = memory_has_failed();
  bool is_sent = slip_session_outbox(t.session).size > 0; /* without being told of, if need be */
  assert_int_equal(err, is_sent ? SLIP_OK : SLIP_ENOMEM);
  if (!is_sent) {
    assert_int_equal(slip_session_deadline(t.session), due);
    CHECK_OK(slip_session_ping(t.session));
  }
  slip_session_free(t.session);
  return has_failed;
}

static void a_ping_without_memory_does_nothing(void **state) {
  (void)state;
  unsigned failing = 0;
  while (ping_without_memory(failing))
    failing++;
  assert_true(failing > 3); /* the outbox, the two tables of pending requests, the queue */
}

static bool is_answered(struct story *t, uint64_t ref) {
  struct slip_action a;
  while (slip_session_next(t->session, &a))
    if (a.kind == SLIP_DO_TELL && a.event.kind == SLIP_EVENT_REPLY && a.event.ref == ref)
      return true;
  return false;
}

/* A push that waits for its topic is refused, or kept until it is answered: the join's answer, and
 * with it the sending, or else the time-out. */
static bool buffer_without_memory(unsigned failing) {
  struct story t = {0};
  struct slip_push push = {.topic = SLIP_SPAN("room:1"),
                           .event = SLIP_SPAN("hi"),
                           .payload = {SLIP_JSON, SLIP_SPAN("{}")},
                           .may_wait = true};
  uint64_t ref = 0;
  CHECK_OK(slip_session_new(&slip_session_defaults, &t.luck, &t.session));
  slip_session_tick(t.session, 1000);
  open_link(&t);
  CHECK_OK(slip_session_join(t.session, push.topic));
  memory_fails_at(failing);
  drain(&t);
  enum slip_err err = slip_session_push(t.session, &push, &ref);
  if (err == SLIP_OK)
    say(&t, "[\"1\",\"1\",\"room:1\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]");
  bool has_failed = memory_has_failed();
  assert_true(err == SLIP_OK || (has_failed && err == SLIP_ENOMEM));
  assert_int_equal(slip_session_buffered(t.session) + slip_session_pushes(t.session),
                   err == SLIP_OK);
  slip_session_tick(t.session, 20000);
  if (err == SLIP_OK && !t.is_disconnected)
    assert_true(is_answered(&t, ref));
  slip_session_free(t.session);
  return has_failed;
}

static void a_push_that_waits_is_never_lost_for_want_of_memory(void **state) {
  (void)state;
  unsigned failing = 0;
  while (buffer_without_memory(failing))
    failing++;
  assert_true(failing > 6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lives_through_the_failure_of_any_allocation),
      cmocka_unit_test(a_close_without_memory_leaves_what_is_still_to_be_told),
      cmocka_unit_test(a_ping_without_memory_does_nothing),
      cmocka_unit_test(a_push_that_waits_is_never_lost_for_want_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
