#include "core/limits.h"
#include "core/upgrade.h"
#include "spec/support/check.h"

#define TEXT(literal)                                                                              \
  { (literal), sizeof(literal) - 1 }

/* What one reading came to; compared between cuts. */
struct result {
  enum slip_err err;
  const char *fault;
  enum slip_upgrade_verdict verdict;
  struct slip_upgrade_answer answer;
  size_t left; /* bytes that it did not read */
  struct slip_upgrade_reader *reader;
};

static struct slip_upgrade_reader *reader_for(struct slip_span protocols) {
  struct slip_upgrade_request request = {.host = SLIP_SPAN("a.example"), .protocols = protocols};
  struct slip_buf text = {0};
  const char *fault;
  struct slip_upgrade_reader *reader;
  memcpy(request.nonce, "the sample nonce", sizeof request.nonce);
  CHECK_OK(slip_upgrade_write(&request, &text, &fault));
  CHECK_OK(slip_upgrade_reader_new(slip_buf_span(&text), &request.compress, &reader));
  slip_buf_clear(&text);
  return reader;
}

/* Feeds pieces of `size` bytes, the first of `first`, as long as the answer is unfinished. */
static struct result read_in_pieces(struct slip_span bytes, size_t first, size_t size) {
  struct result result = {.reader = reader_for(SLIP_SPAN("phoenix, other"))};
  for (size_t next = first; bytes.size > 0; next = size) {
    struct slip_span in = {bytes.at, next < bytes.size ? next : bytes.size};
    size_t given = in.size;
    result.err = slip_upgrade_reader_feed(result.reader, &in, &result.verdict);
    bytes = slip_span_skip(bytes, given - in.size);
    if (result.err != SLIP_OK || result.verdict != SLIP_UPGRADE_UNFINISHED)
      break;
    assert_int_equal(in.size, 0);
  }
  result.fault = slip_upgrade_reader_fault(result.reader);
  if (result.err == SLIP_OK && result.verdict != SLIP_UPGRADE_UNFINISHED)
    slip_upgrade_reader_answer(result.reader, &result.answer);
  result.left = bytes.size;
  return result;
}

static void check_same(const struct result *a, const struct result *b) {
  assert_int_equal(a->err, b->err);
  assert_ptr_equal(a->fault, b->fault);
  if (a->err != SLIP_OK)
    return;
  assert_int_equal(a->verdict, b->verdict);
  assert_int_equal(a->left, b->left);
  assert_int_equal(a->answer.status, b->answer.status);
  assert_true(slip_span_is_equal(a->answer.reason, b->answer.reason));
  assert_true(slip_span_is_equal(a->answer.headers, b->answer.headers));
  assert_true(slip_span_is_equal(a->answer.body, b->answer.body));
  assert_true(slip_span_is_equal(a->answer.protocol, b->answer.protocol));
}

/* Reads at once, cut in two anywhere, and byte by byte; the three must agree. */
static struct result read_every_way(struct slip_span bytes) {
  struct result whole = read_in_pieces(bytes, bytes.size, bytes.size);
  for (size_t cut = 1; cut < bytes.size; cut++) {
    struct result halves = read_in_pieces(bytes, cut, bytes.size);
    check_same(&halves, &whole);
    slip_upgrade_reader_free(halves.reader);
  }
  struct result bytewise = read_in_pieces(bytes, 1, 1);
  check_same(&bytewise, &whole);
  slip_upgrade_reader_free(bytewise.reader);
  return whole;
}

static struct result accept(struct slip_span bytes) {
  struct result result = read_every_way(bytes);
  CHECK_OK(result.err);
  assert_int_equal(result.verdict, SLIP_UPGRADE_ACCEPTED);
  return result;
}

static struct result refuse(struct slip_span bytes) {
  struct result result = read_every_way(bytes);
  CHECK_OK(result.err);
  assert_int_equal(result.verdict, SLIP_UPGRADE_REFUSED);
  return result;
}

#define SWITCHING "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static void accepts_the_answer_of_cowboy(void **state) {
  (void)state;
  struct result result = accept(
      SLIP_SPAN("HTTP/1.1 101 Switching Protocols\r\ncache-control: max-age=0, private, "
                "must-revalidate\r\nconnection: Upgrade\r\ndate: Sat, 21 Nov 2026 02:46:28 GMT\r\n"
                "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nserver: Cowboy\r\n"
                "upgrade: websocket\r\n\r\n"));
  assert_int_equal(result.answer.status, 101);
  CHECK_SPAN(result.answer.reason, "Switching Protocols");
  CHECK_SPAN(slip_upgrade_header(result.answer.headers, SLIP_SPAN("Server")), "Cowboy");
  assert_true(slip_span_is_absent(result.answer.protocol));
  slip_upgrade_reader_free(result.reader);
}

static void accepts_the_answer_of_bandit_and_its_choice_of_subprotocol(void **state) {
  (void)state;
  struct result result =
      accept(SLIP_SPAN("HTTP/1.1 101 Switching Protocols\r\ndate: Sat, 21 Nov 2026 02:48:50 GMT\r\n"
                       "upgrade: websocket\r\nconnection: Upgrade\r\n"
                       "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                       "cache-control: max-age=0, private, must-revalidate\r\n"
                       "sec-websocket-protocol: phoenix\r\n\r\n"));
  CHECK_SPAN(result.answer.protocol, "phoenix");
  slip_upgrade_reader_free(result.reader);
}

static void leaves_the_frames_behind_the_answer(void **state) {
  (void)state;
  struct result result =
      accept(SLIP_SPAN(SWITCHING UPGRADE CONNECTION ACCEPT "\r\n\x81\x05\r\n\r\nx"));
  assert_int_equal(result.left, 7);
  slip_upgrade_reader_free(result.reader);
}

static void reads_names_and_tokens_in_any_case_and_in_lists(void **state) {
  (void)state;
  struct result result = accept(SLIP_SPAN("HTTP/1.1 101\r\nUPGRADE:WebSocket\r\n"
                                          "Connection: keep-alive\r\nconnection: x, uPGRADE ,\r\n"
                                          "SEC-websocket-ACCEPT: \t s3pPLMBiTxaQ9kYGzzhZRbK+xOo= "
                                          "\r\n\r\n"));
  CHECK_SPAN(result.answer.reason, "");
  slip_upgrade_reader_free(result.reader);
}

static void takes_lines_that_end_in_lf_alone(void **state) {
  (void)state;
  struct result result = accept(SLIP_SPAN("HTTP/1.1 101 OK\nUpgrade: websocket\n" CONNECTION
                                          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"
                                          "\n\x81"));
  assert_int_equal(result.left, 1);
  slip_upgrade_reader_free(result.reader);
}

static void skips_answers_in_between(void **state) {
  (void)state;
  struct result result = accept(SLIP_SPAN(
      "HTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" SWITCHING UPGRADE CONNECTION ACCEPT "\r\n"));
  assert_int_equal(result.answer.status, 101);
  assert_true(slip_span_is_absent(slip_upgrade_header(result.answer.headers, SLIP_SPAN("Link"))));
  slip_upgrade_reader_free(result.reader);
}

static void keeps_status_headers_and_body_of_a_refusal(void **state) {
  (void)state;
  struct result result = refuse(
      SLIP_SPAN("HTTP/1.1 429 Too Many Requests\r\ncache-control: max-age=0, private, "
                "must-revalidate\r\ncontent-length: 4\r\ndate: Sat, 21 Nov 2026 02:46:21 GMT\r\n"
                "retry-after: 2\r\nserver: Cowboy\r\n\r\nbusy"));
  struct slip_header header;
  struct slip_span headers = result.answer.headers;
  assert_int_equal(result.answer.status, 429);
  CHECK_SPAN(result.answer.reason, "Too Many Requests");
  CHECK_SPAN(slip_upgrade_header(headers, SLIP_SPAN("Retry-After")), "2");
  CHECK_SPAN(result.answer.body, "busy");
  assert_true(slip_upgrade_header_next(&headers, &header));
  CHECK_SPAN(header.name, "cache-control");
  CHECK_SPAN(header.value, "max-age=0, private, must-revalidate");
  for (int i = 0; i < 4; i++)
    assert_true(slip_upgrade_header_next(&headers, &header));
  CHECK_SPAN(header.name, "server");
  assert_false(slip_upgrade_header_next(&headers, &header));
  slip_upgrade_reader_free(result.reader);
}

struct refusal {
  struct slip_span bytes;
  uint16_t status;
  struct slip_span body;
  size_t left;
};

static void finds_where_the_body_of_a_refusal_ends(void **state) {
  (void)state;
  static const struct refusal cases[] = {
      {TEXT("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\nmore"), 403, TEXT(""), 4},
      {TEXT("HTTP/1.0 400 Bad Request\r\nconnection: close\r\nContent-Length: 3\r\n\r\nbadmore"),
       400, TEXT("bad"), 4},
      {TEXT("HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /x\r\n\r\n"), 302, TEXT(""), 0},
      {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), 200, TEXT("hi"), 0},
      {TEXT("HTTP/1.1 204 No Content\r\n\r\n"), 204, TEXT(""), 0},
      {TEXT("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"), 304, TEXT(""), 0},
      {TEXT("HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5;name=value\r\ndown \r\n00A \r\nfor repair\r\n0\r\n"),
       503, TEXT("down for repair"), 0},
      {TEXT("HTTP/1.1 503 X\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 1\r\n\r\n"
            "1\nx\n0\n"),
       503, TEXT("x"), 0},
      /* chunks that are none: what there was is kept */
      {TEXT("HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\nzz"), 503, TEXT("x"), 1},
      {TEXT("HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy"), 503, TEXT("x"), 0},
      {TEXT("HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n1000000000\r\n"), 503, TEXT(""),
       2},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct result result = refuse(cases[i].bytes);
    assert_int_equal(result.answer.status, cases[i].status);
    assert_true(slip_span_is_equal(result.answer.body, cases[i].body));
    assert_int_equal(result.left, cases[i].left);
    slip_upgrade_reader_free(result.reader);
  }
}

static void check_ends(struct slip_span bytes, bool is_refusal, struct slip_span body) {
  struct result result = read_every_way(bytes);
  CHECK_OK(result.err);
  assert_int_equal(result.verdict, SLIP_UPGRADE_UNFINISHED);
  assert_int_equal(slip_upgrade_reader_end(result.reader), is_refusal);
  if (is_refusal) {
    slip_upgrade_reader_answer(result.reader, &result.answer);
    assert_true(slip_span_is_equal(result.answer.body, body));
  }
  slip_upgrade_reader_free(result.reader);
}

static void takes_the_end_of_the_connection_for_the_end_of_a_body(void **state) {
  (void)state;
  check_ends(SLIP_SPAN("HTTP/1.0 502 Bad Gateway\r\n\r\nall of it"), true, SLIP_SPAN("all of it"));
  check_ends(SLIP_SPAN("HTTP/1.1 500 X\r\nContent-Length: none\r\n\r\noh"), true, SLIP_SPAN("oh"));
  check_ends(SLIP_SPAN("HTTP/1.1 500 X\r\nContent-Length: 99\r\n\r\ncut"), true, SLIP_SPAN("cut"));
  check_ends(SLIP_SPAN("HTTP/1.1 500 X\r\nContent-Length: 99\r\n"), false, SLIP_SPAN(""));
  check_ends(SLIP_SPAN("HTTP/1.1 100 Continue\r\n\r\n"), false, SLIP_SPAN(""));
  check_ends(SLIP_SPAN("HTT"), false, SLIP_SPAN(""));
}

struct fault {
  struct slip_span bytes;
  const char *words;
};

static void refuses(void **state) {
  const struct fault *row = *state;
  struct result result = read_every_way(row->bytes);
  assert_int_equal(result.err, SLIP_EMALFORMED);
  assert_string_equal(result.fault, row->words);
  slip_upgrade_reader_free(result.reader);
}

/* A head of that many bytes, as one long header. */
static struct slip_buf head_of(size_t size) {
  struct slip_buf b = {0};
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("HTTP/1.1 403 No\r\nX: ")));
  while (b.size < size - 4)
    CHECK_OK(slip_buf_append(&b, SLIP_SPAN("x")));
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("\r\n\r\n")));
  return b;
}

static void takes_a_head_up_to_the_limit_and_no_longer(void **state) {
  (void)state;
  for (size_t over = 0; over < 2; over++) {
    struct slip_buf head = head_of(SLIP_UPGRADE_HEAD_MAX + over);
    struct result whole = read_in_pieces(slip_buf_span(&head), head.size, head.size);
    struct result bytewise = read_in_pieces(slip_buf_span(&head), 1, 1);
    assert_int_equal(whole.err, over == 0 ? SLIP_OK : SLIP_ETOOBIG);
    check_same(&bytewise, &whole);
    slip_upgrade_reader_free(bytewise.reader);
    slip_upgrade_reader_free(whole.reader);
    slip_buf_clear(&head);
  }
}

static void check_keeps_the_most_of_a_body(size_t over) {
  struct slip_buf b = head_of(1000);
  for (size_t i = 0; i < SLIP_UPGRADE_BODY_MAX + over; i++)
    CHECK_OK(slip_buf_append(&b, SLIP_SPAN("y")));
  struct result whole = read_in_pieces(slip_buf_span(&b), b.size, b.size);
  struct result bytewise = read_in_pieces(slip_buf_span(&b), 1, 1);
  assert_int_equal(whole.verdict, SLIP_UPGRADE_REFUSED);
  assert_int_equal(whole.answer.body.size, SLIP_UPGRADE_BODY_MAX);
  assert_int_equal(bytewise.verdict, SLIP_UPGRADE_REFUSED);
  assert_true(slip_span_is_equal(whole.answer.body, bytewise.answer.body));
  slip_upgrade_reader_free(bytewise.reader);
  slip_upgrade_reader_free(whole.reader);
  slip_buf_clear(&b);
}

static void finishes_a_refusal_when_as_much_of_the_body_as_is_kept_is_in(void **state) {
  (void)state;
  check_keeps_the_most_of_a_body(0);
  check_keeps_the_most_of_a_body(9);
}

static void gives_the_same_error_again(void **state) {
  (void)state;
  struct slip_upgrade_reader *reader = reader_for((struct slip_span){0});
  enum slip_upgrade_verdict verdict;
  struct slip_span in = SLIP_SPAN("SSH-2.0-OpenSSH\r\n");
  assert_int_equal(slip_upgrade_reader_feed(reader, &in, &verdict), SLIP_EMALFORMED);
  assert_int_equal(slip_upgrade_reader_feed(reader, &in, &verdict), SLIP_EMALFORMED);
  assert_false(slip_upgrade_reader_end(reader));
  slip_upgrade_reader_free(reader);
}

static void refuses_any_subprotocol_when_none_was_offered(void **state) {
  (void)state;
  struct slip_upgrade_reader *reader = reader_for((struct slip_span){0});
  enum slip_upgrade_verdict verdict;
  struct slip_span in =
      SLIP_SPAN(SWITCHING UPGRADE CONNECTION ACCEPT "Sec-WebSocket-Protocol: phoenix\r\n\r\n");
  assert_int_equal(slip_upgrade_reader_feed(reader, &in, &verdict), SLIP_EMALFORMED);
  slip_upgrade_reader_free(reader);
}

#define REFUSES(name, bytes, words)                                                                \
  {                                                                                                \
    "refuses_" name, refuses, NULL, NULL, &(struct fault) {                                        \
      TEXT(bytes), words                                                                           \
    }                                                                                              \
  }
#define NOT_HTTP "the server answered with something that is not HTTP/1.1"
#define SPEAKS_TLS "the server answered with TLS, not HTTP/1.1; its URI must begin with wss"
#define BAD_STATUS "the server's answer has a malformed status line"
#define BAD_HEADER "the server's answer has a malformed header line"
#define OLD_SWITCH "the server switched protocols in HTTP/1.0, which has no upgrade"
#define NO_UPGRADE "the server switched protocols without the header Upgrade: websocket"
#define NO_CONNECTION "the server switched protocols without the header Connection: Upgrade"
#define NO_ACCEPT "the server switched protocols without one Sec-WebSocket-Accept"
#define BAD_ACCEPT "the server's Sec-WebSocket-Accept does not answer our key"
#define BAD_PROTOCOL "the server chose a subprotocol that was not offered"

static const struct CMUnitTest refusals[] = {
    REFUSES("a_greeting_of_ssh", "SSH-2.0-OpenSSH\r\n", NOT_HTTP),
    REFUSES("an_alert_of_tls", "\x15\x03\x01\x00\x02\x02\x46", SPEAKS_TLS),
    REFUSES("http_2", "HTTP/2.0 101 X\r\n", NOT_HTTP),
    REFUSES("a_blank_line_first", "\r\nHTTP/1.1 101 X\r\n", NOT_HTTP),
    REFUSES("a_version_that_is_no_digit", "HTTP/1.x 101 X\r\n\r\n", BAD_STATUS),
    REFUSES("a_status_of_two_digits", "HTTP/1.1 99 X\r\n\r\n", BAD_STATUS),
    REFUSES("a_status_of_four_digits", "HTTP/1.1 1010\r\n\r\n", BAD_STATUS),
    REFUSES("a_status_below_100", "HTTP/1.1 099 X\r\n\r\n", BAD_STATUS),
    REFUSES("a_control_character_in_the_reason", "HTTP/1.1 403 a\rb\r\n\r\n", BAD_STATUS),
    REFUSES("a_folded_header", "HTTP/1.1 403 X\r\nA: b\r\n c\r\n\r\n", BAD_HEADER),
    REFUSES("a_header_without_a_colon", "HTTP/1.1 403 X\r\nAb\r\n\r\n", BAD_HEADER),
    REFUSES("a_header_without_a_name", "HTTP/1.1 403 X\r\n: b\r\n\r\n", BAD_HEADER),
    REFUSES("white_space_before_a_colon", "HTTP/1.1 403 X\r\nA : b\r\n\r\n", BAD_HEADER),
    REFUSES("nul_in_a_header", "HTTP/1.1 403 X\r\nA: b\0c\r\n\r\n", BAD_HEADER),
    REFUSES("cr_in_a_header", "HTTP/1.1 403 X\r\nA: b\rC: d\r\n\r\n", BAD_HEADER),
    REFUSES("a_switch_in_http_1_0", "HTTP/1.0 101 X\r\n" UPGRADE CONNECTION ACCEPT "\r\n",
            OLD_SWITCH),
    REFUSES("a_switch_without_upgrade", SWITCHING CONNECTION ACCEPT "\r\n", NO_UPGRADE),
    REFUSES("a_switch_to_something_else",
            SWITCHING "Upgrade: websockets\r\n" CONNECTION ACCEPT "\r\n", NO_UPGRADE),
    REFUSES("a_switch_without_connection", SWITCHING UPGRADE ACCEPT "\r\n", NO_CONNECTION),
    REFUSES("a_switch_with_another_connection",
            SWITCHING UPGRADE "Connection: close\r\n" ACCEPT "\r\n", NO_CONNECTION),
    REFUSES("a_switch_without_accept", SWITCHING UPGRADE CONNECTION "\r\n", NO_ACCEPT),
    REFUSES("a_switch_with_two_accepts", SWITCHING UPGRADE CONNECTION ACCEPT ACCEPT "\r\n",
            NO_ACCEPT),
    REFUSES("the_accept_of_another_key",
            SWITCHING UPGRADE CONNECTION
            "Sec-WebSocket-Accept: AAAALMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            BAD_ACCEPT),
    REFUSES("an_accept_in_another_case",
            SWITCHING UPGRADE CONNECTION
            "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n\r\n",
            BAD_ACCEPT),
    REFUSES("an_extension_that_was_not_offered",
            SWITCHING UPGRADE CONNECTION ACCEPT
            "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
            "the server chose an extension that was not offered"),
    REFUSES("a_subprotocol_that_was_not_offered",
            SWITCHING UPGRADE CONNECTION ACCEPT "Sec-WebSocket-Protocol: mqtt\r\n\r\n",
            BAD_PROTOCOL),
    REFUSES("a_subprotocol_in_another_case",
            SWITCHING UPGRADE CONNECTION ACCEPT "Sec-WebSocket-Protocol: Phoenix\r\n\r\n",
            BAD_PROTOCOL),
    REFUSES("all_subprotocols_at_once",
            SWITCHING UPGRADE CONNECTION ACCEPT "Sec-WebSocket-Protocol: phoenix, other\r\n\r\n",
            BAD_PROTOCOL),
    REFUSES("two_subprotocols",
            SWITCHING UPGRADE CONNECTION ACCEPT
            "Sec-WebSocket-Protocol: phoenix\r\nSec-WebSocket-Protocol: other\r\n\r\n",
            "the server chose more than one subprotocol"),
};

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(accepts_the_answer_of_cowboy),
      cmocka_unit_test(accepts_the_answer_of_bandit_and_its_choice_of_subprotocol),
      cmocka_unit_test(leaves_the_frames_behind_the_answer),
      cmocka_unit_test(reads_names_and_tokens_in_any_case_and_in_lists),
      cmocka_unit_test(takes_lines_that_end_in_lf_alone),
      cmocka_unit_test(skips_answers_in_between),
      cmocka_unit_test(keeps_status_headers_and_body_of_a_refusal),
      cmocka_unit_test(finds_where_the_body_of_a_refusal_ends),
      cmocka_unit_test(takes_the_end_of_the_connection_for_the_end_of_a_body),
      cmocka_unit_test(refuses_any_subprotocol_when_none_was_offered),
      cmocka_unit_test(takes_a_head_up_to_the_limit_and_no_longer),
      cmocka_unit_test(finishes_a_refusal_when_as_much_of_the_body_as_is_kept_is_in),
      cmocka_unit_test(gives_the_same_error_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) + cmocka_run_group_tests(refusals, NULL, NULL);
}
