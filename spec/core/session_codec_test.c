/* A session with a codec: every message goes through it, both ways, and its failures have a reason.
 * This one speaks "join_ref ref topic event payload", with "-" for what is absent. */
#include "spec/support/fake_phoenix.h"

struct plain {
  struct slip_codec codec; /* first, so that it is the plain one as well */
  bool is_failing;
};

static enum slip_err append(struct slip_buf *out, struct slip_span field, const char *end) {
  enum slip_err err = slip_buf_append(out, slip_span_is_absent(field) ? SLIP_SPAN("-") : field);
  return err == SLIP_OK ? slip_buf_append(out, slip_span_of(end)) : err;
}

static enum slip_err write_plain(struct slip_codec *codec, const struct slip_message *message,
                                 struct slip_buf *out, enum slip_format *format) {
  const struct slip_span fields[] = {message->join_ref, message->ref, message->topic,
                                     message->event};
  if (((const struct plain *)codec)->is_failing)
    return SLIP_ESCRIPT;
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    CHECK_OK(append(out, fields[i], " "));
  CHECK_OK(append(out, message->payload.bytes, ""));
  *format = message->payload.format;
  return SLIP_OK;
}

static struct slip_span take_word(struct slip_span *rest) {
  const char *end = rest->size > 0 ? memchr(rest->at, ' ', rest->size) : NULL;
  struct slip_span word = {rest->at, end == NULL ? rest->size : (size_t)(end - rest->at)};
  *rest = end == NULL ? (struct slip_span){0} : slip_span_skip(*rest, word.size + 1);
  return slip_span_is_equal(word, SLIP_SPAN("-")) ? (struct slip_span){0} : word;
}

static enum slip_err read_plain(struct slip_codec *codec, struct slip_payload in,
                                struct slip_buf *scratch, struct slip_message *out,
                                const char **fault) {
  struct slip_span rest = in.bytes;
  struct slip_message m = {.kind = SLIP_MESSAGE_PUSH};
  (void)scratch;
  if (((const struct plain *)codec)->is_failing) {
    *fault = "it cannot be read";
    return SLIP_EMALFORMED;
  }
  m.join_ref = take_word(&rest);
  m.ref = take_word(&rest);
  m.topic = take_word(&rest);
  m.event = take_word(&rest);
  if (slip_span_is_equal(m.event, SLIP_SPAN("phx_reply"))) {
    m.kind = SLIP_MESSAGE_REPLY;
    m.status = take_word(&rest);
  }
  m.payload = (struct slip_payload){.format = SLIP_BINARY, .bytes = rest};
  *out = m;
  return SLIP_OK;
}

#define PLAIN                                                                                      \
  { {read_plain, write_plain, "it cannot be written"}, false }

static struct phx *open_with_codec(void **state, struct plain *plain) {
  phx_free(*state);
  struct slip_session_config config = phx_exact_config();
  config.codec = &plain->codec;
  struct phx *p = phx_new(&config);
  *state = p;
  phx_open(p);
  return p;
}

static struct phx *join(void **state, struct plain *plain) {
  struct phx *p = open_with_codec(state, plain);
  phx_join(p, "room:1");
  phx_expect(p, "join_due room:1");
  phx_expect_sent(p, "1 1 room:1 phx_join {}");
  phx_text(p, "1 1 room:1 phx_reply ok hello");
  phx_expect(p, "joined room:1 hello");
  return p;
}

static void writes_joins_pushes_and_leaves_with_it(void **state) {
  struct plain plain = PLAIN;
  struct phx *p = join(state, &plain);
  assert_int_equal(phx_push(p, "room:1", "hi", "{}"), 2);
  phx_expect_sent(p, "1 2 room:1 hi {}");
  CHECK_OK(slip_session_leave(p->session, SLIP_SPAN("room:1")));
  phx_expect_sent(p, "1 3 room:1 phx_leave {}");
}

static void writes_heartbeats_with_it(void **state) {
  struct plain plain = PLAIN;
  struct phx *p = join(state, &plain);
  phx_advance(p, 30000);
  phx_expect_sent(p, "- 2 phoenix heartbeat {}");
}

static void reads_replies_messages_and_ends_with_it(void **state) {
  struct plain plain = PLAIN;
  struct phx *p = join(state, &plain);
  phx_push(p, "room:1", "hi", "{}");
  phx_binary(p, SLIP_SPAN("1 2 room:1 phx_reply fine thanks"));
  phx_expect(p, "reply #2 room:1 fine thanks");
  phx_text(p, "- - room:1 shout aloud");
  phx_expect(p, "message room:1 shout aloud");
  phx_text(p, "9 - room:1 tick late");
  phx_expect(p, "dropped room:1 tick");
  phx_text(p, "1 1 room:1 phx_error why");
  phx_expect(p, "topic_closed room:1 why (channel_error)");
}

static void a_frame_that_it_cannot_read_closes_the_connection(void **state) {
  struct plain plain = PLAIN;
  struct phx *p = join(state, &plain);
  plain.is_failing = true;
  phx_text(p, "1 - room:1 tick x");
  phx_expect_sent_close(p, 1007);
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (protocol_error 1007 it cannot be read)");
}

static void a_push_that_it_cannot_write_is_refused_and_nothing_is_sent(void **state) {
  struct plain plain = PLAIN;
  struct phx *p = join(state, &plain);
  plain.is_failing = true;
  assert_int_equal(phx_try_push(p, "room:1"), SLIP_ESCRIPT);
  phx_expect_sent_nothing(p);
  plain.is_failing = false;
  CHECK_OK(phx_try_push(p, "room:1"));
  phx_expect_sent(p, "1 2 room:1 x {}");
}

static void a_heartbeat_that_it_cannot_write_ends_the_connection(void **state) {
  struct plain plain = PLAIN;
  struct phx *p = join(state, &plain);
  plain.is_failing = true;
  phx_advance(p, 30000);
  phx_expect_sent_close(p, 1000);
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (protocol_error 1000 it cannot be written)");
}

static void a_leave_that_it_cannot_write_ends_the_connection(void **state) {
  struct plain plain = PLAIN;
  struct phx *p = join(state, &plain);
  plain.is_failing = true;
  CHECK_OK(slip_session_leave(p->session, SLIP_SPAN("room:1")));
  phx_expect_sent_close(p, 1000);
  phx_expect(p, "CLOSE");
  phx_expect(p, "left room:1");
  phx_expect(p, "disconnected (protocol_error 1000 it cannot be written)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PHX_SPEC(writes_joins_pushes_and_leaves_with_it),
      PHX_SPEC(writes_heartbeats_with_it),
      PHX_SPEC(reads_replies_messages_and_ends_with_it),
      PHX_SPEC(a_frame_that_it_cannot_read_closes_the_connection),
      PHX_SPEC(a_push_that_it_cannot_write_is_refused_and_nothing_is_sent),
      PHX_SPEC(a_heartbeat_that_it_cannot_write_ends_the_connection),
      PHX_SPEC(a_leave_that_it_cannot_write_ends_the_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
