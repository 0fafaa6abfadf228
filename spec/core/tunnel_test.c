#include "core/limits.h"
#include "core/tunnel.h"
#include "spec/support/check.h"

/* What one reading came to; compared between cuts. */
struct result {
  enum slip_err err;
  const char *fault;
  bool is_done;
  bool is_open;
  uint16_t status;
  size_t left; /* bytes that it did not read */
  char reason[64];
};

/* Feeds pieces of `size` bytes, the first of `first`, until the answer is whole. */
static struct result read_in_pieces(struct slip_span bytes, size_t first, size_t size) {
  struct result result = {0};
  struct slip_tunnel_reader reader;
  slip_tunnel_reader_init(&reader);
  for (size_t next = first; bytes.size > 0 && !result.is_done; next = size) {
    struct slip_span in = {bytes.at, next < bytes.size ? next : bytes.size};
    size_t given = in.size;
    result.err = slip_tunnel_reader_feed(&reader, &in, &result.is_done);
    bytes = slip_span_skip(bytes, given - in.size);
    if (result.err != SLIP_OK)
      break;
  }
  result.fault = reader.fault;
  result.left = bytes.size;
  if (result.is_done) {
    struct slip_span reason = slip_http_head_reason(&reader.head);
    result.is_open = slip_tunnel_reader_is_open(&reader);
    result.status = reader.head.status;
    snprintf(result.reason, sizeof result.reason, "%.*s", (int)reason.size, reason.at);
  }
  slip_tunnel_reader_clear(&reader);
  return result;
}

static void check_same(const struct result *a, const struct result *b) {
  assert_int_equal(a->err, b->err);
  assert_ptr_equal(a->fault, b->fault);
  if (a->err != SLIP_OK)
    return;
  assert_int_equal(a->is_done, b->is_done);
  assert_int_equal(a->is_open, b->is_open);
  assert_int_equal(a->status, b->status);
  assert_int_equal(a->left, b->left);
  assert_string_equal(a->reason, b->reason);
}

/* Reads at once, cut in two anywhere, and byte by byte; all must agree. */
static struct result read_every_way(const char *text) {
  struct slip_span bytes = slip_span_of(text);
  struct result whole = read_in_pieces(bytes, bytes.size, bytes.size);
  for (size_t cut = 1; cut < bytes.size; cut++) {
    struct result halves = read_in_pieces(bytes, cut, bytes.size);
    check_same(&whole, &halves);
  }
  struct result bits = read_in_pieces(bytes, 1, 1);
  check_same(&whole, &bits);
  return whole;
}

static void answers_that_let_us_through(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t left;
  } rows[] = {
      {"HTTP/1.1 200 OK\r\n\r\n", 0},
      {"HTTP/1.0 200 Connection established\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n", 0},
      {"HTTP/1.1 200\r\n\r\n", 0},
      {"HTTP/1.1 204 No Content\n\n", 0},
      {"HTTP/1.1 200 OK\r\n\r\nfrom behind", 11},
      {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nthe tunnel's", 12},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 5},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n\r\n", 2},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct result result = read_every_way(rows[i].text);
    CHECK_OK(result.err);
    assert_true(result.is_done && result.is_open);
    assert_int_equal(result.left, rows[i].left);
  }
}

static void answers_that_refuse(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint16_t status;
    const char *reason;
  } rows[] = {
      {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\nbody", 407,
       "Proxy Authentication Required"},
      {"HTTP/1.0 500 Unable to connect\r\n\r\n", 500, "Unable to connect"},
      {"HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n", 302, "Found"},
      {"HTTP/1.1 403\r\n\r\n", 403, ""},
      {"HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 502 Bad\r\n\r\n", 502, "Bad"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct result result = read_every_way(rows[i].text);
    CHECK_OK(result.err);
    assert_true(result.is_done && !result.is_open);
    assert_int_equal(result.status, rows[i].status);
    assert_string_equal(result.reason, rows[i].reason);
  }
}

static void answers_that_are_none(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *fault;
  } rows[] = {
      {"\x05\x01", "it answered with something that is not HTTP/1.1"},
      {"HTTP/2 200 OK\r\n\r\n", "it answered with something that is not HTTP/1.1"},
      {"\x15\x03\x01", "it answered with TLS, and https:// to proxies is not supported"},
      {"HTTP/1.1 2000 OK\r\n\r\n", "its answer has a malformed status line"},
      {"HTTP/1.1 200 OK\r\nno header\r\n\r\n", "its answer has a malformed header line"},
      {"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", "its answer has a malformed header line"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct result result = read_every_way(rows[i].text);
    assert_int_equal(result.err, SLIP_EMALFORMED);
    assert_string_equal(result.fault, rows[i].fault);
  }
}

static void an_unfinished_answer_is_not_done(void **state) {
  (void)state;
  struct result result = read_every_way("HTTP/1.1 200 OK\r\nA: b\r\n");
  CHECK_OK(result.err);
  assert_false(result.is_done);
}

/* "HTTP/1.1 200 OK\r\nA: xxx…\r\n\r\n", that many bytes long. */
static struct result read_answer_of(size_t size) {
  struct slip_buf b = {0};
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("HTTP/1.1 200 OK\r\nA: ")));
  while (b.size < size - 4)
    CHECK_OK(slip_buf_append(&b, SLIP_SPAN("x")));
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("\r\n\r\n")));
  struct result result = read_in_pieces(slip_buf_span(&b), 100, 1000);
  slip_buf_clear(&b);
  return result;
}

static void an_answer_may_be_as_long_as_the_limit_and_no_longer(void **state) {
  (void)state;
  struct result longest = read_answer_of(SLIP_TUNNEL_HEAD_MAX);
  CHECK_OK(longest.err);
  assert_true(longest.is_open);
  struct result longer = read_answer_of(SLIP_TUNNEL_HEAD_MAX + 1);
  assert_int_equal(longer.err, SLIP_ETOOBIG);
  assert_string_equal(longer.fault, "the head of its answer is over 16 KiB");
}

static void check_written(const struct slip_tunnel_request *request, const char *text) {
  struct slip_buf b = {0};
  CHECK_OK(slip_tunnel_write(request, &b));
  CHECK_OK(slip_buf_append(&b, (struct slip_span){"", 1}));
  assert_string_equal(b.memory, text);
  slip_buf_clear(&b);
}

static void asks_for_a_name_as_it_is(void **state) {
  (void)state;
  struct slip_tunnel_request request = {.host = SLIP_SPAN("chat.example"), .port = 443};
  check_written(&request, "CONNECT chat.example:443 HTTP/1.1\r\nHost: chat.example:443\r\n\r\n");
}

static void puts_brackets_around_an_ipv6_address(void **state) {
  (void)state;
  struct slip_tunnel_request request = {.host = SLIP_SPAN("2001:db8::1"), .port = 80};
  check_written(&request, "CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n");
}

static void sends_credentials_in_base64(void **state) {
  (void)state;
  struct slip_tunnel_request request = {
      .host = SLIP_SPAN("a"), .port = 1, .credentials = SLIP_SPAN("Aladdin:open sesame")};
  check_written(&request, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n"
                          "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
  request.credentials = SLIP_SPAN("\r\nX: y:");
  check_written(&request, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n"
                          "Proxy-Authorization: Basic DQpYOiB5Og==\r\n\r\n");
}

static void writes_no_host_that_would_be_a_second_line(void **state) {
  (void)state;
  const char *hosts[] = {"", "a\r\nX: y", "a b", "\xc3\xa4"};
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    struct slip_buf b = {0};
    struct slip_tunnel_request request = {.host = slip_span_of(hosts[i]), .port = 1};
    assert_int_equal(slip_tunnel_write(&request, &b), SLIP_EINVAL);
    assert_int_equal(b.size, 0);
    slip_buf_clear(&b);
  }
}

static void leaves_nothing_half_written(void **state) {
  (void)state;
  struct slip_buf b;
  struct slip_tunnel_request request = {
      .host = SLIP_SPAN("a"), .port = 1, .credentials = SLIP_SPAN("user:password")};
  for (size_t max = 1;; max++) {
    slip_buf_init(&b, max);
    enum slip_err err = slip_tunnel_write(&request, &b);
    size_t size = b.size;
    slip_buf_clear(&b);
    if (err == SLIP_OK)
      break;
    assert_int_equal(err, SLIP_ETOOBIG);
    assert_int_equal(size, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_that_let_us_through),
      cmocka_unit_test(answers_that_refuse),
      cmocka_unit_test(answers_that_are_none),
      cmocka_unit_test(an_unfinished_answer_is_not_done),
      cmocka_unit_test(an_answer_may_be_as_long_as_the_limit_and_no_longer),
      cmocka_unit_test(asks_for_a_name_as_it_is),
      cmocka_unit_test(puts_brackets_around_an_ipv6_address),
      cmocka_unit_test(sends_credentials_in_base64),
      cmocka_unit_test(writes_no_host_that_would_be_a_second_line),
      cmocka_unit_test(leaves_nothing_half_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
