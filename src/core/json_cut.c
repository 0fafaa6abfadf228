#include "core/json_cut.h"

#include "core/limits.h"

#include <stdint.h>

/* How deep a part may nest; the one more is the object that a reply puts around its response. */
#define PART_DEPTH_MAX (SLIP_JSON_DEPTH_MAX + 1)

/* Where the reader is, and which kinds of brackets are open there. */
struct reader {
  const char *at;
  const char *end;
  unsigned depth;
  uint64_t objects[PART_DEPTH_MAX / 64 + 1]; /* a bit for each depth: an object, not an array */
};

static struct reader reader_of(struct slip_span text) {
  return (struct reader){.at = text.at, .end = text.size == 0 ? text.at : text.at + text.size};
}

static bool is_space(char c) {
  return c <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t');
}

static void skip_space(struct reader *r) {
  while (r->at < r->end && is_space(*r->at))
    r->at++;
}

/* Skips space and then that one character; false when another stands there. */
static bool skip_char(struct reader *r, char c) {
  skip_space(r);
  if (r->at == r->end || *r->at != c)
    return false;
  r->at++;
  return true;
}

/* Skips a string whose first quote is next. */
static bool skip_string(struct reader *r) {
  const char *behind = slip_json_string_skip(r->at, r->end);
  if (behind == NULL)
    return false;
  r->at = behind;
  return true;
}

static bool skip_word(struct reader *r, struct slip_span word) {
  if ((size_t)(r->end - r->at) < word.size || memcmp(r->at, word.at, word.size) != 0)
    return false;
  r->at += word.size;
  return true;
}

/* Skips what could be a number; the decoder will see whether it is one. */
static bool skip_number(struct reader *r) {
  const char *start = r->at;
  while (r->at < r->end && ((*r->at >= '0' && *r->at <= '9') || *r->at == '-' || *r->at == '+' ||
                            *r->at == '.' || *r->at == 'e' || *r->at == 'E'))
    r->at++;
  return r->at > start && (*start == '-' || (*start >= '0' && *start <= '9'));
}

static bool skip_scalar(struct reader *r) {
  switch (*r->at) {
  case '"':
    return skip_string(r);
  case 't':
    return skip_word(r, SLIP_SPAN("true"));
  case 'f':
    return skip_word(r, SLIP_SPAN("false"));
  case 'n':
    return skip_word(r, SLIP_SPAN("null"));
  default:
    return skip_number(r);
  }
}

static bool skip_key(struct reader *r) {
  skip_space(r);
  return r->at < r->end && *r->at == '"' && skip_string(r) && skip_char(r, ':');
}

static bool is_in_object(const struct reader *r) {
  return (r->objects[r->depth / 64] >> r->depth % 64 & 1) != 0;
}

/* Skips one opening bracket. */
static enum slip_err open_bracket(struct reader *r) {
  if (r->depth == PART_DEPTH_MAX)
    return SLIP_ETOOBIG;
  r->depth++;
  uint64_t bit = UINT64_C(1) << r->depth % 64;
  if (*r->at++ == '{')
    r->objects[r->depth / 64] |= bit;
  else
    r->objects[r->depth / 64] &= ~bit;
  return SLIP_OK;
}

/* Skips the closing brackets that are next. */
static void close_brackets(struct reader *r) {
  while (r->depth > 0 && skip_char(r, is_in_object(r) ? '}' : ']'))
    r->depth--;
}

/* Skips what leads to the next value inside the open bracket: a comma unless it is the first, and
 * in an object a key. */
static bool skip_to_value(struct reader *r, bool is_first) {
  if (!is_first && !skip_char(r, ','))
    return false;
  return !is_in_object(r) || skip_key(r);
}

/* Skips a scalar, or only the bracket that opens an array or object. */
static enum slip_err skip_token(struct reader *r) {
  skip_space(r);
  if (r->at == r->end)
    return SLIP_EMALFORMED;
  if (*r->at == '[' || *r->at == '{')
    return open_bracket(r);
  return skip_scalar(r) ? SLIP_OK : SLIP_EMALFORMED;
}

/* Skips the next value with all that is inside it. Not recursive: nesting must not cost stack. */
static enum slip_err skip_value(struct reader *r) {
  bool is_first = true;
  r->depth = 0;
  do {
    if (r->depth > 0 && !skip_to_value(r, is_first))
      return SLIP_EMALFORMED;
    unsigned depth = r->depth;
    enum slip_err err = skip_token(r);
    if (err != SLIP_OK)
      return err;
    close_brackets(r);
    is_first = r->depth > depth;
  } while (r->depth > 0);
  return SLIP_OK;
}

/* Cuts the next value out, without the space around it. */
static enum slip_err cut_value(struct reader *r, struct slip_span *out) {
  skip_space(r);
  const char *start = r->at;
  enum slip_err err = skip_value(r);
  if (err == SLIP_OK)
    *out = (struct slip_span){start, (size_t)(r->at - start)};
  return err;
}

static bool is_at_end(struct reader *r) {
  skip_space(r);
  return r->at == r->end;
}

enum slip_err slip_json_cut_array(struct slip_span text, struct slip_span *items, size_t max,
                                  size_t *count) {
  struct reader r = reader_of(text);
  if (!skip_char(&r, '['))
    return SLIP_EMALFORMED;
  size_t found = 0;
  bool is_done = skip_char(&r, ']');
  while (!is_done) {
    struct slip_span item;
    enum slip_err err = cut_value(&r, &item);
    if (err != SLIP_OK)
      return err;
    if (found < max)
      items[found] = item;
    found++;
    is_done = skip_char(&r, ']');
    if (!is_done && !skip_char(&r, ','))
      return SLIP_EMALFORMED;
  }
  if (!is_at_end(&r))
    return SLIP_EMALFORMED;
  *count = found;
  return SLIP_OK;
}

/* Reads one member and keeps its value where a key asks for it. */
static enum slip_err cut_member(struct reader *r, const struct slip_span *keys, size_t count,
                                struct slip_span *values) {
  skip_space(r);
  struct slip_span key = {r->at, 0}, value;
  if (r->at == r->end || *r->at != '"' || !skip_string(r))
    return SLIP_EMALFORMED;
  key.size = (size_t)(r->at - key.at);
  if (!skip_char(r, ':'))
    return SLIP_EMALFORMED;
  enum slip_err err = cut_value(r, &value);
  if (err != SLIP_OK)
    return err;
  for (size_t i = 0; i < count; i++)
    if (slip_json_string_says(key, keys[i]))
      values[i] = value;
  return SLIP_OK;
}

enum slip_err slip_json_cut_object(struct slip_span text, const struct slip_span *keys,
                                   size_t count, struct slip_span *values) {
  struct reader r = reader_of(text);
  for (size_t i = 0; i < count; i++)
    values[i] = (struct slip_span){0};
  if (!skip_char(&r, '{'))
    return SLIP_EMALFORMED;
  bool is_done = skip_char(&r, '}');
  while (!is_done) {
    enum slip_err err = cut_member(&r, keys, count, values);
    if (err != SLIP_OK)
      return err;
    is_done = skip_char(&r, '}');
    if (!is_done && !skip_char(&r, ','))
      return SLIP_EMALFORMED;
  }
  return is_at_end(&r) ? SLIP_OK : SLIP_EMALFORMED;
}
