#include "core/utf8.h"
#include "spec/support/check.h"

static bool is_valid_in_pieces(struct slip_span text, size_t piece) {
  struct slip_utf8 u = {0};
  for (size_t at = 0; at < text.size; at += piece) {
    size_t size = text.size - at < piece ? text.size - at : piece;
    if (!slip_utf8_feed(&u, (struct slip_span){text.at + at, size}))
      return false;
  }
  return slip_utf8_is_whole(&u);
}

#define TEXT(literal)                                                                              \
  { (literal), sizeof(literal) - 1 }

static const struct {
  struct slip_span text;
  bool is_valid;
} cases[] = {
    {TEXT(""), true},
    {TEXT("a\0b"), true},
    {TEXT("\x7f"), true},
    {TEXT("\xc2\x80"), true},             /* U+0080, the first of two bytes */
    {TEXT("\xdf\xbf"), true},             /* U+07FF, the last */
    {TEXT("\xe0\xa0\x80"), true},         /* U+0800 */
    {TEXT("\xed\x9f\xbf"), true},         /* U+D7FF, before the surrogates */
    {TEXT("\xee\x80\x80"), true},         /* U+E000, behind them */
    {TEXT("\xef\xbf\xbf"), true},         /* U+FFFF */
    {TEXT("\xf0\x90\x80\x80"), true},     /* U+10000 */
    {TEXT("\xf4\x8f\xbf\xbf"), true},     /* U+10FFFF */
    {TEXT("\xce\xba\xe1\xbd\xb9"), true}, /* Greek */
    {TEXT("\x80"), false},                /* a tail alone */
    {TEXT("\xbf"), false},
    {TEXT("\xc0\x80"), false},     /* overlong */
    {TEXT("\xc1\xbf"), false},     /* overlong */
    {TEXT("\xe0\x9f\xbf"), false}, /* overlong */
    {TEXT("\xf0\x8f\xbf\xbf"), false},
    {TEXT("\xed\xa0\x80"), false}, /* a surrogate */
    {TEXT("\xed\xbf\xbf"), false},
    {TEXT("\xf4\x90\x80\x80"), false}, /* U+110000 */
    {TEXT("\xf5\x80\x80\x80"), false},
    {TEXT("\xff"), false},
    {TEXT("\xc2"), false}, /* half a character at the end */
    {TEXT("\xe1\xbd"), false},
    {TEXT("\xf0\x90\x80"), false},
    {TEXT("\xc2 "), false}, /* half a character, then ASCII */
    {TEXT("\xe1\xbd\xc2"), false},
};

static void tells_utf8_from_other_bytes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(slip_utf8_is_valid(cases[i].text), cases[i].is_valid);
}

static void reads_the_same_in_pieces_of_any_size(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (size_t piece = 1; piece <= 4; piece++)
      assert_int_equal(is_valid_in_pieces(cases[i].text, piece), cases[i].is_valid);
}

/* What lies before a character decides which of the fast loops comes upon it. */
static void reads_the_same_wherever_a_case_lies(void **state) {
  (void)state;
  char text[160];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (size_t before = 0; before <= 80; before++) {
      memset(text, 'x', sizeof text);
      memcpy(text + before, cases[i].text.at, cases[i].text.size);
      struct slip_span ended = {text, before + cases[i].text.size};
      assert_int_equal(slip_utf8_is_valid(ended), cases[i].is_valid);
      struct slip_span followed = {text, sizeof text};
      assert_int_equal(slip_utf8_is_valid(followed), cases[i].is_valid);
    }
}

/* The definition, spelled out: RFC 3629 section 3, by decoding and looking at the number. */
static bool is_one_character(const uint8_t *b, size_t size) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (size == 1)
    return b[0] < 0x80;
  uint32_t lead = size == 2 ? 0xC0 : size == 3 ? 0xE0 : 0xF0;
  uint32_t mask = size == 2 ? 0xE0 : size == 3 ? 0xF0 : 0xF8;
  if ((b[0] & mask) != lead)
    return false;
  uint32_t number = b[0] & ~mask & 0xFF;
  for (size_t i = 1; i < size; i++) {
    if ((b[i] & 0xC0) != 0x80)
      return false;
    number = number << 6 | (b[i] & 0x3F);
  }
  bool is_surrogate = number >= 0xD800 && number <= 0xDFFF;
  return number >= least[size] && number <= 0x10FFFF && !is_surrogate;
}

static void agrees_with_the_definition_on_every_lead_and_second_byte(void **state) {
  (void)state;
  for (unsigned lead = 0x80; lead < 0x100; lead++)
    for (unsigned second = 0; second < 0x100; second++)
      for (size_t size = 2; size <= 4; size++) {
        uint8_t b[4] = {(uint8_t)lead, (uint8_t)second, 0x80, 0xBF};
        struct slip_span text = {(const char *)b, size};
        assert_int_equal(slip_utf8_is_valid(text), is_one_character(b, size));
      }
}

static void stops_as_soon_as_the_text_cannot_be_utf8(void **state) {
  (void)state;
  struct slip_utf8 u = {0};
  assert_true(slip_utf8_feed(&u, SLIP_SPAN("\xf4")));
  assert_false(slip_utf8_is_whole(&u));
  assert_false(slip_utf8_feed(&u, SLIP_SPAN("\x90")));
  assert_false(slip_utf8_feed(&u, SLIP_SPAN("a")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tells_utf8_from_other_bytes),
      cmocka_unit_test(reads_the_same_in_pieces_of_any_size),
      cmocka_unit_test(reads_the_same_wherever_a_case_lies),
      cmocka_unit_test(agrees_with_the_definition_on_every_lead_and_second_byte),
      cmocka_unit_test(stops_as_soon_as_the_text_cannot_be_utf8),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
