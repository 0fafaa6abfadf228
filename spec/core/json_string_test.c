#include "core/json_string.h"
#include "spec/support/check.h"

static struct slip_buf buf;

static int set_up(void **state) {
  (void)state;
  slip_buf_init(&buf, 0);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  slip_buf_clear(&buf);
  return 0;
}

/* A copy on the heap, for ASan to see a read past its end. The caller frees it. */
static struct slip_span copy(struct slip_span s) {
  char *at = malloc(s.size == 0 ? 1 : s.size);
  assert_non_null(at);
  if (s.size > 0)
    memcpy(at, s.at, s.size);
  return (struct slip_span){at, s.size};
}

static void check_read(struct slip_span raw, struct slip_span expected) {
  struct slip_span text, exact = copy(raw);
  slip_buf_truncate(&buf, 0);
  CHECK_OK(slip_json_string_read(exact, &buf, &text));
  assert_int_equal(text.size, expected.size);
  assert_memory_equal(text.at, expected.at, expected.size);
  assert_true(slip_json_string_says(exact, expected));
  bool is_plain = true;
  const char *end = exact.at + exact.size;
  assert_ptr_equal(slip_json_string_skip(exact.at, end, &is_plain), end);
  assert_int_equal(is_plain, memchr(raw.at, '\\', raw.size) == NULL);
  free((void *)exact.at);
}

static void check_refused(struct slip_span raw) {
  struct slip_span text = {0}, exact = copy(raw);
  CHECK_OK(slip_buf_append(&buf, SLIP_SPAN("before")));
  size_t before = buf.size;
  assert_int_equal(slip_json_string_read(exact, &buf, &text), SLIP_EMALFORMED);
  assert_true(slip_span_is_absent(text));
  assert_int_equal(buf.size, before);
  free((void *)exact.at);
}

static void reads_every_escape(void **state) {
  (void)state;
  check_read(SLIP_SPAN("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), SLIP_SPAN("\"\\/\b\f\n\r\t"));
  check_read(SLIP_SPAN("\"a\\u0041b\""), SLIP_SPAN("aAb"));
  check_read(SLIP_SPAN("\"\\u00e9\\u00E9\""), SLIP_SPAN("\xc3\xa9\xc3\xa9"));
  check_read(SLIP_SPAN("\"\\u07ff\\u0800\""), SLIP_SPAN("\xdf\xbf\xe0\xa0\x80"));
  check_read(SLIP_SPAN("\"\\u20ac\\uffff\""), SLIP_SPAN("\xe2\x82\xac\xef\xbf\xbf"));
  check_read(SLIP_SPAN("\"\\ud7ff\\ue000\""), SLIP_SPAN("\xed\x9f\xbf\xee\x80\x80"));
  check_read(SLIP_SPAN("\"\\ud83d\\ude00\""), SLIP_SPAN("\xf0\x9f\x98\x80"));
  check_read(SLIP_SPAN("\"\\uD800\\uDC00\\uDBFF\\uDFFF\""),
             SLIP_SPAN("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
}

static void reads_an_escaped_nul_as_a_byte(void **state) {
  (void)state;
  check_read(SLIP_SPAN("\"a\\u0000b\""), SLIP_SPAN("a\0b"));
}

static void borrows_what_has_no_escapes(void **state) {
  (void)state;
  struct slip_span raw = SLIP_SPAN("\"caf\xc3\xa9\""), text;
  CHECK_OK(slip_json_string_read(raw, &buf, &text));
  assert_ptr_equal(text.at, raw.at + 1);
  CHECK_SPAN(text, "caf\xc3\xa9");
  check_read(SLIP_SPAN("\"\""), SLIP_SPAN(""));
  assert_null(buf.memory);
}

static void appends_behind_what_scratch_holds(void **state) {
  (void)state;
  struct slip_span text;
  CHECK_OK(slip_buf_append(&buf, SLIP_SPAN("before")));
  CHECK_OK(slip_json_string_read(SLIP_SPAN("\"\\t!\""), &buf, &text));
  CHECK_SPAN(text, "\t!");
  CHECK_SPAN(slip_buf_span(&buf), "before\t!");
}

static void refuses_what_is_no_string(void **state) {
  (void)state;
  check_refused(SLIP_SPAN(""));
  check_refused(SLIP_SPAN("\""));
  check_refused(SLIP_SPAN("a"));
  check_refused(SLIP_SPAN("\"a"));
  check_refused(SLIP_SPAN("a\""));
  check_refused(SLIP_SPAN("\"a\"b\""));
  check_refused(SLIP_SPAN("12"));
  check_refused(SLIP_SPAN("null"));
  check_refused(SLIP_SPAN("\"\\\""));
}

static void refuses_a_bad_escape(void **state) {
  (void)state;
  check_refused(SLIP_SPAN("\"\\a\""));
  check_refused(SLIP_SPAN("\"\\x41\""));
  check_refused(SLIP_SPAN("\"\\\0\""));
  check_refused(SLIP_SPAN("\"\\u\""));
  check_refused(SLIP_SPAN("\"\\u123\""));
  check_refused(SLIP_SPAN("\"\\u123g\""));
  check_refused(SLIP_SPAN("\"\\u-123\""));
  check_refused(SLIP_SPAN("\"\\U0041\""));
}

static void refuses_a_lone_surrogate(void **state) {
  (void)state;
  check_refused(SLIP_SPAN("\"\\ud83d\""));
  check_refused(SLIP_SPAN("\"\\ud83dx\""));
  check_refused(SLIP_SPAN("\"\\ud83d\\n\""));
  check_refused(SLIP_SPAN("\"\\ud83d\\u0041\""));
  check_refused(SLIP_SPAN("\"\\ud83d\\ud83d\""));
  check_refused(SLIP_SPAN("\"\\ud83d\\ude0\""));
  check_refused(SLIP_SPAN("\"\\ude00\""));
  check_refused(SLIP_SPAN("\"\\udc00\""));
  check_refused(SLIP_SPAN("\"\\udfff\""));
  check_refused(SLIP_SPAN("\"\\udbff\""));
  check_refused(SLIP_SPAN("\"\\ude00\\ud83d\""));
}

static void refuses_every_control_character_at_every_place(void **state) {
  (void)state;
  bool is_plain = true;
  for (int c = 0; c < 0x20; c++)
    for (size_t place = 1; place <= 20; place++) {
      char raw[] = "\"aaaaaaaaaaaaaaaaaaaa\"";
      raw[place] = (char)c;
      check_refused((struct slip_span){raw, 22});
      assert_null(slip_json_string_skip(raw, raw + 22, &is_plain));
    }
}

/* The quick search looks at eight bytes at a time: no byte may fool it, wherever it stands. */
static void passes_every_other_byte_at_every_place(void **state) {
  (void)state;
  for (int c = 0x20; c < 0x100; c++)
    for (size_t place = 1; place <= 20; place++) {
      char raw[] = "\"aaaaaaaaaaaaaaaaaaaa\"";
      if (c == '"' || c == '\\')
        continue;
      raw[place] = (char)c;
      check_read((struct slip_span){raw, 22}, (struct slip_span){raw + 1, 20});
    }
}

static void skips_to_behind_the_closing_quote(void **state) {
  (void)state;
  bool is_plain = true;
  struct slip_span text = SLIP_SPAN("\"a\\\"b\\\\\",\"next\"");
  assert_ptr_equal(slip_json_string_skip(text.at, text.at + text.size, &is_plain), text.at + 8);
}

static void does_not_skip_what_is_cut_short(void **state) {
  (void)state;
  bool is_plain = true;
  struct slip_span whole = SLIP_SPAN("\"abc\\u00e9 defghi\\n\"");
  for (size_t cut = 1; cut < whole.size; cut++) {
    struct slip_span part = copy((struct slip_span){whole.at, cut});
    assert_null(slip_json_string_skip(part.at, part.at + cut, &is_plain));
    free((void *)part.at);
  }
}

static void says_only_the_whole_text(void **state) {
  (void)state;
  struct slip_span raw = SLIP_SPAN("\"ev\\u0065nt\"");
  assert_true(slip_json_string_says(raw, SLIP_SPAN("event")));
  assert_false(slip_json_string_says(raw, SLIP_SPAN("even")));
  assert_false(slip_json_string_says(raw, SLIP_SPAN("events")));
  assert_false(slip_json_string_says(raw, SLIP_SPAN("Event")));
  assert_false(slip_json_string_says(SLIP_SPAN("\"\\ud83d\""), SLIP_SPAN("")));
}

static void writes_with_the_shortest_escapes(void **state) {
  (void)state;
  CHECK_OK(slip_json_string_write(&buf, SLIP_SPAN("\"\\/\b\f\n\r\t\0\x1f\x7f\xc3\xa9")));
  CHECK_SPAN(slip_buf_span(&buf), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\xc3\xa9\"");
}

static void writes_what_it_reads_back(void **state) {
  (void)state;
  for (int c = 0; c < 0x80; c++) {
    char text[] = "abcdefgh?ijklmnop?";
    struct slip_buf raw = {0};
    struct slip_span expected = {text, sizeof text - 1};
    text[8] = text[17] = (char)c;
    CHECK_OK(slip_json_string_write(&raw, expected));
    check_read(slip_buf_span(&raw), expected);
    slip_buf_clear(&raw);
  }
}

/* The quick look takes eight bytes at a time, and what is left at the end: nothing may slip by. */
static void looks_at_every_place_of_texts_of_every_size(void **state) {
  (void)state;
  for (size_t size = 1; size <= 20; size++)
    for (size_t place = 0; place < size; place++) {
      char text[] = "aaaaaaaaaaaaaaaaaaaa";
      struct slip_span exact = copy((struct slip_span){text, size});
      char *odd = (char *)exact.at + place;
      slip_buf_truncate(&buf, 0);
      CHECK_OK(slip_json_string_write(&buf, exact));
      assert_int_equal(buf.size, size + 2);
      *odd = '"';
      slip_buf_truncate(&buf, 0);
      CHECK_OK(slip_json_string_write(&buf, exact));
      assert_int_equal(buf.size, size + 3);
      *odd = (char)0x80;
      assert_int_equal(slip_json_string_write(&buf, exact), SLIP_EUTF8);
      free((void *)exact.at);
    }
}

/* Long texts are checked and copied in pieces: characters are cut between them. */
static void writes_long_texts_whatever_lies_where_they_are_cut(void **state) {
  (void)state;
  static char text[40000];
  const struct slip_span all = {text, sizeof text};
  for (size_t at = 16380; at < 16390; at++) {
    struct slip_buf raw = {0};
    memset(text, 'x', sizeof text);
    memcpy(text + at, "\xf0\x9f\x98\x80", 4);
    CHECK_OK(slip_json_string_write(&raw, all));
    assert_int_equal(raw.size, sizeof text + 2);
    check_read(slip_buf_span(&raw), all);
    text[at + 3] = '\n';
    assert_int_equal(slip_json_string_write(&raw, all), SLIP_EUTF8);
    assert_int_equal(raw.size, sizeof text + 2);
    slip_buf_clear(&raw);
  }
  text[sizeof text - 1] = '\xf0';
  assert_int_equal(slip_json_string_write(&buf, all), SLIP_EUTF8);
  assert_int_equal(buf.size, 0);
}

static void writes_an_empty_string_for_empty_text(void **state) {
  (void)state;
  CHECK_OK(slip_json_string_write(&buf, SLIP_SPAN("")));
  CHECK_OK(slip_json_string_write(&buf, (struct slip_span){0}));
  CHECK_SPAN(slip_buf_span(&buf), "\"\"\"\"");
}

static void does_not_write_what_is_not_utf8(void **state) {
  (void)state;
  assert_int_equal(slip_json_string_write(&buf, SLIP_SPAN("a\xff")), SLIP_EUTF8);
  assert_int_equal(slip_json_string_write(&buf, SLIP_SPAN("\xed\xa0\x80")), SLIP_EUTF8);
  assert_int_equal(buf.size, 0);
}

static void writes_nothing_when_there_is_too_little_room(void **state) {
  (void)state;
  const struct slip_span texts[] = {SLIP_SPAN("plain text"), SLIP_SPAN("es\ncap\x01"
                                                                       "ed")};
  const size_t sizes[] = {12, 17};
  for (size_t i = 0; i < 2; i++)
    for (size_t max = 1; max <= sizes[i]; max++) {
      struct slip_buf small;
      slip_buf_init(&small, max);
      enum slip_err err = slip_json_string_write(&small, texts[i]);
      assert_int_equal(err, max < sizes[i] ? SLIP_ETOOBIG : SLIP_OK);
      assert_int_equal(small.size, max < sizes[i] ? 0 : max);
      slip_buf_clear(&small);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(reads_every_escape),
      TEST(reads_an_escaped_nul_as_a_byte),
      TEST(borrows_what_has_no_escapes),
      TEST(appends_behind_what_scratch_holds),
      TEST(refuses_what_is_no_string),
      TEST(refuses_a_bad_escape),
      TEST(refuses_a_lone_surrogate),
      TEST(refuses_every_control_character_at_every_place),
      TEST(passes_every_other_byte_at_every_place),
      TEST(skips_to_behind_the_closing_quote),
      TEST(does_not_skip_what_is_cut_short),
      TEST(says_only_the_whole_text),
      TEST(writes_with_the_shortest_escapes),
      TEST(writes_what_it_reads_back),
      TEST(looks_at_every_place_of_texts_of_every_size),
      TEST(writes_long_texts_whatever_lies_where_they_are_cut),
      TEST(writes_an_empty_string_for_empty_text),
      TEST(does_not_write_what_is_not_utf8),
      TEST(writes_nothing_when_there_is_too_little_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
