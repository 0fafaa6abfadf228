#include "core/upgrade.h"
#include "spec/support/check.h"

static struct slip_upgrade_request request_to(struct slip_span host, struct slip_span target) {
  struct slip_upgrade_request request = {.host = host, .target = target};
  memcpy(request.nonce, "the sample nonce", sizeof request.nonce);
  return request;
}

static struct slip_buf write(const struct slip_upgrade_request *request) {
  struct slip_buf b = {0};
  const char *fault;
  CHECK_OK(slip_upgrade_write(request, &b, &fault));
  return b;
}

static void writes_the_handshake(void **state) {
  (void)state;
  struct slip_upgrade_request request =
      request_to(SLIP_SPAN("localhost:4000"), SLIP_SPAN("/socket/websocket?vsn=2.0.0"));
  struct slip_buf b = write(&request);
  CHECK_SPAN(slip_buf_span(&b), "GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\n"
                                "Host: localhost:4000\r\n"
                                "Upgrade: websocket\r\n"
                                "Connection: Upgrade\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                "Sec-WebSocket-Version: 13\r\n"
                                "\r\n");
  slip_buf_clear(&b);
}

static void writes_subprotocols_and_headers_in_their_order(void **state) {
  (void)state;
  const struct slip_header headers[] = {
      {SLIP_SPAN("X-B"), SLIP_SPAN("1")},
      {SLIP_SPAN("x-a"), SLIP_SPAN("caf\xc3\xa9\tau lait")},
      {SLIP_SPAN("X-B"), SLIP_SPAN("")},
  };
  struct slip_upgrade_request request = request_to(SLIP_SPAN("[::1]"), SLIP_SPAN("/"));
  request.protocols = SLIP_SPAN("phoenix, base64url.bearer.phx.c2Vjc+8/");
  request.headers = headers;
  request.header_count = 3;
  struct slip_buf b = write(&request);
  const char *behind = strstr(b.memory, "Version: 13\r\n") + strlen("Version: 13\r\n");
  CHECK_SPAN(((struct slip_span){behind, (size_t)(b.memory + b.size - behind)}),
             "Sec-WebSocket-Protocol: phoenix, base64url.bearer.phx.c2Vjc+8/\r\n"
             "X-B: 1\r\n"
             "x-a: caf\xc3\xa9\tau lait\r\n"
             "X-B: \r\n"
             "\r\n");
  slip_buf_clear(&b);
}

static void check_first_line(struct slip_span target, const char *line) {
  struct slip_upgrade_request request = request_to(SLIP_SPAN("h"), target);
  struct slip_buf b = write(&request);
  assert_true(b.size > strlen(line));
  assert_memory_equal(b.memory, line, strlen(line));
  slip_buf_clear(&b);
}

static void asks_for_the_root_when_there_is_no_path(void **state) {
  (void)state;
  check_first_line((struct slip_span){0}, "GET / HTTP/1.1\r\n");
  check_first_line(SLIP_SPAN(""), "GET / HTTP/1.1\r\n");
  check_first_line(SLIP_SPAN("?a=b"), "GET /?a=b HTTP/1.1\r\n");
}

static void check_refuses(const struct slip_upgrade_request *request, const char *words) {
  struct slip_buf b = {0};
  const char *fault = "";
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("before")));
  assert_int_equal(slip_upgrade_write(request, &b, &fault), SLIP_EINVAL);
  assert_non_null(strstr(fault, words));
  CHECK_SPAN(slip_buf_span(&b), "before");
  slip_buf_clear(&b);
}

static void check_refuses_target(struct slip_span target) {
  struct slip_upgrade_request request = request_to(SLIP_SPAN("h"), target);
  check_refuses(&request, "path must");
}

static void refuses_a_target_that_would_be_a_second_request(void **state) {
  (void)state;
  check_refuses_target(SLIP_SPAN("/a\r\nX: y"));
  check_refuses_target(SLIP_SPAN("/a\nb"));
  check_refuses_target(SLIP_SPAN("/a b"));
  check_refuses_target(SLIP_SPAN("/a\0b"));
  check_refuses_target(SLIP_SPAN("/\x7f"));
  check_refuses_target(SLIP_SPAN("/\xc3\xa9"));
  check_refuses_target(SLIP_SPAN("a"));
}

static void refuses_a_host_that_is_none(void **state) {
  (void)state;
  struct slip_upgrade_request empty = request_to(SLIP_SPAN(""), SLIP_SPAN("/"));
  struct slip_upgrade_request broken = request_to(SLIP_SPAN("h\r\nX: y"), SLIP_SPAN("/"));
  check_refuses(&empty, "host must");
  check_refuses(&broken, "host must");
}

static void check_refuses_protocols(struct slip_span protocols) {
  struct slip_upgrade_request request = request_to(SLIP_SPAN("h"), SLIP_SPAN("/"));
  request.protocols = protocols;
  check_refuses(&request, "subprotocols must");
}

static void refuses_subprotocols_that_are_no_tokens(void **state) {
  (void)state;
  check_refuses_protocols(SLIP_SPAN(""));
  check_refuses_protocols(SLIP_SPAN(" , "));
  check_refuses_protocols(SLIP_SPAN("a, b c"));
  check_refuses_protocols(SLIP_SPAN("a\r\nX: y"));
  check_refuses_protocols(SLIP_SPAN("padded=="));
}

static void check_refuses_header(struct slip_span name, struct slip_span value, const char *words) {
  struct slip_header header = {name, value};
  struct slip_upgrade_request request = request_to(SLIP_SPAN("h"), SLIP_SPAN("/"));
  request.headers = &header;
  request.header_count = 1;
  check_refuses(&request, words);
}

static void refuses_a_header_that_would_be_two(void **state) {
  (void)state;
  check_refuses_header(SLIP_SPAN("X"), SLIP_SPAN("a\r\nY: b"), "header value must");
  check_refuses_header(SLIP_SPAN("X"), SLIP_SPAN("a\nb"), "header value must");
  check_refuses_header(SLIP_SPAN("X"), SLIP_SPAN("a\rb"), "header value must");
  check_refuses_header(SLIP_SPAN("X"), SLIP_SPAN("a\0b"), "header value must");
  check_refuses_header(SLIP_SPAN(""), SLIP_SPAN("a"), "header name must");
  check_refuses_header(SLIP_SPAN("X:"), SLIP_SPAN("a"), "header name must");
  check_refuses_header(SLIP_SPAN("X Y"), SLIP_SPAN("a"), "header name must");
  check_refuses_header(SLIP_SPAN("X\r\nY"), SLIP_SPAN("a"), "header name must");
}

static void refuses_a_header_that_the_handshake_itself_sends(void **state) {
  (void)state;
  const char *names[] = {"Host",
                         "upgrade",
                         "CONNECTION",
                         "Content-Length",
                         "Transfer-Encoding",
                         "sec-websocket-key",
                         "Sec-WebSocket-Protocol"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    check_refuses_header(slip_span_of(names[i]), SLIP_SPAN("x"), "itself sends");
}

static void appends_nothing_when_the_buffer_is_too_small(void **state) {
  (void)state;
  struct slip_upgrade_request request = request_to(SLIP_SPAN("h"), SLIP_SPAN("/"));
  struct slip_buf whole = write(&request);
  for (size_t max = 1; max < whole.size; max++) {
    struct slip_buf b;
    const char *fault;
    slip_buf_init(&b, max);
    assert_int_equal(slip_upgrade_write(&request, &b, &fault), SLIP_ETOOBIG);
    assert_int_equal(b.size, 0);
    slip_buf_clear(&b);
  }
  slip_buf_clear(&whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(writes_the_handshake),
      cmocka_unit_test(writes_subprotocols_and_headers_in_their_order),
      cmocka_unit_test(asks_for_the_root_when_there_is_no_path),
      cmocka_unit_test(refuses_a_target_that_would_be_a_second_request),
      cmocka_unit_test(refuses_a_host_that_is_none),
      cmocka_unit_test(refuses_subprotocols_that_are_no_tokens),
      cmocka_unit_test(refuses_a_header_that_would_be_two),
      cmocka_unit_test(refuses_a_header_that_the_handshake_itself_sends),
      cmocka_unit_test(appends_nothing_when_the_buffer_is_too_small),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
