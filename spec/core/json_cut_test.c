#include "core/json_cut.h"
#include "spec/support/check.h"

/* What the cutter is for, in one go. */
static enum slip_err cut_array(struct slip_span text, struct slip_json_part *items, size_t max,
                               size_t *count) {
  struct slip_json_cut cut;
  struct slip_json_part item;
  size_t found = 0;
  bool has;
  slip_json_cut_init(&cut, text, (struct slip_span){0});
  enum slip_err err = slip_json_cut_array(&cut, &has);
  while (err == SLIP_OK && has) {
    err = slip_json_cut_value(&cut, found < max ? &items[found] : &item);
    found++;
    if (err == SLIP_OK)
      err = slip_json_cut_next(&cut, &has);
  }
  if (err == SLIP_OK && !slip_json_cut_is_done(&cut))
    err = SLIP_EMALFORMED;
  if (err == SLIP_OK)
    *count = found;
  return err;
}

static enum slip_err cut_object(struct slip_span text, const struct slip_span *keys, size_t count,
                                struct slip_json_part *values) {
  struct slip_json_cut cut;
  slip_json_cut_init(&cut, text, (struct slip_span){0});
  enum slip_err err = slip_json_cut_object(&cut, keys, count, values);
  return err == SLIP_OK && !slip_json_cut_is_done(&cut) ? SLIP_EMALFORMED : err;
}

/* A copy on the heap, for ASan to see a read past its end. The caller frees it. */
static struct slip_span copy(struct slip_span s) {
  char *at = malloc(s.size == 0 ? 1 : s.size);
  assert_non_null(at);
  if (s.size > 0)
    memcpy(at, s.at, s.size);
  return (struct slip_span){at, s.size};
}

static void check_array(const char *text, const char *const *expected, size_t expected_count) {
  struct slip_json_part items[8];
  struct slip_span exact = copy(slip_span_of(text));
  size_t count = 99;
  CHECK_OK(cut_array(exact, items, 8, &count));
  assert_int_equal(count, expected_count);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(items[i].raw.size, strlen(expected[i]));
    assert_memory_equal(items[i].raw.at, expected[i], items[i].raw.size);
  }
  free((void *)exact.at);
}
#define CHECK_ARRAY(text, ...)                                                                     \
  check_array((text), (const char *const[]){__VA_ARGS__},                                          \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static enum slip_err cut_as_array(struct slip_span text) {
  struct slip_json_part item;
  struct slip_span exact = copy(text);
  size_t count = 99;
  enum slip_err err = cut_array(exact, &item, 1, &count);
  if (err != SLIP_OK)
    assert_int_equal(count, 99);
  free((void *)exact.at);
  return err;
}

static enum slip_err cut_as_object(struct slip_span text) {
  struct slip_json_part value;
  struct slip_span key = SLIP_SPAN("key"), exact = copy(text);
  enum slip_err err = cut_object(exact, &key, 1, &value);
  free((void *)exact.at);
  return err;
}

static void cuts_an_array_into_its_elements(void **state) {
  (void)state;
  CHECK_ARRAY("[\"1\",null,\"room:1\",\"ev\",{\"a\":[1,2]}]", "\"1\"", "null", "\"room:1\"",
              "\"ev\"", "{\"a\":[1,2]}");
  CHECK_ARRAY("[true,false,-1.5e+10,0]", "true", "false", "-1.5e+10", "0");
  CHECK_ARRAY("[[],{},[[]],{\"\":{}}]", "[]", "{}", "[[]]", "{\"\":{}}");
  CHECK_ARRAY("[[[1],[2]],3]", "[[1],[2]]", "3");
  check_array("[]", NULL, 0);
}

static void says_which_parts_have_escapes(void **state) {
  (void)state;
  struct slip_json_part items[5];
  size_t count;
  CHECK_OK(cut_array(SLIP_SPAN("[\"a\", \"\\n\",[\"\\n\", \"a\"], {\"\\n\":1},{\"a\":\"a\"}]"),
                     items, 5, &count));
  assert_true(items[0].is_plain);
  assert_false(items[1].is_plain);
  assert_false(items[2].is_plain);
  assert_false(items[3].is_plain);
  assert_true(items[4].is_plain);
}

static void leaves_the_space_between_values_out(void **state) {
  (void)state;
  CHECK_ARRAY(" \t\r\n[ 1 ,\t\"a b\"\n, [ 2 , 3 ] , { \"k\" : 4 } ]\r\n ", "1", "\"a b\"",
              "[ 2 , 3 ]", "{ \"k\" : 4 }");
  check_array(" [ ] ", NULL, 0);
}

static void is_not_fooled_by_brackets_in_strings(void **state) {
  (void)state;
  CHECK_ARRAY("[\"]\",\"\\\"]\",{\"}\":\"{\"},\"\\\\\"]", "\"]\"", "\"\\\"]\"", "{\"}\":\"{\"}",
              "\"\\\\\"");
}

static void counts_the_elements_it_has_no_room_for(void **state) {
  (void)state;
  struct slip_json_part items[3] = {{.is_plain = false}};
  size_t count;
  CHECK_OK(cut_array(SLIP_SPAN("[1,2,3,4,5]"), items, 2, &count));
  assert_int_equal(count, 5);
  CHECK_SPAN(items[1].raw, "2");
  assert_true(slip_span_is_absent(items[2].raw));
  CHECK_OK(cut_array(SLIP_SPAN("[1,2,3]"), NULL, 0, &count));
  assert_int_equal(count, 3);
}

static const char *const broken_values[] = {
    "",
    " ",
    ",",
    "]",
    "}",
    "[",
    "{",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1,,2]",
    "[1 2]",
    "[1}",
    "{]",
    "[{]}",
    "[[]",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":}",
    "{\"a\"}",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\" 1}",
    "{a:1}",
    "{1:2}",
    "{null:1}",
    "{\"a\":1,}",
    "{,}",
    "{\"a\"::1}",
    "{\"a\":1 \"b\":2}",
    "{[]:1}",
    "{\"a\":1,2}",
    "[\"a\":1]",
    "\"",
    "\"a",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\n\"",
    "\"\t\"",
    "tru",
    "truE",
    "nul",
    "nulll",
    "falsee",
    "True",
    "NULL",
    "undefined",
    "NaN",
    "Infinity",
    "+1",
    ".5",
    "e1",
    "abc",
    "'a'",
    "1 2",
    "1x",
    "//",
    "/**/1",
    "\xef\xbb\xbf[]",
    "\v1",
    "\f1",
    "\x01",
    "\x7f",
    "\xa0",
    "[]]",
    "{}}",
};

static void refuses_broken_json_wherever_it_stands(void **state) {
  (void)state;
  static const char *const frames[] = {"%s", "[%s]", "[1,%s]", "[%s,1]", "[[%s]]", "[{\"a\":%s}]"};
  for (size_t i = 0; i < sizeof broken_values / sizeof broken_values[0]; i++)
    for (size_t f = 0; f < sizeof frames / sizeof frames[0]; f++) {
      char text[64];
      /* an empty value between the brackets makes a good array */
      if (strspn(broken_values[i], " ") == strlen(broken_values[i]) && strstr(frames[f], "[%s]"))
        continue;
      size_t at = (size_t)(strstr(frames[f], "%s") - frames[f]);
      snprintf(text, sizeof text, "%.*s%s%s", (int)at, frames[f], broken_values[i],
               frames[f] + at + 2);
      assert_int_equal(cut_as_array(slip_span_of(text)), SLIP_EMALFORMED);
    }
}

static void refuses_what_is_not_an_array(void **state) {
  (void)state;
  const char *const texts[] = {"{}", "1", "\"[]\"", "null", "true", "]", "[]x", "[] []", "[],"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    assert_int_equal(cut_as_array(slip_span_of(texts[i])), SLIP_EMALFORMED);
}

static void refuses_nul_bytes_outside_and_inside_of_strings(void **state) {
  (void)state;
  assert_int_equal(cut_as_array(SLIP_SPAN("[1]\0")), SLIP_EMALFORMED);
  assert_int_equal(cut_as_array(SLIP_SPAN("\0[1]")), SLIP_EMALFORMED);
  assert_int_equal(cut_as_array(SLIP_SPAN("[1\0]")), SLIP_EMALFORMED);
  assert_int_equal(cut_as_array(SLIP_SPAN("[\"\0\"]")), SLIP_EMALFORMED);
  assert_int_equal(cut_as_array(SLIP_SPAN("[\"\\\0\"]")), SLIP_EMALFORMED);
  assert_int_equal(cut_as_array((struct slip_span){0}), SLIP_EMALFORMED);
}

static void refuses_every_beginning_of_a_good_text(void **state) {
  (void)state;
  struct slip_span whole =
      SLIP_SPAN("[\"1\", null,\"r\\u00e9\",{\"a\":[1,{\"b\":[]}],\"c\":true},-1.5]");
  CHECK_OK(cut_as_array(whole));
  for (size_t cut = 0; cut < whole.size; cut++)
    assert_int_equal(cut_as_array((struct slip_span){whole.at, cut}), SLIP_EMALFORMED);
  struct slip_span object = SLIP_SPAN("{\"key\" : [1,{\"b\":[]}],\"c\": true}");
  CHECK_OK(cut_as_object(object));
  for (size_t cut = 0; cut < object.size; cut++)
    assert_int_equal(cut_as_object((struct slip_span){object.at, cut}), SLIP_EMALFORMED);
}

/* `depth` arrays or objects, one in another; the caller clears it. */
static struct slip_buf nest(unsigned depth, bool objects) {
  struct slip_buf text = {0};
  for (unsigned i = 0; i < depth; i++)
    CHECK_OK(slip_buf_append(&text, objects ? SLIP_SPAN("{\"key\":") : SLIP_SPAN("[")));
  CHECK_OK(slip_buf_append(&text, SLIP_SPAN("1")));
  for (unsigned i = 0; i < depth; i++)
    CHECK_OK(slip_buf_append(&text, objects ? SLIP_SPAN("}") : SLIP_SPAN("]")));
  return text;
}

static void nests_to_the_maximum_and_no_deeper(void **state) {
  (void)state;
  /* the brackets that are cut open, and those of a reply */
  const unsigned deepest = SLIP_JSON_DEPTH_MAX + 2;
  for (int objects = 0; objects <= 1; objects++)
    for (unsigned extra = 0; extra <= 1; extra++) {
      struct slip_buf text = nest(deepest + extra, objects);
      enum slip_err err =
          objects ? cut_as_object(slip_buf_span(&text)) : cut_as_array(slip_buf_span(&text));
      assert_int_equal(err, extra == 0 ? SLIP_OK : SLIP_ETOOBIG);
      slip_buf_clear(&text);
    }
}

static void nests_a_million_deep_without_harm(void **state) {
  (void)state;
  struct slip_buf text = {0};
  for (int i = 0; i < 1000000; i++)
    CHECK_OK(slip_buf_append(&text, SLIP_SPAN("[")));
  assert_int_equal(cut_as_array(slip_buf_span(&text)), SLIP_ETOOBIG);
  slip_buf_clear(&text);
}

static void remembers_which_bracket_is_open_at_every_depth(void **state) {
  (void)state;
  struct slip_buf text = {0};
  for (unsigned i = 0; i < 500; i++)
    CHECK_OK(slip_buf_append(&text, i % 3 == 1 ? SLIP_SPAN("{\"a\":") : SLIP_SPAN("[")));
  CHECK_OK(slip_buf_append(&text, SLIP_SPAN("1")));
  for (unsigned i = 500; i-- > 0;)
    CHECK_OK(slip_buf_append(&text, i % 3 == 1 ? SLIP_SPAN("}") : SLIP_SPAN("]")));
  CHECK_OK(cut_as_array(slip_buf_span(&text)));
  for (size_t i = text.size - 500; i < text.size; i++) {
    char *bracket = text.memory + text.head + i, right = *bracket;
    *bracket = right == ']' ? '}' : ']';
    assert_int_equal(cut_as_array(slip_buf_span(&text)), SLIP_EMALFORMED);
    *bracket = right;
  }
  slip_buf_clear(&text);
}

static void picks_the_values_of_keys_in_any_order(void **state) {
  (void)state;
  const struct slip_span keys[3] = {SLIP_SPAN("status"), SLIP_SPAN("response"), SLIP_SPAN("none")};
  struct slip_json_part values[3];
  CHECK_OK(
      cut_object(SLIP_SPAN(" { \"response\" : {\"status\":1} , \"x\":[{}],\"status\":\"ok\" } "),
                 keys, 3, values));
  CHECK_SPAN(values[0].raw, "\"ok\"");
  CHECK_SPAN(values[1].raw, "{\"status\":1}");
  assert_true(slip_span_is_absent(values[2].raw));
  CHECK_OK(cut_object(SLIP_SPAN("{}"), keys, 3, values));
  assert_true(slip_span_is_absent(values[0].raw));
}

static void takes_the_last_of_a_key_that_is_there_twice(void **state) {
  (void)state;
  const struct slip_span key = SLIP_SPAN("a");
  struct slip_json_part value;
  CHECK_OK(cut_object(SLIP_SPAN("{\"a\":1,\"b\":2,\"a\":3}"), &key, 1, &value));
  CHECK_SPAN(value.raw, "3");
  CHECK_OK(cut_object(SLIP_SPAN("{\"a\":1,\"\\u0061\":2}"), &key, 1, &value));
  CHECK_SPAN(value.raw, "2");
}

static void compares_keys_after_unescaping(void **state) {
  (void)state;
  const struct slip_span keys[3] = {SLIP_SPAN("a\"b"), SLIP_SPAN("\xf0\x9f\x98\x80"),
                                    SLIP_SPAN("")};
  struct slip_json_part values[3];
  CHECK_OK(cut_object(SLIP_SPAN("{\"a\\\"b\":1,\"\\ud83d\\ude00\":2,\"\":3}"), keys, 3, values));
  CHECK_SPAN(values[0].raw, "1");
  CHECK_SPAN(values[1].raw, "2");
  CHECK_SPAN(values[2].raw, "3");
}

static void refuses_what_is_not_an_object(void **state) {
  (void)state;
  const char *const texts[] = {"",          "[]",         "1",           "\"{}\"",      "null",
                               "{}x",       "{} {}",      "{\"a\":1,}",  "{,\"a\":1}",  "{\"a\",1}",
                               "{\"a\":}",  "{\"a\"}",    "{a:1}",       "{1:1}",       "{\"a\":1]",
                               "{\"a\":[}", "{\"a\":1}}", "{\"\\x\":1}", "{\"a\n\":1}", "{"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    assert_int_equal(cut_as_object(slip_span_of(texts[i])), SLIP_EMALFORMED);
}

static void finds_the_same_whatever_it_knows_to_be_plain(void **state) {
  (void)state;
  const char *const texts[] = {"\"plain\"", "\"plain\\n\"", "{\"plain\":1}", "\"plain",
                               "\"plain\\x\""};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct slip_span text = slip_span_of(texts[i]);
    struct slip_span plain = {strstr(texts[i], "plain"), strlen("plain")};
    struct slip_json_part blind, part;
    struct slip_json_cut cut;
    slip_json_cut_init(&cut, text, (struct slip_span){0});
    enum slip_err expected = slip_json_cut_value(&cut, &blind);
    slip_json_cut_init(&cut, text, plain);
    assert_int_equal(slip_json_cut_value(&cut, &part), expected);
    if (expected != SLIP_OK)
      continue;
    assert_true(slip_span_is_equal(part.raw, blind.raw));
    assert_int_equal(part.is_plain, blind.is_plain);
    assert_true(slip_span_is_absent(blind.plain));
    assert_ptr_equal(part.plain.at, plain.at);
  }
}

static void takes_what_it_knows_to_be_plain_for_a_string_only_where_one_begins(void **state) {
  (void)state;
  struct slip_span text = SLIP_SPAN("[\"\\\"plain\", 12345]");
  const struct slip_span stretches[] = {{text.at + 4, 5}, {text.at + 10, 8}};
  for (size_t i = 0; i < 2; i++) {
    struct slip_json_part part;
    struct slip_json_cut cut;
    slip_json_cut_init(&cut, text, stretches[i]);
    CHECK_OK(slip_json_cut_value(&cut, &part));
    assert_int_equal(part.raw.size, text.size);
    assert_true(slip_span_is_absent(part.plain));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cuts_an_array_into_its_elements),
      cmocka_unit_test(says_which_parts_have_escapes),
      cmocka_unit_test(leaves_the_space_between_values_out),
      cmocka_unit_test(is_not_fooled_by_brackets_in_strings),
      cmocka_unit_test(counts_the_elements_it_has_no_room_for),
      cmocka_unit_test(refuses_broken_json_wherever_it_stands),
      cmocka_unit_test(refuses_what_is_not_an_array),
      cmocka_unit_test(refuses_nul_bytes_outside_and_inside_of_strings),
      cmocka_unit_test(refuses_every_beginning_of_a_good_text),
      cmocka_unit_test(nests_to_the_maximum_and_no_deeper),
      cmocka_unit_test(nests_a_million_deep_without_harm),
      cmocka_unit_test(remembers_which_bracket_is_open_at_every_depth),
      cmocka_unit_test(picks_the_values_of_keys_in_any_order),
      cmocka_unit_test(takes_the_last_of_a_key_that_is_there_twice),
      cmocka_unit_test(compares_keys_after_unescaping),
      cmocka_unit_test(refuses_what_is_not_an_object),
      cmocka_unit_test(finds_the_same_whatever_it_knows_to_be_plain),
      cmocka_unit_test(takes_what_it_knows_to_be_plain_for_a_string_only_where_one_begins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
