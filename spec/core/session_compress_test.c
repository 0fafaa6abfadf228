/* A session whose messages may be compressed, and one whose messages may not. */
#include "core/deflate.h"
#include "spec/support/fake_phoenix.h"
#include "spec/support/memory_failure.h"

#define TAKEN_UP "sec-websocket-extensions: permessage-deflate\r\n"
#define COMPRESSED 0x40

/* The server's half, which knows of what was said before. */
static struct slip_deflate *server_half(void) {
  struct slip_extension terms = {
      .is_on = true, .server_max_window_bits = 15, .client_max_window_bits = 15};
  struct slip_deflate *d;
  CHECK_OK(slip_deflate_new(&terms, 6, &d));
  return d;
}

static struct slip_session_config compressing(void) {
  struct slip_session_config config = phx_exact_config();
  config.compress.offer.is_on = true;
  return config;
}

/* Joined to room:1, the server's extensions as that line says. */
static struct phx *in_room(void **state, const struct slip_session_config *config,
                           const char *extensions) {
  phx_free(*state);
  struct phx *p = *state = phx_new(config);
  p->extensions = extensions;
  return phx_in_room(state);
}

static struct phx *compressed_in_room(void **state) {
  struct slip_session_config config = compressing();
  return in_room(state, &config, TAKEN_UP);
}

static void say(struct phx *p, struct slip_deflate *server, const char *text) {
  struct slip_span packed;
  CHECK_OK(slip_deflate_pack(server, slip_span_of(text), &packed));
  phx_frame(p, 0x80 | COMPRESSED | SLIP_WS_TEXT, packed);
}

/* The next frame of the client's is this text, compressed. */
static void expect_packed(struct phx *p, struct slip_deflate *server, const char *text) {
  char frame[2048];
  struct slip_span data, out;
  unsigned first = phx_take_frame(p, frame, sizeof frame, &data);
  assert_int_equal(first, 0x80 | COMPRESSED | SLIP_WS_TEXT);
  CHECK_OK(slip_deflate_unpack(server, data, 1 << 20, &out));
  assert_true(slip_span_is_equal(out, slip_span_of(text)));
}

/* A payload over the threshold, and the message that it makes. */
static void long_push(struct phx *p, const char *ref, char message[512]) {
  char payload[400];
  snprintf(
      payload, sizeof payload, "{\"a\":\"%.*s\"}", 300,
      "loremipsumdolorsitametloremipsumdolorsitametloremipsumdolorsitametloremipsumdolorsitamet"
      "loremipsumdolorsitametloremipsumdolorsitametloremipsumdolorsitametloremipsumdolorsitamet"
      "loremipsumdolorsitametloremipsumdolorsitametloremipsumdolorsitametloremipsumdolorsitamet");
  snprintf(message, 512, "[\"1\",\"%s\",\"room:1\",\"hi\",%s]", ref, payload);
  struct slip_push push = {.topic = SLIP_SPAN("room:1"),
                           .event = SLIP_SPAN("hi"),
                           .payload = {SLIP_JSON, slip_span_of(payload)}};
  uint64_t got;
  CHECK_OK(slip_session_push(p->session, &push, &got));
}

static bool is_offered(void **state, const struct slip_session_config *config) {
  phx_free(*state);
  *state = phx_new(config);
  struct phx *p = phx_due(state);
  phx_dial(p);
  slip_session_link_up(p->session);
  char *request = phx_take_request(p);
  bool is_there = strstr(request, "\r\nSec-WebSocket-Extensions: permessage-deflate; "
                                  "client_max_window_bits\r\n") != NULL;
  assert_int_equal(is_there, strstr(request, "Extensions") != NULL);
  free(request);
  return is_there;
}

static void compression_is_offered_only_when_it_is_wanted(void **state) {
  struct slip_session_config config = phx_exact_config();
  assert_false(is_offered(state, &config));
  config = compressing();
  assert_true(is_offered(state, &config));
}

static void a_long_message_goes_compressed_and_a_short_one_as_it_is(void **state) {
  struct phx *p = compressed_in_room(state);
  struct slip_deflate *server = server_half();
  char message[512];
  long_push(p, "2", message);
  expect_packed(p, server, message);
  phx_push(p, "room:1", "hi", "{}");
  phx_expect_sent(p, "[\"1\",\"3\",\"room:1\",\"hi\",{}]");
  long_push(p, "4", message);
  expect_packed(p, server, message);
  slip_deflate_free(server);
}

static void a_server_that_does_not_take_it_up_gets_plain_messages(void **state) {
  struct slip_session_config config = compressing();
  struct phx *p = in_room(state, &config, NULL);
  char message[512];
  long_push(p, "2", message);
  phx_expect_sent(p, message);
  phx_frame(p, 0x80 | COMPRESSED | SLIP_WS_TEXT, SLIP_SPAN("\x00"));
  phx_expect_sent_close(p, 1002);
  phx_expect(p, "reply #2 error (disconnected)");
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (protocol_error 1002 a frame with reserved bits set)");
}

static void what_the_server_compressed_is_read(void **state) {
  struct phx *p = compressed_in_room(state);
  struct slip_deflate *server = server_half();
  say(p, server, "[\"1\",null,\"room:1\",\"tick\",{\"i\":1}]");
  say(p, server, "[\"1\",null,\"room:1\",\"tick\",{\"i\":2}]");
  phx_text(p, "[\"1\",null,\"room:1\",\"tick\",{\"i\":3}]");
  say(p, server, "[\"1\",null,\"room:1\",\"tick\",{\"i\":4}]");
  phx_expect(p, "message room:1 tick {\"i\":1}");
  phx_expect(p, "message room:1 tick {\"i\":2}");
  phx_expect(p, "message room:1 tick {\"i\":3}");
  phx_expect(p, "message room:1 tick {\"i\":4}");
  phx_expect_nothing(p);
  slip_deflate_free(server);
}

/* Two fragments and a ping between them, cut in two anywhere. */
static void it_is_read_the_same_wherever_it_is_cut(void **state) {
  struct slip_deflate *server = server_half();
  struct slip_span packed;
  char frames[200] = {SLIP_WS_TEXT | COMPRESSED};
  CHECK_OK(
      slip_deflate_pack(server, SLIP_SPAN("[\"1\",null,\"room:1\",\"tick\",{\"i\":1}]"), &packed));
  char half = (char)(packed.size / 2), rest = (char)(packed.size - packed.size / 2);
  frames[1] = half;
  memcpy(frames + 2, packed.at, (size_t)half);
  memcpy(frames + 2 + half, "\x89\x00\x80", 3);
  frames[2 + half + 3] = rest;
  memcpy(frames + 2 + half + 4, packed.at + half, (size_t)rest);
  size_t size = 6 + packed.size;
  for (size_t cut = 0; cut <= size; cut++) {
    struct phx *p = compressed_in_room(state);
    phx_feed(p, (struct slip_span){frames, cut});
    phx_feed(p, (struct slip_span){frames + cut, size - cut});
    phx_expect(p, "message room:1 tick {\"i\":1}");
    phx_expect_nothing(p);
  }
  slip_deflate_free(server);
}

static void a_bomb_ends_the_connection(void **state) {
  struct slip_session_config config = compressing();
  config.max_message_bytes = 1000;
  struct phx *p = in_room(state, &config, TAKEN_UP);
  struct slip_deflate *server = server_half();
  char bomb[1002] = {0};
  memset(bomb, ' ', sizeof bomb - 1);
  say(p, server, bomb);
  phx_expect_sent_close(p, 1009);
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (message_too_big 1009 a compressed message over the limit)");
  slip_deflate_free(server);
}

static void what_cannot_be_decompressed_ends_the_connection(void **state) {
  struct phx *p = compressed_in_room(state);
  phx_frame(p, 0x80 | COMPRESSED | SLIP_WS_BINARY, SLIP_SPAN("\xff\xff"));
  phx_expect_sent_close(p, 1002);
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (protocol_error 1002 a message that cannot be decompressed)");
}

static void text_is_checked_when_it_is_decompressed(void **state) {
  struct phx *p = compressed_in_room(state);
  struct slip_deflate *server = server_half();
  say(p, server, "[\"1\",null,\"room:1\",\"tick\",\"\xff\"]");
  phx_expect_sent_close(p, 1007);
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (protocol_error 1007 text that is not UTF-8)");
  slip_deflate_free(server);
}

static void terms_beyond_the_offer_fail_the_upgrade(void **state) {
  struct slip_session_config config = compressing();
  phx_free(*state);
  struct phx *p = *state = phx_new(&config);
  p->extensions = "sec-websocket-extensions: permessage-deflate; client_max_window_bits=8\r\n";
  CHECK_OK(slip_session_connect(p->session));
  phx_drain(p);
  phx_expect(p, "connect_due 1");
  phx_dial(p);
  phx_answer(p);
  phx_expect(p, "ABORT");
  phx_expect(p,
             "disconnected (connect_failed upgrade the server asks for a window of 8 bits, which "
             "zlib cannot compress for)");
}

static void each_connection_begins_without_a_context(void **state) {
  struct phx *p = compressed_in_room(state);
  char message[512];
  long_push(p, "2", message);
  phx_lose(p);
  p->extensions = TAKEN_UP;
  slip_buf_clear(&p->sent);
  phx_open(p);
  phx_drain(p);
  struct slip_deflate *server = server_half();
  phx_expect_sent(p, "[\"3\",\"3\",\"room:1\",\"phx_join\",{}]");
  phx_text(p, "[\"3\",\"3\",\"room:1\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]");
  say(p, server, "[\"3\",null,\"room:1\",\"tick\",{}]");
  long_push(p, "4", message);
  message[2] = '3'; /* the join_ref */
  expect_packed(p, server, message);
  slip_deflate_free(server);
}

/* One push after the other; one of them fails for want of memory, and the server can still read all
 * that follow. True when some allocation failed. */
static bool push_without_memory(void **state, unsigned failing) {
  static const char text[] = "{\"loremipsumdolorsitamet\":\"consecteturadipiscingelit\"}";
  struct slip_session_config config = compressing();
  config.compress.threshold = 1;
  phx_free(*state);
  struct phx *p = *state = phx_new(&config);
  p->extensions = TAKEN_UP;
  phx_open(p);
  struct slip_deflate *server = server_half();
  struct slip_push push = {.topic = SLIP_SPAN("room:1"),
                           .event = SLIP_SPAN("hi"),
                           .payload = {SLIP_JSON, slip_span_of(text)}};
  uint64_t ref;
  char frame[2048];
  struct slip_span data, out;
  phx_join(p, "room:1");
  (void)phx_take_frame(p, frame, sizeof frame, &data);
  CHECK_OK(slip_deflate_unpack(server, data, 1000, &out));
  phx_text(p, "[\"1\",\"1\",\"room:1\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]");
  memory_fails_at(failing);
  enum slip_err first = slip_session_push(p->session, &push, &ref);
  bool has_failed = memory_has_failed();
  assert_int_equal(first, has_failed ? SLIP_ENOMEM : SLIP_OK);
  CHECK_OK(slip_session_push(p->session, &push, &ref));
  for (int i = first == SLIP_OK ? 0 : 1; i < 2; i++) {
    (void)phx_take_frame(p, frame, sizeof frame, &data);
    CHECK_OK(slip_deflate_unpack(server, data, 1000, &out));
    assert_true(out.size > sizeof text);
  }
  phx_expect_sent_nothing(p);
  slip_deflate_free(server);
  return has_failed;
}

static void a_push_that_fails_for_want_of_memory_spoils_none_after_it(void **state) {
  unsigned failing = 0;
  while (push_without_memory(state, failing))
    failing++;
  assert_true(failing > 2); /* the outbox, what is packed, what is pending */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PHX_SPEC(compression_is_offered_only_when_it_is_wanted),
      PHX_SPEC(a_long_message_goes_compressed_and_a_short_one_as_it_is),
      PHX_SPEC(a_server_that_does_not_take_it_up_gets_plain_messages),
      PHX_SPEC(what_the_server_compressed_is_read),
      PHX_SPEC(it_is_read_the_same_wherever_it_is_cut),
      PHX_SPEC(a_bomb_ends_the_connection),
      PHX_SPEC(what_cannot_be_decompressed_ends_the_connection),
      PHX_SPEC(text_is_checked_when_it_is_decompressed),
      PHX_SPEC(terms_beyond_the_offer_fail_the_upgrade),
      PHX_SPEC(each_connection_begins_without_a_context),
      PHX_SPEC(a_push_that_fails_for_want_of_memory_spoils_none_after_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
