#include "core/limits.h"
#include "spec/support/message_fixture.h"

/* ---- vsn 2, as recorded from Phoenix ---- */

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
      {"[\"1\",\"2\",\"t\",\"phx_reply\",{\"status\":}]", "a reply whose payload is not an object"},
      {"[\"1\",\"2\",\"t\",\"phx_reply\",{\"status\":\"ok\"}", "not the JSON of a message"},
      {"[\"1\",\"2\",\"t\",\"phx_reply\",{\"status\":\"ok\"},6", "not the JSON of a message"},
      {"[\"1\",\"2\",\"t\",\"phx_reply\",{\"status\":\"ok\"}]]", "not the JSON of a message"},
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

/* ---- vsn 1 ---- */

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

int main(void) {
  const struct CMUnitTest tests[] = {
      MESSAGE_TEST(reads_a_reply),
      MESSAGE_TEST(reads_a_reply_in_the_order_of_phoenix_or_any_other),
      MESSAGE_TEST(a_reply_may_have_any_status_and_any_response),
      MESSAGE_TEST(reads_the_reply_to_a_topic_that_was_null),
      MESSAGE_TEST(reads_a_push_of_the_server),
      MESSAGE_TEST(reads_a_close_as_a_push_with_two_refs),
      MESSAGE_TEST(reads_a_broadcast),
      MESSAGE_TEST(reads_integer_refs_as_their_digits),
      MESSAGE_TEST(passes_over_elements_behind_the_fifth),
      MESSAGE_TEST(a_client_may_send_any_payload),
      MESSAGE_TEST(a_client_cannot_send_a_reply),
      MESSAGE_TEST(reads_topics_of_any_length),
      MESSAGE_TEST(keeps_every_unescaped_string_where_it_is),
      MESSAGE_TEST(empties_scratch_first),
      MESSAGE_TEST(says_what_is_wrong_with_a_text),
      MESSAGE_TEST(says_when_a_text_nests_too_deep),
      MESSAGE_TEST(reads_a_response_that_nests_to_the_maximum),
      MESSAGE_TEST(reads_and_writes_what_a_server_of_vsn_1_sends),
      MESSAGE_TEST(reads_and_writes_what_a_client_of_vsn_1_sends),
      MESSAGE_TEST(a_server_of_vsn_1_writes_no_join_ref),
      MESSAGE_TEST(says_what_is_wrong_with_a_text_of_vsn_1),
      MESSAGE_TEST(writes_every_kind_in_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
