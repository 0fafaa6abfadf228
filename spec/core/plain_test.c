#include "core/plain.h"
#include "spec/support/check.h"

/* More than a few of the vectors that are looked at at once, however wide. */
#define MOST 600u

static const char missing[] = {'"', '\\', '\0', '\n', 0x1F};
static const char plain[] = {' ', '!',  '#',        '[',        ']',
                             '~', 0x7F, (char)0x80, (char)0xC3, (char)0xFF};

static bool is_plain(char c) {
  return c != '"' && c != '\\' && (unsigned char)c >= 0x20;
}

/* `size` bytes, all of them plain, of which the one at `at` is `c`; ends where memory ends. */
static struct slip_span text_with(char memory[MOST], size_t size, size_t at, char c) {
  char *text = memory + MOST - size;
  memset(text, 'x', size);
  text[at] = c;
  return (struct slip_span){text, size};
}

static void check_one(struct slip_span text, size_t at) {
  char c = text.at[at];
  const char *end = text.at + text.size;
  assert_int_equal(slip_plain_is_ascii(text), is_plain(c) && (c & 0x80) == 0);
  assert_ptr_equal(slip_plain_end(text.at, end), is_plain(c) ? end : text.at + at);
  assert_ptr_equal(slip_plain_start(text.at, end), is_plain(c) ? text.at : text.at + at + 1);
}

static void finds_a_byte_wherever_it_stands_in_a_text_of_any_size(void **state) {
  (void)state;
  char *memory = malloc(MOST); /* on the heap, for ASan to see a read past its end */
  assert_non_null(memory);
  for (size_t size = 1; size <= MOST; size += size < 70 ? 1 : 31)
    for (size_t at = 0; at < size; at++) {
      for (size_t i = 0; i < sizeof missing; i++)
        check_one(text_with(memory, size, at, missing[i]), at);
      for (size_t i = 0; i < sizeof plain; i++)
        check_one(text_with(memory, size, at, plain[i]), at);
    }
  free(memory);
}

static void finds_the_first_and_the_last_of_several(void **state) {
  (void)state;
  char text[MOST];
  memset(text, 'x', sizeof text);
  text[100] = text[101] = text[300] = '\\';
  assert_ptr_equal(slip_plain_end(text, text + MOST), text + 100);
  assert_ptr_equal(slip_plain_start(text, text + MOST), text + 301);
}

static void has_nothing_to_find_in_an_empty_text(void **state) {
  (void)state;
  const char *text = "\"";
  assert_ptr_equal(slip_plain_end(text, text), text);
  assert_ptr_equal(slip_plain_start(text, text), text);
  assert_true(slip_plain_is_ascii((struct slip_span){text, 0}));
}

/* ---- stretches ---- */

static struct slip_span find_in_pieces(struct slip_span text, size_t size) {
  struct slip_plain_run run = {0};
  for (size_t at = 0; at < text.size; at += size) {
    size_t count = text.size - at < size ? text.size - at : size;
    struct slip_span piece = {text.at + at, count};
    bool is_ascii = slip_plain_run_feed(&run, at, piece, text.size - at - count);
    assert_int_equal(is_ascii, slip_plain_is_ascii(piece));
  }
  return slip_plain_run_span(&run, text);
}

/* {"a":"…","b":"…"}, with so many bytes in each. */
static struct slip_span two_strings(char text[MOST], size_t a, size_t b) {
  size_t size = 0;
  const struct slip_span parts[] = {
      SLIP_SPAN("{\"a\":\""), {NULL, a}, SLIP_SPAN("\",\"b\":\""), {NULL, b}, SLIP_SPAN("\"}")};
  for (size_t i = 0; i < 5; size += parts[i++].size)
    if (parts[i].at == NULL)
      memset(text + size, 'x', parts[i].size);
    else
      memcpy(text + size, parts[i].at, parts[i].size);
  return (struct slip_span){text, size};
}

static void finds_a_long_string_in_pieces_of_any_size(void **state) {
  (void)state;
  char memory[MOST];
  struct slip_span text = two_strings(memory, 0, 500);
  for (size_t size = 1; size < 400; size++) {
    struct slip_span found = find_in_pieces(text, size);
    assert_ptr_equal(found.at, memory + strlen("{\"a\":\"\",\"b\":\""));
    assert_int_equal(found.size, 500);
  }
}

static void keeps_a_stretch_when_no_longer_one_can_come(void **state) {
  (void)state;
  char memory[MOST];
  struct slip_span found = find_in_pieces(two_strings(memory, 300, 100), 50);
  assert_ptr_equal(found.at, memory + 6);
  assert_int_equal(found.size, 300);
}

static void prefers_a_later_stretch_when_that_may_be_longer(void **state) {
  (void)state;
  char memory[MOST];
  struct slip_span found = find_in_pieces(two_strings(memory, 100, 300), 50);
  assert_int_equal(found.size, 300);
}

static void finds_nothing_where_no_quote_stands_before(void **state) {
  (void)state;
  char memory[MOST];
  memset(memory, '1', sizeof memory);
  memory[20] = '\\';
  assert_true(slip_span_is_absent(find_in_pieces((struct slip_span){memory, MOST}, 64)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_a_byte_wherever_it_stands_in_a_text_of_any_size),
      cmocka_unit_test(finds_the_first_and_the_last_of_several),
      cmocka_unit_test(has_nothing_to_find_in_an_empty_text),
      cmocka_unit_test(finds_a_long_string_in_pieces_of_any_size),
      cmocka_unit_test(keeps_a_stretch_when_no_longer_one_can_come),
      cmocka_unit_test(prefers_a_later_stretch_when_that_may_be_longer),
      cmocka_unit_test(finds_nothing_where_no_quote_stands_before),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
