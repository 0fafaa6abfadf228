#include "core/limits.h"
#include "core/message.h"
#include "spec/support/check.h"

static const struct slip_wire to_client = {SLIP_VSN_2, SLIP_FROM_SERVER};
static const struct slip_wire to_server = {SLIP_VSN_2, SLIP_FROM_CLIENT};
static const struct slip_wire to_client_1 = {SLIP_VSN_1, SLIP_FROM_SERVER};
static const struct slip_wire to_server_1 = {SLIP_VSN_1, SLIP_FROM_CLIENT};

/* One test's buffers; `message` borrows from them. */
static struct slip_buf scratch, out;
static struct slip_message message;
static const char *fault;

static int set_up(void **state) {
  (void)state;
  slip_buf_init(&scratch, 0);
  slip_buf_init(&out, 0);
  message = (struct slip_message){0};
  fault = NULL;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  slip_buf_clear(&scratch);
  slip_buf_clear(&out);
  return 0;
}

static enum slip_err read_message(struct slip_wire wire, enum slip_format format,
                                  struct slip_span bytes) {
  return slip_message_read(wire, (struct slip_payload){format, bytes}, &scratch, &message, &fault);
}

static void read_text(struct slip_wire wire, const char *text) {
  CHECK_OK(read_message(wire, SLIP_JSON, slip_span_of(text)));
}

#define READ_BINARY(wire, literal) CHECK_OK(read_message(wire, SLIP_BINARY, SLIP_SPAN(literal)))

static void check_fault(struct slip_wire wire, enum slip_format format, struct slip_span bytes,
                        const char *words) {
  fault = NULL;
  message.kind = (enum slip_message_kind)77;
  assert_int_equal(read_message(wire, format, bytes), SLIP_EMALFORMED);
  assert_string_equal(fault, words);
  assert_int_equal(message.kind, 77);
}

static void check_text_fault(struct slip_wire wire, const char *text, const char *words) {
  check_fault(wire, SLIP_JSON, slip_span_of(text), words);
}

#define CHECK_ABSENT(span) assert_true(slip_span_is_absent(span))

/* Writes what was read last and compares. */
static void check_written(struct slip_wire wire, enum slip_format format, struct slip_span bytes) {
  enum slip_format written = (enum slip_format)77;
  slip_buf_truncate(&out, 0);
  CHECK_OK(slip_message_write(wire, &message, &out, &written));
  assert_int_equal(written, format);
  assert_int_equal(out.size, bytes.size);
  assert_memory_equal(slip_buf_span(&out).at, bytes.at, bytes.size);
}

/* ---- text, vsn 2, as recorded from Phoenix ---- */

static void reads_a_reply(void **state) {
  (void)state;
  read_text(to_client, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"response\":{\"a\":1},"
                       "\"status\":\"ok\"}]");
  assert_int_equal(message.kind, SLIP_MESSAGE_REPLY);
  CHECK_SPAN(message.join_ref, "1");
  CHECK_SPAN(message.ref, "2");
  CHECK_SPAN(message.topic, "room:1");
  CHECK_SPAN(message.event, "phx_reply");
  CHECK_SPAN(message.status, "ok");
  assert_int_equal(message.payload.format, SLIP_JSON);
  CHECK_SPAN(message.payload.bytes, "{\"a\":1}");
}

static void reads_a_reply_in_the_order_of_phoenix_or_any_other(void **state) {
  (void)state;
  read_text(to_client, "[\"1\",\"2\",\"room:1\",\"phx_reply\","
                       "{\"x\":0,\"status\" : \"ok\" ,\"response\":[1, 2]}]");
  assert_int_equal(message.kind, SLIP_MESSAGE_REPLY);
  CHECK_SPAN(message.status, "ok");
  CHECK_SPAN(message.payload.bytes, "[1, 2]");
}

static void a_reply_may_have_any_status_and_any_response(void **state) {
  (void)state;
  read_text(to_client, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"response\":null,"
                       "\"status\":\"ok\"}]");
  CHECK_SPAN(message.payload.bytes, "null");
  read_text(to_client, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"response\":\"str\","
                       "\"status\":\"\"}]");
  CHECK_SPAN(message.payload.bytes, "\"str\"");
  CHECK_SPAN(message.status, "");
  read_text(to_client, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"status\":\"t\\u00fcr\"}]");
  CHECK_SPAN(message.payload.bytes, "null");
  CHECK_SPAN(message.status, "t\xc3\xbcr");
}

static void reads_the_reply_to_a_topic_that_was_null(void **state) {
  (void)state;
  const char *text =
      "[null,\"2\",null,\"phx_reply\",{\"response\":{\"reason\":\"unmatched topic\"},"
      "\"status\":\"error\"}]";
  read_text(to_client, text);
  CHECK_ABSENT(message.join_ref);
  CHECK_ABSENT(message.topic);
  CHECK_SPAN(message.status, "error");
  check_written(to_client, SLIP_JSON, slip_span_of(text));
}

static void reads_a_push_of_the_server(void **state) {
  (void)state;
  read_text(to_client, "[\"1\",null,\"room:1\",\"tick\",{\"i\":1}]");
  assert_int_equal(message.kind, SLIP_MESSAGE_PUSH);
  CHECK_SPAN(message.join_ref, "1");
  CHECK_ABSENT(message.ref);
  CHECK_SPAN(message.event, "tick");
  CHECK_ABSENT(message.status);
}

static void reads_a_close_as_a_push_with_two_refs(void **state) {
  (void)state;
  read_text(to_client, "[\"1\",\"1\",\"room:1\",\"phx_close\",{}]");
  assert_int_equal(message.kind, SLIP_MESSAGE_PUSH);
  CHECK_SPAN(message.event, "phx_close");
  CHECK_SPAN(message.ref, "1");
}

static void reads_a_broadcast(void **state) {
  (void)state;
  read_text(to_client, "[null,null,\"room:1\",\"shout\",{\"a\":\"]\"}]");
  assert_int_equal(message.kind, SLIP_MESSAGE_BROADCAST);
  CHECK_ABSENT(message.join_ref);
  CHECK_SPAN(message.topic, "room:1");
  CHECK_SPAN(message.payload.bytes, "{\"a\":\"]\"}");
}

static void reads_integer_refs_as_their_digits(void **state) {
  (void)state;
  read_text(to_client, "[1,3,\"room:1\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  CHECK_SPAN(message.join_ref, "1");
  CHECK_SPAN(message.ref, "3");
  check_written(to_client, SLIP_JSON,
                SLIP_SPAN("[\"1\",\"3\",\"room:1\",\"phx_reply\","
                          "{\"response\":{},\"status\":\"ok\"}]"));
  read_text(to_server, "[0,18446744073709551616,\"room:1\",\"phx_join\",{}]");
  CHECK_SPAN(message.join_ref, "0");
  CHECK_SPAN(message.ref, "18446744073709551616");
}

static void passes_over_elements_behind_the_fifth(void **state) {
  (void)state;
  read_text(to_server, "[\"1\",\"2\",\"room:1\",\"echo\",{},\"extra\",[7]]");
  CHECK_SPAN(message.payload.bytes, "{}");
}

static void a_client_may_send_any_payload(void **state) {
  (void)state;
  read_text(to_server, "[\"1\",\"2\",\"room:1\",\"echo\",null]");
  assert_int_equal(message.kind, SLIP_MESSAGE_PUSH);
  CHECK_SPAN(message.payload.bytes, "null");
  read_text(to_server, "[\"1\",\"2\",\"room:1\",\"echo\",\"str\"]");
  CHECK_SPAN(message.payload.bytes, "\"str\"");
  read_text(to_server, "[\"1\",\"2\",null,\"echo\",{}]");
  CHECK_ABSENT(message.topic);
}

static void a_client_cannot_send_a_reply(void **state) {
  (void)state;
  read_text(to_server, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{}]");
  assert_int_equal(message.kind, SLIP_MESSAGE_PUSH);
  CHECK_SPAN(message.payload.bytes, "{}");
}

static void reads_topics_of_any_length(void **state) {
  (void)state;
  char text[1200];
  snprintf(text, sizeof text, "[\"1\",\"%0300d\",\"room:%0600d\",\"echo\",{\"a\":1}]", 1, 2);
  read_text(to_client, text);
  assert_int_equal(message.ref.size, 300);
  assert_int_equal(message.topic.size, 605);
  check_written(to_client, SLIP_JSON, slip_span_of(text));
}

static void keeps_every_unescaped_string_where_it_is(void **state) {
  (void)state;
  char text[9000];
  snprintf(text, sizeof text,
           "[\"\\u0061%01000d\",\"\\u0062%01000d\",\"\\u0063%02000d\",\"\\u0070hx_reply\","
           "{\"status\":\"\\u0064%03000d\",\"response\":\"\\u0065\"}]",
           1, 2, 3, 4);
  read_text(to_client, text);
  assert_int_equal(message.kind, SLIP_MESSAGE_REPLY);
  CHECK_SPAN(((struct slip_span){message.join_ref.at, 3}), "a00");
  CHECK_SPAN(((struct slip_span){message.ref.at + 998, 3}), "002");
  CHECK_SPAN(((struct slip_span){message.topic.at, 3}), "c00");
  CHECK_SPAN(message.event, "phx_reply");
  CHECK_SPAN(((struct slip_span){message.status.at + 2998, 3}), "004");
  CHECK_SPAN(message.payload.bytes, "\"\\u0065\"");
}

static void empties_scratch_first(void **state) {
  (void)state;
  for (int i = 0; i < 100; i++)
    read_text(to_client, "[null,null,\"r\\u00e9\",\"ev\",{}]");
  assert_int_equal(scratch.size, 3);
  CHECK_SPAN(message.topic, "r\xc3\xa9");
}

static void says_what_is_wrong_with_a_text(void **state) {
  (void)state;
  const struct {
    const char *text, *words;
  } cases[] = {
      {"", "not the JSON of a message"},
      {"5", "not the JSON of a message"},
      {"{}", "not the JSON of a message"},
      {"[\"1\",", "not the JSON of a message"},
      {"[1,2,\"t\",\"e\",{}]x", "not the JSON of a message"},
      {"[]", "an array of fewer than five elements"},
      {"[\"1\",\"2\",\"room:1\",\"echo\"]", "an array of fewer than five elements"},
      {"[true,\"2\",\"t\",\"e\",{}]", "a ref that is neither a string nor an integer"},
      {"[\"1\",1.5,\"t\",\"e\",{}]", "a ref that is neither a string nor an integer"},
      {"[\"1\",-1,\"t\",\"e\",{}]", "a ref that is neither a string nor an integer"},
      {"[\"1\",01,\"t\",\"e\",{}]", "a ref that is neither a string nor an integer"},
      {"[[],\"2\",\"t\",\"e\",{}]", "a ref that is neither a string nor an integer"},
      {"[\"1\",\"2\",5,\"e\",{}]", "a topic that is not a string"},
      {"[\"1\",\"2\",\"\\ud800\",\"e\",{}]", "a topic that is not a string"},
      {"[\"1\",\"2\",\"t\",null,{}]", "an event that is not a string"},
      {"[\"1\",\"2\",\"t\",{},{}]", "an event that is not a string"},
      {"[\"1\",\"2\",\"t\",\"phx_reply\",[]]", "a reply whose payload is not an object"},
      {"[\"1\",\"2\",\"t\",\"phx_reply\",null]", "a reply whose payload is not an object"},
      {"[\"1\",\"2\",\"t\",\"phx_reply\",{}]", "a reply without a status"},
      {"[\"1\",\"2\",\"t\",\"phx_reply\",{\"status\":null}]", "a reply without a status"},
      {"[\"1\",\"2\",\"t\",\"phx_reply\",{\"status\":1}]", "a status that is not a string"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    check_text_fault(to_client, cases[i].text, cases[i].words);
}

static void says_when_a_text_nests_too_deep(void **state) {
  (void)state;
  char text[4096];
  memset(text, '[', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  check_text_fault(to_client, text, "the JSON nests too deep");
}

static void reads_a_response_that_nests_to_the_maximum(void **state) {
  (void)state;
  char open[SLIP_JSON_DEPTH_MAX + 1] = {0}, close[SLIP_JSON_DEPTH_MAX + 1] = {0};
  char text[2 * SLIP_JSON_DEPTH_MAX + 100];
  memset(open, '[', SLIP_JSON_DEPTH_MAX);
  memset(close, ']', SLIP_JSON_DEPTH_MAX);
  snprintf(text, sizeof text,
           "[null,\"1\",\"t\",\"phx_reply\",{\"response\":%s%s,\"status\":\"ok\"}]", open, close);
  read_text(to_client, text);
  assert_int_equal(message.payload.bytes.size, 2 * SLIP_JSON_DEPTH_MAX);
  check_written(to_client, SLIP_JSON, slip_span_of(text));
}

/* ---- text, vsn 1 ---- */

static void reads_and_writes_what_a_server_of_vsn_1_sends(void **state) {
  (void)state;
  const char *reply = "{\"event\":\"phx_reply\",\"payload\":{\"response\":{\"a\":1},"
                      "\"status\":\"ok\"},\"ref\":\"1\",\"topic\":\"room:1\"}";
  read_text(to_client_1, reply);
  assert_int_equal(message.kind, SLIP_MESSAGE_REPLY);
  CHECK_ABSENT(message.join_ref);
  CHECK_SPAN(message.ref, "1");
  CHECK_SPAN(message.status, "ok");
  CHECK_SPAN(message.payload.bytes, "{\"a\":1}");
  check_written(to_client_1, SLIP_JSON, slip_span_of(reply));
  const char *tick = "{\"event\":\"tick\",\"payload\":{\"i\":1},\"ref\":null,\"topic\":\"room:1\"}";
  read_text(to_client_1, tick);
  assert_int_equal(message.kind, SLIP_MESSAGE_BROADCAST);
  CHECK_ABSENT(message.ref);
  check_written(to_client_1, SLIP_JSON, slip_span_of(tick));
}

static void reads_and_writes_what_a_client_of_vsn_1_sends(void **state) {
  (void)state;
  const char *push = "{\"topic\":\"phoenix\",\"event\":\"heartbeat\",\"payload\":{},\"ref\":\"4\"}";
  read_text(to_server_1, push);
  assert_int_equal(message.kind, SLIP_MESSAGE_PUSH);
  CHECK_ABSENT(message.join_ref);
  CHECK_SPAN(message.topic, "phoenix");
  check_written(to_server_1, SLIP_JSON, slip_span_of(push));
  const char *join = "{\"topic\":\"room:1\",\"event\":\"phx_join\",\"payload\":{\"a\":1},"
                     "\"ref\":\"1\",\"join_ref\":\"1\"}";
  read_text(to_server_1, join);
  CHECK_SPAN(message.join_ref, "1");
  check_written(to_server_1, SLIP_JSON, slip_span_of(join));
}

static void a_server_of_vsn_1_writes_no_join_ref(void **state) {
  (void)state;
  read_text(to_client, "[\"1\",\"1\",\"room:1\",\"phx_error\",{}]");
  check_written(to_client_1, SLIP_JSON,
                SLIP_SPAN("{\"event\":\"phx_error\",\"payload\":{},\"ref\":\"1\","
                          "\"topic\":\"room:1\"}"));
}

static void says_what_is_wrong_with_a_text_of_vsn_1(void **state) {
  (void)state;
  check_text_fault(to_client_1, "[null,null,\"t\",\"e\",{}]", "not the JSON of a message");
  check_text_fault(to_client_1, "{\"event\":\"e\",\"payload\":{}}", "an object without a topic");
  check_text_fault(to_client_1, "{\"topic\":\"t\",\"payload\":{}}",
                   "an event that is not a string");
  check_text_fault(to_client_1, "{\"topic\":\"t\",\"event\":\"e\"}", "an object without a payload");
  check_text_fault(to_client_1, "{\"topic\":\"t\",\"event\":\"phx_reply\",\"payload\":{}}",
                   "a reply without a status");
}

/* ---- binary, as recorded ---- */

static void reads_a_binary_push_of_a_client(void **state) {
  (void)state;
  READ_BINARY(to_server, "\0\1\1\6\13"
                         "12room:1binary_echo\0\1\2\3\4\5\6\7");
  assert_int_equal(message.kind, SLIP_MESSAGE_PUSH);
  CHECK_SPAN(message.join_ref, "1");
  CHECK_SPAN(message.ref, "2");
  CHECK_SPAN(message.topic, "room:1");
  CHECK_SPAN(message.event, "binary_echo");
  assert_int_equal(message.payload.format, SLIP_BINARY);
  CHECK_SPAN(message.payload.bytes, "\0\1\2\3\4\5\6\7");
  check_written(to_server, SLIP_BINARY,
                SLIP_SPAN("\0\1\1\6\13"
                          "12room:1binary_echo\0\1\2\3\4\5\6\7"));
}

static void reads_a_binary_push_of_a_server_which_has_no_ref(void **state) {
  (void)state;
  READ_BINARY(to_client, "\0\1\6\13"
                         "1room:1binary_push\xa5\xa5");
  assert_int_equal(message.kind, SLIP_MESSAGE_PUSH);
  CHECK_SPAN(message.join_ref, "1");
  CHECK_ABSENT(message.ref);
  CHECK_SPAN(message.event, "binary_push");
  CHECK_SPAN(message.payload.bytes, "\xa5\xa5");
  check_written(to_client, SLIP_BINARY,
                SLIP_SPAN("\0\1\6\13"
                          "1room:1binary_push\xa5\xa5"));
}

static void reads_a_binary_reply(void **state) {
  (void)state;
  READ_BINARY(to_client, "\1\1\1\6\2"
                         "14room:1ok");
  assert_int_equal(message.kind, SLIP_MESSAGE_REPLY);
  CHECK_SPAN(message.ref, "4");
  CHECK_SPAN(message.event, "phx_reply");
  CHECK_SPAN(message.status, "ok");
  CHECK_SPAN(message.payload.bytes, "");
  check_written(to_client, SLIP_BINARY,
                SLIP_SPAN("\1\1\1\6\2"
                          "14room:1ok"));
}

static void reads_a_binary_broadcast(void **state) {
  (void)state;
  READ_BINARY(to_client, "\2\6\14room:1binary_shout\0\xff\20");
  assert_int_equal(message.kind, SLIP_MESSAGE_BROADCAST);
  CHECK_ABSENT(message.join_ref);
  CHECK_ABSENT(message.ref);
  CHECK_SPAN(message.topic, "room:1");
  CHECK_SPAN(message.event, "binary_shout");
  CHECK_SPAN(message.payload.bytes, "\0\xff\20");
  check_written(to_client, SLIP_BINARY, SLIP_SPAN("\2\6\14room:1binary_shout\0\xff\20"));
}

static void reads_empty_refs_in_binary_as_absent(void **state) {
  (void)state;
  READ_BINARY(to_server, "\0\0\0\6\13room:1binary_echo\1");
  CHECK_ABSENT(message.join_ref);
  CHECK_ABSENT(message.ref);
  CHECK_SPAN(message.payload.bytes, "\1");
  check_written(to_server, SLIP_BINARY, SLIP_SPAN("\0\0\0\6\13room:1binary_echo\1"));
}

static void check_binary_fault(struct slip_wire wire, struct slip_span bytes, const char *words) {
  check_fault(wire, SLIP_BINARY, bytes, words);
}

static void says_what_is_wrong_with_a_binary_message(void **state) {
  (void)state;
  check_binary_fault(to_server, (struct slip_span){0}, "an empty binary message");
  check_binary_fault(to_server, SLIP_SPAN("\7\1\1\1\1abcd"), "a binary message of an unknown kind");
  check_binary_fault(to_server, SLIP_SPAN("\1\1\1\1\1abcd"), "a binary message of an unknown kind");
  check_binary_fault(to_client, SLIP_SPAN("\3\1\1\1\1abcd"), "a binary message of an unknown kind");
  check_binary_fault(to_client, SLIP_SPAN("\xff\1\1\1\1abcd"),
                     "a binary message of an unknown kind");
  check_binary_fault(to_client, SLIP_SPAN("\2\1\1\xff\xff"),
                     "a binary message with a field that is not UTF-8");
  check_binary_fault(to_server_1, SLIP_SPAN("\0\0\0\0\0"),
                     "a binary message in protocol version 1");
}

static void check_every_cut(struct slip_wire wire, struct slip_span head, size_t lengths) {
  for (size_t cut = 1; cut < head.size; cut++) {
    char *part = malloc(cut);
    assert_non_null(part);
    memcpy(part, head.at, cut);
    check_binary_fault(wire, (struct slip_span){part, cut},
                       cut <= lengths ? "a binary message that ends within its lengths"
                                      : "a binary message that ends within its fields");
    free(part);
  }
}

static void refuses_a_binary_message_that_is_cut_short_anywhere(void **state) {
  (void)state;
  check_every_cut(to_server, SLIP_SPAN("\0\1\2\3\4abbcccdddd"), 4);
  check_every_cut(to_client, SLIP_SPAN("\0\1\2\3abbccc"), 3);
  check_every_cut(to_client, SLIP_SPAN("\1\1\2\3\4abbcccdddd"), 4);
  check_every_cut(to_client, SLIP_SPAN("\2\1\2abb"), 2);
}

/* ---- writing ---- */

static void writes_every_kind_in_text(void **state) {
  (void)state;
  const char *const texts[] = {
      "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"response\":{\"a\":1},\"status\":\"ok\"}]",
      "[\"1\",null,\"room:1\",\"tick\",{\"i\":1}]",
      "[null,null,\"room:1\",\"shout\",\"str\"]",
      "[\"\",\"\\\"\",\"a\\\\b\\n\",\"\\u0001\",null]",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    read_text(to_client, texts[i]);
    check_written(to_client, SLIP_JSON, slip_span_of(texts[i]));
  }
}

static struct slip_message a_push(enum slip_format format) {
  return (struct slip_message){.kind = SLIP_MESSAGE_PUSH,
                               .join_ref = SLIP_SPAN("1"),
                               .ref = SLIP_SPAN("2"),
                               .topic = SLIP_SPAN("room:1"),
                               .event = SLIP_SPAN("ev"),
                               .payload = {format, SLIP_SPAN("{}")}};
}

static void check_not_written(struct slip_wire wire, struct slip_message m,
                              enum slip_err expected) {
  enum slip_format format = (enum slip_format)77;
  slip_buf_truncate(&out, 0);
  CHECK_OK(slip_buf_append(&out, SLIP_SPAN("before")));
  assert_int_equal(slip_message_write(wire, &m, &out, &format), expected);
  CHECK_SPAN(slip_buf_span(&out), "before");
  assert_int_equal(format, 77);
}

static void does_not_write_a_field_of_more_than_255_bytes_in_binary(void **state) {
  (void)state;
  char longest[256];
  memset(longest, 'a', sizeof longest);
  struct slip_span *const fields[] = {&message.join_ref, &message.ref, &message.topic,
                                      &message.event};
  for (size_t i = 0; i < 4; i++) {
    enum slip_format format;
    message = a_push(SLIP_BINARY);
    *fields[i] = (struct slip_span){longest, 256};
    check_not_written(to_server, message, SLIP_ETOOBIG);
    fields[i]->size = 255;
    CHECK_OK(slip_message_write(to_server, &message, &out, &format));
    assert_int_equal(format, SLIP_BINARY);
  }
}

static void does_not_write_what_is_not_utf8(void **state) {
  (void)state;
  struct slip_span *const fields[] = {&message.join_ref, &message.ref, &message.topic,
                                      &message.event};
  for (size_t i = 0; i < 4; i++) {
    message = a_push(SLIP_JSON);
    *fields[i] = SLIP_SPAN("a\xff");
    check_not_written(to_server, message, SLIP_EUTF8);
    check_not_written(to_server_1, message, SLIP_EUTF8);
    message.payload.format = SLIP_BINARY;
    check_not_written(to_server, message, SLIP_EUTF8);
  }
  message = a_push(SLIP_JSON);
  message.kind = SLIP_MESSAGE_REPLY;
  message.status = SLIP_SPAN("\xff");
  check_not_written(to_client, message, SLIP_EUTF8);
  check_not_written(to_client_1, message, SLIP_EUTF8);
}

static void does_not_write_binary_in_vsn_1(void **state) {
  (void)state;
  check_not_written(to_server_1, a_push(SLIP_BINARY), SLIP_EINVAL);
  check_not_written(to_client_1, a_push(SLIP_BINARY), SLIP_EINVAL);
}

static void writes_nothing_when_there_is_too_little_room(void **state) {
  (void)state;
  struct slip_span before = SLIP_SPAN("before");
  const enum slip_format formats[] = {SLIP_JSON, SLIP_BINARY};
  const size_t sizes[] = {sizeof "[\"1\",\"2\",\"room:1\",\"ev\",{}]" - 1, 17};
  for (size_t i = 0; i < 2; i++)
    for (size_t max = before.size; max < before.size + sizes[i]; max++) {
      slip_buf_clear(&out);
      slip_buf_init(&out, max);
      check_not_written(to_server, a_push(formats[i]), SLIP_ETOOBIG);
    }
  slip_buf_clear(&out);
  slip_buf_init(&out, sizes[0]);
  message = a_push(SLIP_JSON);
  check_written(to_server, SLIP_JSON, SLIP_SPAN("[\"1\",\"2\",\"room:1\",\"ev\",{}]"));
}

static void writes_binary_with_absent_refs_as_empty(void **state) {
  (void)state;
  message = a_push(SLIP_BINARY);
  message.join_ref = message.ref = (struct slip_span){0};
  message.payload.bytes = (struct slip_span){0};
  check_written(to_server, SLIP_BINARY, SLIP_SPAN("\0\0\0\6\2room:1ev"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(reads_a_reply),
      TEST(reads_a_reply_in_the_order_of_phoenix_or_any_other),
      TEST(a_reply_may_have_any_status_and_any_response),
      TEST(reads_the_reply_to_a_topic_that_was_null),
      TEST(reads_a_push_of_the_server),
      TEST(reads_a_close_as_a_push_with_two_refs),
      TEST(reads_a_broadcast),
      TEST(reads_integer_refs_as_their_digits),
      TEST(passes_over_elements_behind_the_fifth),
      TEST(a_client_may_send_any_payload),
      TEST(a_client_cannot_send_a_reply),
      TEST(reads_topics_of_any_length),
      TEST(keeps_every_unescaped_string_where_it_is),
      TEST(empties_scratch_first),
      TEST(says_what_is_wrong_with_a_text),
      TEST(says_when_a_text_nests_too_deep),
      TEST(reads_a_response_that_nests_to_the_maximum),
      TEST(reads_and_writes_what_a_server_of_vsn_1_sends),
      TEST(reads_and_writes_what_a_client_of_vsn_1_sends),
      TEST(a_server_of_vsn_1_writes_no_join_ref),
      TEST(says_what_is_wrong_with_a_text_of_vsn_1),
      TEST(reads_a_binary_push_of_a_client),
      TEST(reads_a_binary_push_of_a_server_which_has_no_ref),
      TEST(reads_a_binary_reply),
      TEST(reads_a_binary_broadcast),
      TEST(reads_empty_refs_in_binary_as_absent),
      TEST(says_what_is_wrong_with_a_binary_message),
      TEST(refuses_a_binary_message_that_is_cut_short_anywhere),
      TEST(writes_every_kind_in_text),
      TEST(does_not_write_a_field_of_more_than_255_bytes_in_binary),
      TEST(does_not_write_what_is_not_utf8),
      TEST(does_not_write_binary_in_vsn_1),
      TEST(writes_nothing_when_there_is_too_little_room),
      TEST(writes_binary_with_absent_refs_as_empty),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
