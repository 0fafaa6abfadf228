#include "core/http_request.h"
#include "spec/support/check.h"

enum { MAX = 1000 };

/* Gathers a head from pieces of `size` bytes; what is behind it stays in *rest. */
static enum slip_err gather(struct slip_http_lines *lines, struct slip_span bytes, size_t size,
                            struct slip_span *rest) {
  enum slip_err err = SLIP_OK;
  slip_http_lines_init(lines, MAX);
  while (err == SLIP_OK && bytes.size > 0 && !lines->is_whole) {
    struct slip_span in = {bytes.at, size < bytes.size ? size : bytes.size};
    size_t given = in.size;
    err = slip_http_lines_feed(lines, &in);
    bytes = slip_span_skip(bytes, given - in.size);
  }
  *rest = bytes;
  return err;
}

/* Reads a whole head, of which the spans in *out are; the caller clears the lines. */
static enum slip_err read_text(const char *text, struct slip_http_lines *lines,
                               struct slip_http_request *out) {
  struct slip_span rest;
  CHECK_OK(gather(lines, slip_span_of(text), strlen(text), &rest));
  assert_true(lines->is_whole);
  return slip_http_request_read(lines, out);
}

static void takes_a_request_apart(void **state) {
  (void)state;
  struct slip_http_lines lines;
  struct slip_http_request request;
  CHECK_OK(read_text("GET /a%20b/c?d=e&f HTTP/1.1\r\nHost: x\r\n\r\n", &lines, &request));
  CHECK_SPAN(request.method, "GET");
  CHECK_SPAN(request.path, "/a%20b/c");
  CHECK_SPAN(request.query, "d=e&f");
  CHECK_SPAN(request.version, "HTTP/1.1");
  CHECK_SPAN(request.headers, "Host: x\r\n");
  slip_http_lines_clear(&lines);
}

static void tells_no_query_from_an_empty_one(void **state) {
  (void)state;
  struct slip_http_lines lines;
  struct slip_http_request request;
  CHECK_OK(read_text("GET / HTTP/1.0\n\n", &lines, &request));
  assert_true(slip_span_is_absent(request.query));
  slip_http_lines_clear(&lines);
  CHECK_OK(read_text("GET /? HTTP/1.0\n\n", &lines, &request));
  CHECK_SPAN(request.query, "");
  assert_false(slip_span_is_absent(request.query));
  slip_http_lines_clear(&lines);
}

static void reads_the_target_of_connect_only_as_an_authority(void **state) {
  (void)state;
  struct slip_http_lines lines;
  struct slip_http_request request;
  CHECK_OK(read_text("CONNECT a.example:443 HTTP/1.1\r\n\r\n", &lines, &request));
  CHECK_SPAN(request.path, "a.example:443");
  slip_http_lines_clear(&lines);
  assert_int_equal(read_text("GET a.example:443 HTTP/1.1\r\n\r\n", &lines, &request),
                   SLIP_EMALFORMED);
  slip_http_lines_clear(&lines);
}

static void refuses_what_is_no_request(void **state) {
  (void)state;
  static const char *const heads[] = {
      "\r\n",
      "GET\r\n\r\n",
      "GET /\r\n\r\n",
      "GET  HTTP/1.1\r\n\r\n",
      " / HTTP/1.1\r\n\r\n",
      "G(T / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1 \r\n\r\n",
      "GET / HTTP/11\r\n\r\n",
      "GET / HTTP/a.b\r\n\r\n",
      "GET / http/1.1\r\n\r\n",
      "GET /a b HTTP/1.1\r\n\r\n",
      "GET * HTTP/1.1\r\n\r\n",
      "GET ?a HTTP/1.1\r\n\r\n",
      "GET /% HTTP/1.1\r\n\r\n",
      "GET /?a=%0 HTTP/1.1\r\n\r\n",
      "GET /?a=%zz HTTP/1.1\r\n\r\n",
      "GET /\x01 HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nno colon\r\n\r\n",
      "GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
      "GET / HTTP/1.1\r\nA: \x01\r\n\r\n",
  };
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
    struct slip_http_lines lines;
    struct slip_http_request request = {.method = SLIP_SPAN("untouched")};
    enum slip_err err = read_text(heads[i], &lines, &request);
    if (err != SLIP_EMALFORMED)
      fail_msg("%s", heads[i]);
    CHECK_SPAN(request.method, "untouched");
    slip_http_lines_clear(&lines);
  }
}

static void leaves_what_is_behind_the_head_wherever_it_is_cut(void **state) {
  (void)state;
  struct slip_span bytes = SLIP_SPAN("GET / HTTP/1.1\r\nA: b\n\r\n\x81\x80more\r\n\r\n");
  for (size_t size = 1; size <= bytes.size; size++) {
    struct slip_http_lines lines;
    struct slip_span rest;
    CHECK_OK(gather(&lines, bytes, size, &rest));
    assert_true(lines.is_whole);
    CHECK_SPAN(rest, "\x81\x80more\r\n\r\n");
    slip_http_lines_clear(&lines);
  }
}

static void stops_at_its_maximum(void **state) {
  (void)state;
  char text[MAX + 5];
  struct slip_http_lines lines;
  struct slip_span rest;
  memset(text, 'a', sizeof text);
  memcpy(text + MAX - 4, "\r\n\r\n", 4);
  CHECK_OK(gather(&lines, (struct slip_span){text, MAX}, 100, &rest));
  assert_true(lines.is_whole);
  slip_http_lines_clear(&lines);
  memcpy(text + MAX - 4, "a\r\n\r\n", 5);
  assert_int_equal(gather(&lines, (struct slip_span){text, MAX + 1}, 100, &rest), SLIP_ETOOBIG);
  slip_http_lines_clear(&lines);
}

static void begins_another_head(void **state) {
  (void)state;
  struct slip_http_lines lines;
  struct slip_http_request request;
  struct slip_span second = SLIP_SPAN("PUT /second HTTP/1.1\r\n\r\n");
  CHECK_OK(read_text("GET /first HTTP/1.1\r\nA: b\r\n\r\n", &lines, &request));
  slip_http_lines_restart(&lines);
  CHECK_OK(slip_http_lines_feed(&lines, &second));
  CHECK_OK(slip_http_request_read(&lines, &request));
  CHECK_SPAN(request.method, "PUT");
  CHECK_SPAN(request.path, "/second");
  slip_http_lines_clear(&lines);
}

static void tells_upgrades_and_the_last_request(void **state) {
  (void)state;
  static const struct {
    const char *version, *headers;
    bool is_upgrade, is_last;
  } rows[] = {
      {"HTTP/1.1", "", false, false},
      {"HTTP/1.0", "", false, true},
      {"HTTP/1.1", "Upgrade: WebSocket\r\n", true, false},
      {"HTTP/1.1", "Upgrade: h2c, websocket\r\n", true, false},
      {"HTTP/1.1", "Upgrade: h2c\r\n", false, false},
      {"HTTP/1.1", "Connection: keep-alive, Close\r\n", false, true},
      {"HTTP/1.1", "Content-Length: 0\r\n", false, false},
      {"HTTP/1.1", "Content-Length: 1\r\n", false, true},
      {"HTTP/1.1", "Transfer-Encoding: chunked\r\n", false, true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[200];
    struct slip_http_lines lines;
    struct slip_http_request request;
    snprintf(text, sizeof text, "GET / %s\r\n%s\r\n", rows[i].version, rows[i].headers);
    CHECK_OK(read_text(text, &lines, &request));
    assert_int_equal(slip_http_request_is_upgrade(&request), rows[i].is_upgrade);
    assert_int_equal(slip_http_request_is_last(&request), rows[i].is_last);
    slip_http_lines_clear(&lines);
  }
}

static void joins_headers_of_one_name(void **state) {
  (void)state;
  struct slip_http_lines lines;
  struct slip_http_request request;
  struct slip_buf out = {0};
  bool is_there = false;
  CHECK_OK(read_text("GET / HTTP/1.1\r\nA: 1\r\nB:\r\na:  2 \r\n\r\n", &lines, &request));
  CHECK_OK(slip_http_request_header(&request, SLIP_SPAN("a"), &out, &is_there));
  assert_true(is_there);
  CHECK_SPAN(slip_buf_span(&out), "1, 2");
  slip_buf_clear(&out);
  CHECK_OK(slip_http_request_header(&request, SLIP_SPAN("b"), &out, &is_there));
  assert_true(is_there);
  assert_int_equal(out.size, 0);
  CHECK_OK(slip_http_request_header(&request, SLIP_SPAN("c"), &out, &is_there));
  assert_false(is_there);
  slip_http_lines_clear(&lines);
}

static void unescapes_any_byte(void **state) {
  (void)state;
  struct slip_buf out = {0};
  CHECK_OK(slip_http_unescape(SLIP_SPAN("a+%0a%00%fF%41+"), true, &out));
  CHECK_SPAN(slip_buf_span(&out), "a \n\0\xff"
                                  "A ");
  slip_buf_clear(&out);
  CHECK_OK(slip_http_unescape(SLIP_SPAN("/a+b%20c"), false, &out));
  CHECK_SPAN(slip_buf_span(&out), "/a+b c");
  slip_buf_clear(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_a_request_apart),
      cmocka_unit_test(tells_no_query_from_an_empty_one),
      cmocka_unit_test(reads_the_target_of_connect_only_as_an_authority),
      cmocka_unit_test(refuses_what_is_no_request),
      cmocka_unit_test(leaves_what_is_behind_the_head_wherever_it_is_cut),
      cmocka_unit_test(stops_at_its_maximum),
      cmocka_unit_test(begins_another_head),
      cmocka_unit_test(tells_upgrades_and_the_last_request),
      cmocka_unit_test(joins_headers_of_one_name),
      cmocka_unit_test(unescapes_any_byte),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
