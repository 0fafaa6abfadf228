#include "core/ws_frame.h"
#include "spec/support/check.h"

#define MASK 0x04030201u /* its bytes in memory differ, on machines of either byte order */

/* Checks the masked header at the front, takes the mask off, and leaves what a server would send.
 */
static void unmask(struct slip_buf *b, size_t head) {
  uint8_t *at = (uint8_t *)b->memory + b->head;
  uint32_t mask = MASK;
  assert_memory_equal(at + head - 4, &mask, 4);
  assert_true((at[1] & 0x80) != 0);
  at[1] &= 0x7f;
  for (size_t i = head; i < b->size; i++)
    at[i] ^= at[head - 4 + (i - head) % 4];
  memmove(at + 4, at, head - 4);
  slip_buf_drop(b, 4);
}

/* What was written, read by the reader of server frames. */
static struct slip_ws_message read_back(struct slip_buf *b, size_t head) {
  struct slip_ws_reader r;
  struct slip_ws_message m;
  bool has = false;
  unmask(b, head);
  slip_ws_reader_init(&r, 0);
  struct slip_span in = slip_buf_span(b);
  CHECK_OK(slip_ws_reader_next(&r, &in, &m, &has));
  assert_true(has);
  assert_int_equal(in.size, 0);
  return m;
}

static void fill(char *payload, size_t size) {
  for (size_t i = 0; i < size; i++)
    payload[i] = (char)('a' + i % 26);
}

static size_t head_of(size_t size) {
  return size > 65535 ? 14 : size > 125 ? 8 : 6;
}

static const size_t sizes[] = {0,   1,   2,   3,   4,   5,    7,     8,     9,
                               15,  16,  17,  31,  124, 125,  126,   127,   128,
                               255, 256, 257, 258, 999, 1000, 65535, 65536, 70001};

static void writes_what_reads_back_at_every_length(void **state) {
  (void)state;
  static char payload[70001];
  fill(payload, sizeof payload);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct slip_buf b = {0};
    struct slip_span data = {payload, sizes[i]};
    CHECK_OK(slip_ws_frame_write(&b, SLIP_WS_BINARY, data, MASK));
    assert_int_equal(b.size, head_of(sizes[i]) + sizes[i]);
    struct slip_ws_message m = read_back(&b, head_of(sizes[i]));
    assert_int_equal(m.kind, SLIP_WS_BINARY);
    assert_true(slip_span_is_equal(m.data, data));
    slip_buf_clear(&b);
  }
}

static void seals_an_opened_frame_into_the_same_bytes(void **state) {
  (void)state;
  static char payload[70001];
  fill(payload, sizeof payload);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct slip_buf written = {0};
    struct slip_buf sealed = {0};
    size_t place;
    struct slip_span data = {payload, sizes[i]};
    CHECK_OK(slip_buf_append(&written, SLIP_SPAN("before")));
    CHECK_OK(slip_ws_frame_write(&written, SLIP_WS_TEXT, data, MASK));
    CHECK_OK(slip_buf_append(&sealed, SLIP_SPAN("gone before")));
    slip_buf_drop(&sealed, 5);
    CHECK_OK(slip_ws_frame_open(&sealed, &place));
    CHECK_OK(slip_buf_append(&sealed, data));
    slip_ws_frame_seal(&sealed, place, SLIP_WS_TEXT, MASK);
    assert_true(slip_span_is_equal(slip_buf_span(&sealed), slip_buf_span(&written)));
    slip_buf_clear(&written);
    slip_buf_clear(&sealed);
  }
}

static void makes_the_same_bytes_of_a_payload_where_it_lies(void **state) {
  (void)state;
  static char payload[70001];
  fill(payload, sizeof payload);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct slip_buf written = {0}, body = {0}, out;
    struct slip_span data = {payload, sizes[i]};
    slip_buf_init(&out, 7);
    CHECK_OK(slip_ws_frame_write(&written, SLIP_WS_TEXT, data, MASK));
    CHECK_OK(slip_buf_append(&body, SLIP_SPAN("a gap of 20 bytes...")));
    CHECK_OK(slip_buf_append(&body, data));
    slip_ws_frame_take(&out, &body, 20, SLIP_WS_TEXT, MASK);
    assert_true(slip_span_is_equal(slip_buf_span(&out), slip_buf_span(&written)));
    assert_int_equal(out.max, 7);
    assert_int_equal(body.size, 0);
    slip_buf_clear(&written);
    slip_buf_clear(&body);
    slip_buf_clear(&out);
  }
}

static void says_of_a_compressed_payload_that_it_is_one(void **state) {
  (void)state;
  struct slip_buf b = {0};
  size_t place;
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("before")));
  CHECK_OK(slip_ws_frame_open(&b, &place));
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("a payload")));
  CHECK_SPAN(slip_ws_frame_payload(&b, place), "a payload");
  CHECK_OK(slip_ws_frame_compress(&b, place, SLIP_SPAN("packed")));
  CHECK_SPAN(slip_ws_frame_payload(&b, place), "packed");
  slip_ws_frame_seal(&b, place, SLIP_WS_TEXT, 0);
  CHECK_OK(slip_ws_frame_open(&b, &place)); /* and not of the next */
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("x")));
  slip_ws_frame_seal(&b, place, SLIP_WS_BINARY, 0);
  CHECK_SPAN(slip_buf_span(&b), "before\xc1\x86\0\0\0\0packed\x82\x81\0\0\0\0x");
  slip_buf_clear(&b);
}

static void writes_the_example_of_the_rfc(void **state) {
  (void)state;
  struct slip_buf b = {0};
  uint32_t mask;
  memcpy(&mask, "\x37\xfa\x21\x3d", sizeof mask);
  CHECK_OK(slip_ws_frame_write(&b, SLIP_WS_TEXT, SLIP_SPAN("Hello"), mask));
  CHECK_SPAN(slip_buf_span(&b), "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  slip_buf_clear(&b);
}

static void takes_a_cancelled_frame_off_again(void **state) {
  (void)state;
  struct slip_buf b = {0};
  size_t place;
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("before")));
  CHECK_OK(slip_ws_frame_open(&b, &place));
  CHECK_OK(slip_buf_append(&b, SLIP_SPAN("half a mess")));
  slip_ws_frame_cancel(&b, place);
  CHECK_SPAN(slip_buf_span(&b), "before");
  slip_buf_clear(&b);
}

static void writes_nothing_over_the_maximum(void **state) {
  (void)state;
  struct slip_buf b;
  size_t place = 7;
  slip_buf_init(&b, 10);
  assert_int_equal(slip_ws_frame_write(&b, SLIP_WS_TEXT, SLIP_SPAN("Hello"), MASK), SLIP_ETOOBIG);
  assert_int_equal(slip_ws_frame_open(&b, &place), SLIP_ETOOBIG);
  assert_int_equal(place, 7);
  assert_int_equal(b.size, 0);
  CHECK_OK(slip_ws_frame_write(&b, SLIP_WS_TEXT, SLIP_SPAN("Hell"), MASK));
  slip_buf_clear(&b);
}

static void writes_a_close_with_its_code_and_text(void **state) {
  (void)state;
  struct slip_buf b = {0};
  CHECK_OK(slip_ws_close_write(&b, SLIP_WS_GOING_AWAY, SLIP_SPAN("bye"), MASK));
  struct slip_ws_message m = read_back(&b, 6);
  assert_int_equal(m.kind, SLIP_WS_CLOSE);
  assert_int_equal(m.code, SLIP_WS_GOING_AWAY);
  CHECK_SPAN(m.data, "bye");
  slip_buf_clear(&b);
}

static void writes_an_empty_close_when_there_is_no_code(void **state) {
  (void)state;
  struct slip_buf b = {0};
  CHECK_OK(slip_ws_close_write(&b, SLIP_WS_NO_CODE, SLIP_SPAN(""), MASK));
  struct slip_ws_message m = read_back(&b, 6);
  assert_int_equal(m.code, SLIP_WS_NO_CODE);
  slip_buf_clear(&b);
}

static void cuts_a_close_text_between_characters(void **state) {
  (void)state;
  char text[200];
  memset(text, 'x', sizeof text);
  memcpy(text + 121, "\xe2\x82\xac", 3); /* its last byte would be the 124th of at most 123 */
  struct slip_buf b = {0};
  CHECK_OK(slip_ws_close_write(&b, 4000, (struct slip_span){text, sizeof text}, MASK));
  struct slip_ws_message m = read_back(&b, 6);
  assert_true(slip_span_is_equal(m.data, (struct slip_span){text, 121}));
  slip_buf_clear(&b);
}

static void keeps_a_close_text_that_just_fits(void **state) {
  (void)state;
  char text[200];
  memset(text, 'x', sizeof text);
  memcpy(text + 120, "\xe2\x82\xac", 3);
  struct slip_buf b = {0};
  CHECK_OK(slip_ws_close_write(&b, 4000, (struct slip_span){text, sizeof text}, MASK));
  struct slip_ws_message m = read_back(&b, 6);
  assert_true(slip_span_is_equal(m.data, (struct slip_span){text, 123}));
  slip_buf_clear(&b);
}

static void refuses_a_close_that_may_not_be_sent(void **state) {
  (void)state;
  static const uint16_t codes[] = {0, 999, 1004, 1006, 1015, 2999, 5000};
  struct slip_buf b = {0};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    assert_int_equal(slip_ws_close_write(&b, codes[i], SLIP_SPAN(""), MASK), SLIP_EINVAL);
  assert_int_equal(slip_ws_close_write(&b, SLIP_WS_NO_CODE, SLIP_SPAN("x"), MASK), SLIP_EINVAL);
  assert_int_equal(slip_ws_close_write(&b, 1000, SLIP_SPAN("\xff"), MASK), SLIP_EUTF8);
  assert_null(b.memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(writes_what_reads_back_at_every_length),
      cmocka_unit_test(seals_an_opened_frame_into_the_same_bytes),
      cmocka_unit_test(makes_the_same_bytes_of_a_payload_where_it_lies),
      cmocka_unit_test(says_of_a_compressed_payload_that_it_is_one),
      cmocka_unit_test(writes_the_example_of_the_rfc),
      cmocka_unit_test(takes_a_cancelled_frame_off_again),
      cmocka_unit_test(writes_nothing_over_the_maximum),
      cmocka_unit_test(writes_a_close_with_its_code_and_text),
      cmocka_unit_test(writes_an_empty_close_when_there_is_no_code),
      cmocka_unit_test(cuts_a_close_text_between_characters),
      cmocka_unit_test(keeps_a_close_text_that_just_fits),
      cmocka_unit_test(refuses_a_close_that_may_not_be_sent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
