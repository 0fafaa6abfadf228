/* Through a proxy; the server of the story is the proxy here, and what is behind it. */
#include "net/tls.h"
#include "net/tunnel.h"
#include "spec/support/net_story.h"
#include "spec/support/tls_server.h"

#define CONNECT_CHAT "CONNECT chat.invalid:443 HTTP/1.1\r\nHost: chat.invalid:443\r\n"
#define LET_THROUGH "HTTP/1.1 200 Connection established\r\n\r\n"

/* Dials a name that no resolver has, through the proxy on that port. */
static void dial_through(struct net_story *s, uint16_t port, struct slip_span credentials,
                         struct slip_tls_config *tls) {
  struct slip_net *net = slip_network_net(s->network);
  const struct slip_proxy proxy = {SLIP_SPAN("127.0.0.1"), port, credentials};
  const struct slip_target target = {
      .host = SLIP_SPAN("chat.invalid"), .port = 443, .proxy = &proxy, .tls = tls};
  CHECK_OK(net->dial(net, &target, &owner_handler, &s->owner, &s->owner.stream));
  assert_int_equal(s->owner.heard.size, 0); /* nothing is said from inside the dial */
}

static void dial(struct net_story *s) {
  dial_through(s, s->server.port, (struct slip_span){0}, NULL);
}

static bool has_request(const struct net_story *s) {
  size_t size = s->server.got.size;
  return size >= 4 && memcmp(slip_buf_span(&s->server.got).at + size - 4, "\r\n\r\n", 4) == 0;
}

static void dial_and_ask(struct net_story *s) {
  dial(s);
  RUN_UNTIL(s, has_request(s));
}

static void expect_failure(struct net_story *s, const char *text) {
  RUN_UNTIL(s, s->owner.has_ended);
  CHECK_OK(slip_buf_append(&s->owner.text, (struct slip_span){"", 1}));
  assert_string_equal(s->owner.text.memory, text);
  assert_int_equal(s->owner.kind, SLIP_REASON_CONNECT_FAILED);
  assert_int_equal(s->owner.stage, SLIP_STAGE_PROXY);
  CHECK_SPAN(slip_buf_span(&s->owner.heard), "proxy ended ");
}

static void the_proxy_gets_the_name_and_resolves_it(void **state) {
  struct net_story *s = *state;
  dial_and_ask(s);
  CHECK_SPAN(slip_buf_span(&s->server.got), CONNECT_CHAT "\r\n");
  CHECK_SPAN(slip_buf_span(&s->owner.heard), "proxy ");
}

static void the_proxy_gets_the_credentials(void **state) {
  struct net_story *s = *state;
  dial_through(s, s->server.port, SLIP_SPAN("user:password"), NULL);
  RUN_UNTIL(s, has_request(s));
  CHECK_SPAN(slip_buf_span(&s->server.got),
             CONNECT_CHAT "Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA==\r\n\r\n");
}

static void bytes_go_both_ways_once_it_lets_through(void **state) {
  struct net_story *s = *state;
  dial_and_ask(s);
  bare_server_send(&s->server, SLIP_SPAN(LET_THROUGH));
  RUN_UNTIL(s, s->owner.is_open);
  slip_buf_clear(&s->server.got);
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("hello")), 5);
  RUN_UNTIL(s, s->server.got.size == 5);
  CHECK_SPAN(slip_buf_span(&s->server.got), "hello");
  bare_server_send(&s->server, SLIP_SPAN("world"));
  RUN_UNTIL(s, s->owner.bytes.size == 5);
  CHECK_SPAN(slip_buf_span(&s->owner.bytes), "world");
  CHECK_SPAN(slip_buf_span(&s->owner.heard), "proxy opened ");
}

static void what_comes_with_the_answer_is_not_lost(void **state) {
  struct net_story *s = *state;
  dial_and_ask(s);
  bare_server_send(&s->server, SLIP_SPAN(LET_THROUGH "from behind"));
  RUN_UNTIL(s, s->owner.bytes.size == 11);
  CHECK_SPAN(slip_buf_span(&s->owner.bytes), "from behind");
  CHECK_SPAN(slip_buf_span(&s->owner.heard), "proxy opened ");
}

/* Each byte in a turn of its own. */
static void the_answer_may_come_byte_by_byte(void **state) {
  struct net_story *s = *state;
  dial_and_ask(s);
  uv_tcp_nodelay(&s->server.peer, 1);
  const char answer[] = LET_THROUGH "x";
  for (size_t i = 0; i < sizeof answer - 1; i++) {
    assert_int_equal(s->owner.bytes.size, 0);
    bare_server_send(&s->server, (struct slip_span){answer + i, 1});
    (void)uv_run(&s->loop, UV_RUN_NOWAIT);
  }
  RUN_UNTIL(s, s->owner.bytes.size == 1);
  assert_true(s->owner.is_open);
}

static void a_refusal_has_the_words_of_the_proxy(void **state) {
  struct net_story *s = *state;
  dial_and_ask(s);
  bare_server_send(&s->server, SLIP_SPAN("HTTP/1.1 403 Not on my watch\r\n\r\nand more"));
  expect_failure(s, "Not on my watch");
}

static void an_answer_that_is_none_is_a_failure(void **state) {
  struct net_story *s = *state;
  dial_and_ask(s);
  bare_server_send(&s->server, SLIP_SPAN("SSH-2.0-OpenSSH_9.2\r\n"));
  expect_failure(s, "it answered with something that is not HTTP/1.1");
}

static void an_end_before_the_answer_is_a_failure(void **state) {
  struct net_story *s = *state;
  dial_and_ask(s);
  bare_server_drop(&s->server);
  expect_failure(s, "it closed the connection before it answered");
}

static void an_end_after_a_refusal_is_not_told(void **state) {
  struct net_story *s = *state;
  dial_and_ask(s);
  bare_server_send(&s->server, SLIP_SPAN("HTTP/1.0 500 Unable to connect\r\n\r\n"));
  bare_server_drop(&s->server);
  expect_failure(s, "Unable to connect");
  for (int i = 0; i < 5; i++)
    (void)uv_run(&s->loop, UV_RUN_NOWAIT);
  CHECK_SPAN(slip_buf_span(&s->owner.heard), "proxy ended ");
}

static void a_proxy_that_is_not_there_fails_as_the_proxy(void **state) {
  struct net_story *s = *state;
  struct sockaddr_in address;
  int size = sizeof address;
  uv_tcp_t holder; /* of a port where nobody listens */
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_init(&s->loop, &holder);
  assert_int_equal(uv_tcp_bind(&holder, (struct sockaddr *)&address, 0), 0);
  uv_tcp_getsockname(&holder, (struct sockaddr *)&address, &size);
  dial_through(s, ntohs(address.sin_port), (struct slip_span){0}, NULL);
  char text[64];
  snprintf(text, sizeof text, "connection refused by 127.0.0.1:%u", ntohs(address.sin_port));
  expect_failure(s, text);
  uv_close((uv_handle_t *)&holder, NULL);
  (void)uv_run(&s->loop, UV_RUN_NOWAIT);
}

static void it_may_be_closed_at_any_time(void **state) {
  struct net_story *s = *state;
  dial(s);
  owner_close(&s->owner, false); /* before it began */
  dial_and_ask(s);
  owner_close(&s->owner, true); /* while the proxy says nothing */
  RUN_UNTIL(s, slip_network_count(s->network) == 0);
}

/* The owner has closed; the next dial finds the server free. */
static void let_go(struct net_story *s) {
  RUN_UNTIL(s, slip_network_count(s->network) == 0);
  if (s->server.has_peer)
    bare_server_drop(&s->server);
  RUN_UNTIL(s, !s->server.has_peer);
}

static void it_may_be_closed_from_inside(void **state) {
  struct net_story *s = *state;
  static const char *const moments[] = {"proxy", "opened", "received"};
  for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
    s->owner.close_at = moments[i];
    slip_buf_clear(&s->server.got);
    slip_buf_clear(&s->owner.heard);
    dial(s);
    RUN_UNTIL(s, s->owner.stream == NULL || has_request(s));
    if (s->owner.stream != NULL)
      bare_server_send(&s->server, SLIP_SPAN(LET_THROUGH "from behind"));
    RUN_UNTIL(s, s->owner.stream == NULL);
    let_go(s);
  }
}

static void it_may_be_closed_when_it_is_told_of_a_refusal(void **state) {
  struct net_story *s = *state;
  s->owner.close_at = "ended";
  dial_and_ask(s);
  bare_server_send(&s->server, SLIP_SPAN("HTTP/1.1 403 Forbidden\r\n\r\n"));
  expect_failure(s, "Forbidden");
  RUN_UNTIL(s, slip_network_count(s->network) == 0);
}

static void tls_is_spoken_with_the_target_behind_it(void **state) {
  struct net_story *s = *state;
  struct certificate ca = certificate_make_ca("spec CA");
  struct certificate leaf = certificate_make(&ca, "DNS:chat.invalid", -1);
  struct tls_server *server = calloc(1, sizeof *server);
  const struct slip_tls_settings settings = {.verify = false};
  struct slip_tls_config *config;
  char text[200];
  CHECK_OK(slip_tls_config_new(&settings, text, sizeof text, &config));
  dial_through(s, s->server.port, (struct slip_span){0}, config);
  RUN_UNTIL(s, has_request(s));
  tls_server_open(server, &s->server, &leaf, NULL);
  bare_server_send(&s->server, SLIP_SPAN(LET_THROUGH));
  RUN_UNTIL(s, s->owner.is_open && server->is_open);
  CHECK_SPAN(slip_buf_span(&s->owner.heard), "proxy tls opened ");
  assert_string_equal(server->sni, "chat.invalid");
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("hello")), 5);
  RUN_UNTIL(s, server->got.size == 5);
  CHECK_SPAN(slip_buf_span(&server->got), "hello");
  owner_close(&s->owner, false);
  let_go(s);
  slip_tls_config_release(config);
  tls_server_close(server);
  free(server);
  certificate_free(&leaf);
  certificate_free(&ca);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, net_story_begin, net_story_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      STORY(the_proxy_gets_the_name_and_resolves_it),
      STORY(the_proxy_gets_the_credentials),
      STORY(bytes_go_both_ways_once_it_lets_through),
      STORY(what_comes_with_the_answer_is_not_lost),
      STORY(the_answer_may_come_byte_by_byte),
      STORY(a_refusal_has_the_words_of_the_proxy),
      STORY(an_answer_that_is_none_is_a_failure),
      STORY(an_end_before_the_answer_is_a_failure),
      STORY(an_end_after_a_refusal_is_not_told),
      STORY(a_proxy_that_is_not_there_fails_as_the_proxy),
      STORY(it_may_be_closed_at_any_time),
      STORY(it_may_be_closed_from_inside),
      STORY(it_may_be_closed_when_it_is_told_of_a_refusal),
      STORY(tls_is_spoken_with_the_target_behind_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
