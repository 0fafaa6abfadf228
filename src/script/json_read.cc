/*
 * simdjson finds where strings, numbers and brackets begin (its "stage 1": vectors, UTF-8 checked);
 * what follows is read straight into Lua values. Its own second stages will not do: they refuse
 * integers over 64 bit, lose the sign of -0 and do not say where an error is.
 */
#include "script/json_private.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace {

static_assert(sizeof(lua_Integer) == sizeof(int64_t) && sizeof(lua_Number) == sizeof(double));

struct reader {
  lua_State *L;
  slip_json_work *w;
  int work; /* the stack index of its userdata */
  unsigned depth;
  struct slip_span text;
  struct slip_span plain; /* with which a string begins; absent: nothing is known */
  const uint32_t *next;   /* where the tokens begin that are still to be read */
  const uint32_t *end;
  slip_json_fault *fault;
};

bool push_value(reader &r);

bool refuse_at(reader &r, size_t at, const char *why) {
  r.fault->text = at < r.text.size ? why : "it ends too soon";
  r.fault->at = at;
  return false;
}

/* Of the next token. */
bool refuse(reader &r, const char *why) {
  return refuse_at(r, r.next == r.end ? r.text.size : *r.next, why);
}

/* The first byte of the next token. */
char peek(const reader &r) {
  return r.next == r.end ? '\0' : r.text.at[*r.next];
}

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The next token, from where it begins to the last byte before the one after that is no space. */
struct slip_span peek_token(const reader &r) {
  size_t from = *r.next;
  size_t to = r.next + 1 == r.end ? r.text.size : r.next[1];
  while (is_space(r.text.at[to - 1]))
    to--;
  return {r.text.at + from, to - from};
}

/* Of the inside of a string. */
bool has_escape(const reader &r, struct slip_span inside) {
  if (inside.at == r.plain.at)
    inside = slip_span_skip(inside, r.plain.size);
  return std::memchr(inside.at, '\\', inside.size) != nullptr;
}

bool push_string(reader &r) {
  struct slip_span raw = peek_token(r);
  struct slip_span text = {raw.at + 1, raw.size - 2};
  if (has_escape(r, text)) {
    slip_buf_truncate(&r.w->bytes, 0);
    enum slip_err err = slip_json_string_read(raw, &r.w->bytes, &text);
    slip_json_must(r.L, err != SLIP_ENOMEM);
    if (err != SLIP_OK)
      return refuse(r, "a bad escape in this string");
  }
  lua_pushlstring(r.L, text.at, text.size);
  r.next++;
  return true;
}

bool push_word(reader &r) {
  struct slip_span word = peek_token(r);
  if (slip_span_is_equal(word, slip_span_of("null"))) {
    lua_pushlightuserdata(r.L, nullptr);
  } else if (slip_span_is_equal(word, slip_span_of("true"))) {
    lua_pushboolean(r.L, 1);
  } else if (slip_span_is_equal(word, slip_span_of("false"))) {
    lua_pushboolean(r.L, 0);
  } else {
    return refuse(r, "expected a value");
  }
  r.next++;
  return true;
}

bool skip_digits(const char *&p, const char *end) {
  const char *from = p;
  while (p < end && *p >= '0' && *p <= '9')
    p++;
  return p > from;
}

/* Whether all of the span is a number (RFC 8259 section 6); *whole: without fraction and exponent.
 */
bool is_number(struct slip_span s, bool *whole) {
  const char *p = s.at;
  const char *end = s.at + s.size;
  if (*p == '-')
    p++;
  const char *first = p;
  if (!skip_digits(p, end))
    return false;
  if (*first == '0' && p > first + 1)
    return false;
  *whole = p == end;
  if (p < end && *p == '.' && !skip_digits(++p, end))
    return false;
  if (p < end && (*p == 'e' || *p == 'E')) {
    p++;
    if (p < end && (*p == '+' || *p == '-'))
      p++;
    if (!skip_digits(p, end))
      return false;
  }
  return p == end;
}

bool push_number(reader &r) {
  struct slip_span raw = peek_token(r);
  const char *end = raw.at + raw.size;
  bool whole = false;
  if (!is_number(raw, &whole))
    return refuse(r, "this is no number");
  int64_t integer = 0;
  if (whole && std::from_chars(raw.at, end, integer).ec == std::errc() &&
      (integer != 0 || *raw.at != '-')) {
    lua_pushinteger(r.L, integer);
  } else {
    double number = 0;
    /* It says "out of range" of the too small, which are 0, as of the too large. */
    if (std::from_chars(raw.at, end, number).ec != std::errc()) {
      number = simdjson::internal::from_chars(raw.at, end);
    }
    if (!std::isfinite(number))
      return refuse(r, "this number is too large for a float");
    lua_pushnumber(r.L, number);
  }
  r.next++;
  return true;
}

bool push_items(reader &r) {
  for (lua_Integer i = 1;; i++) {
    if (!push_value(r))
      return false;
    lua_rawseti(r.L, -2, i);
    char c = peek(r);
    if (c != ',' && c != ']')
      return refuse(r, "expected , or ]");
    r.next++;
    if (c == ']')
      return true;
  }
}

bool push_fields(reader &r) {
  for (;;) {
    if (peek(r) != '"')
      return refuse(r, "expected a key in quotes");
    if (!push_string(r))
      return false;
    if (peek(r) != ':')
      return refuse(r, "expected :");
    r.next++;
    if (!push_value(r))
      return false;
    lua_rawset(r.L, -3);
    char c = peek(r);
    if (c != ',' && c != '}')
      return refuse(r, "expected , or }");
    r.next++;
    if (c == '}')
      return true;
  }
}

bool is_bracket(char c) {
  return c == '{' || c == '}' || c == '[' || c == ']';
}

/* How many items the table just opened has up to the next bracket, all of them where nothing nests:
 * a table with room for them is not made anew as it grows. Never many, as they may be commas only.
 */
int count_ahead(const reader &r) {
  const int max = 64;
  const uint32_t *token = r.next;
  int commas = 0;
  for (; token != r.end && commas < max && !is_bracket(r.text.at[*token]); token++)
    commas += r.text.at[*token] == ',';
  return token == r.next ? 0 : commas + 1;
}

bool push_table(reader &r) {
  if (r.depth == SLIP_JSON_DEPTH_MAX)
    return refuse(r, "nested too deep");
  luaL_checkstack(r.L, 4, "json");
  bool is_array = peek(r) == '[';
  r.next++;
  int room = count_ahead(r);
  lua_createtable(r.L, is_array ? room : 0, is_array ? 0 : room);
  if (is_array) {
    lua_getiuservalue(r.L, r.work, SLIP_JSON_ARRAY_MT);
    lua_setmetatable(r.L, -2);
  }
  if (peek(r) == (is_array ? ']' : '}')) {
    r.next++;
    return true;
  }
  r.depth++;
  if (!(is_array ? push_items(r) : push_fields(r)))
    return false;
  r.depth--;
  return true;
}

bool push_value(reader &r) {
  char c = peek(r);
  if (c == '{' || c == '[')
    return push_table(r);
  if (c == '"')
    return push_string(r);
  if (c == '-' || (c >= '0' && c <= '9'))
    return push_number(r);
  return r.next == r.end ? refuse(r, "") : push_word(r);
}

size_t find_bad_utf8(struct slip_span text) {
  struct slip_utf8 u = {};
  size_t at = 0;
  while (at < text.size && slip_utf8_feed(&u, {text.at + at, 1}))
    at++;
  return at;
}

size_t find_control_in_string(struct slip_span text) {
  bool quoted = false;
  size_t at = 0;
  for (; at < text.size; at++) {
    unsigned char c = static_cast<unsigned char>(text.at[at]);
    if (quoted && c < ' ')
      break;
    if (c == '"')
      quoted = !quoted;
    if (quoted && c == '\\')
      at++;
  }
  return at;
}

bool refuse_whole(reader &r, simdjson::error_code err) {
  slip_json_must(r.L, err != simdjson::MEMALLOC);
  switch (err) {
  case simdjson::UTF8_ERROR:
    return refuse_at(r, find_bad_utf8(r.text), "not UTF-8");
  case simdjson::UNESCAPED_CHARS:
    return refuse_at(r, find_control_in_string(r.text), "a bare control character in a string");
  case simdjson::CAPACITY:
    return refuse_at(r, 0, "longer than 4 GiB");
  default: /* EMPTY, UNCLOSED_STRING */
    return refuse_at(r, r.text.size, "");
  }
}

/* Finds the tokens of `text`. */
simdjson::error_code find_in(reader &r, struct slip_span text) {
  auto &finder = r.w->finder;
  size_t capacity = text.size > SLIP_JSON_KEPT ? text.size : SLIP_JSON_KEPT;
  if (text.size == 0)
    return simdjson::EMPTY;
  simdjson::error_code err = simdjson::SUCCESS;
  if (!finder) {
    err = simdjson::get_active_implementation()->create_dom_parser_implementation(
        capacity, SLIP_JSON_DEPTH_MAX, finder);
  } else if (finder->capacity() < capacity) {
    err = finder->allocate(capacity, SLIP_JSON_DEPTH_MAX);
  }
  if (err != simdjson::SUCCESS)
    return err;
  err = finder->stage1(reinterpret_cast<const uint8_t *>(text.at), text.size,
                       simdjson::stage1_mode::regular);
  r.next = finder->structural_indexes.get();
  r.end = r.next + finder->n_structural_indexes;
  return err;
}

/* What is left when the plain stretch is taken out is searched; tokens behind it are then moved to
 * where they are. */
simdjson::error_code find_around_plain(reader &r) {
  struct slip_buf *rest = &r.w->bytes;
  size_t before = static_cast<size_t>(r.plain.at - r.text.at);
  struct slip_span behind = slip_span_skip(r.text, before + r.plain.size);
  slip_buf_truncate(rest, 0);
  slip_json_must(r.L, slip_buf_append(rest, {r.text.at, before}) == SLIP_OK);
  slip_json_must(r.L, slip_buf_append(rest, behind) == SLIP_OK);
  simdjson::error_code err = find_in(r, slip_buf_span(rest));
  if (err != simdjson::SUCCESS)
    return err;
  uint32_t *first = r.w->finder->structural_indexes.get();
  uint32_t *end = first + r.w->finder->n_structural_indexes;
  for (uint32_t *token = std::lower_bound(first, end, before); token < end; token++)
    *token += static_cast<uint32_t>(r.plain.size);
  return err;
}

/* Finds the tokens. To take the plain stretch out is to copy the rest, so that must be less. */
simdjson::error_code find(reader &r) {
  return r.plain.size > r.text.size / 2 ? find_around_plain(r) : find_in(r, r.text);
}

} // namespace

bool slip_json_read(lua_State *L, int work, struct slip_span text, struct slip_span plain,
                    slip_json_fault *fault) {
  reader r = {};
  r.L = L;
  r.w = static_cast<slip_json_work *>(lua_touserdata(L, work));
  r.work = work;
  r.text = text;
  r.plain = plain;
  r.fault = fault;
  simdjson::error_code err = find(r);
  if (err != simdjson::SUCCESS)
    return refuse_whole(r, err);
  if (!push_value(r))
    return false;
  return r.next == r.end || refuse(r, "something follows the value");
}
