#include "spec/support/message_fixture.h"

/* ---- binary, as recorded from Phoenix ---- */

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

/* ---- writing, text and binary ---- */

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

int main(void) {
  const struct CMUnitTest tests[] = {
      MESSAGE_TEST(reads_a_binary_push_of_a_client),
      MESSAGE_TEST(reads_a_binary_push_of_a_server_which_has_no_ref),
      MESSAGE_TEST(reads_a_binary_reply),
      MESSAGE_TEST(reads_a_binary_broadcast),
      MESSAGE_TEST(reads_empty_refs_in_binary_as_absent),
      MESSAGE_TEST(says_what_is_wrong_with_a_binary_message),
      MESSAGE_TEST(refuses_a_binary_message_that_is_cut_short_anywhere),
      MESSAGE_TEST(does_not_write_a_field_of_more_than_255_bytes_in_binary),
      MESSAGE_TEST(does_not_write_what_is_not_utf8),
      MESSAGE_TEST(does_not_write_binary_in_vsn_1),
      MESSAGE_TEST(writes_nothing_when_there_is_too_little_room),
      MESSAGE_TEST(writes_binary_with_absent_refs_as_empty),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
