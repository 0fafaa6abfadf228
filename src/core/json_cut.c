#include "core/json_cut.h"

/* What skips gives the place behind, or NULL where the text is broken. */

static bool is_space(char c) {
  return c <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t');
}

static const char *skip_space(const char *at, const char *end) {
  while (at < end && is_space(*at))
    at++;
  return at;
}

static const char *skip_word(const char *at, const char *end, struct slip_span word) {
  bool is_there = (size_t)(end - at) >= word.size && memcmp(at, word.at, word.size) == 0;
  return is_there ? at + word.size : NULL;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Skips what could be a number; the decoder will see whether it is one. */
static const char *skip_number(const char *at, const char *end) {
  if (*at != '-' && !is_digit(*at))
    return NULL;
  do
    at++;
  while (at < end &&
         (is_digit(*at) || *at == '-' || *at == '+' || *at == '.' || (*at | 0x20) == 'e'));
  return at;
}

/* Of the string that begins with what is known to be plain, only what is behind that is looked at,
 * as if its last byte were the quote. */
static const char *skip_string(struct slip_json_cut *c) {
  const char *quote = c->at;
  if (quote + 1 == c->plain.at && c->plain.size > 0) {
    c->passed = c->plain;
    quote = c->plain.at + c->plain.size - 1;
  }
  return slip_json_string_skip(quote, c->end, &c->is_plain);
}

/* Skips what is neither array nor object; there is something. */
static const char *skip_scalar(struct slip_json_cut *c) {
  switch (*c->at) {
  case '"':
    return skip_string(c);
  case 't':
    return skip_word(c->at, c->end, SLIP_SPAN("true"));
  case 'f':
    return skip_word(c->at, c->end, SLIP_SPAN("false"));
  case 'n':
    return skip_word(c->at, c->end, SLIP_SPAN("null"));
  default:
    return skip_number(c->at, c->end);
  }
}

void slip_json_cut_init(struct slip_json_cut *c, struct slip_span text, struct slip_span plain) {
  c->at = text.at;
  c->plain = plain;
  c->passed = (struct slip_span){0};
  c->end = text.size == 0 ? text.at : text.at + text.size;
  c->depth = 0;
  c->is_plain = true;
}

/* Skips space, of which there is hardly ever any, and says what stands behind it; NUL at the end.
 */
static char look(struct slip_json_cut *c) {
  bool has = c->at < c->end;
  if (has && *c->at > ' ')
    return *c->at;
  c->at = skip_space(c->at, c->end);
  return c->at < c->end ? *c->at : '\0';
}

static bool is_in_object(const struct slip_json_cut *c) {
  return (c->objects[c->depth / 64] >> c->depth % 64 & 1) != 0;
}

/* Closes the innermost bracket if that is next. */
static bool close_bracket(struct slip_json_cut *c) {
  if (look(c) != (is_in_object(c) ? '}' : ']'))
    return false;
  c->at++;
  c->depth--;
  return true;
}

/* Opens the bracket that is next. */
static enum slip_err open_bracket(struct slip_json_cut *c, bool *has) {
  if (c->depth == SLIP_JSON_CUT_DEPTH_MAX)
    return SLIP_ETOOBIG;
  c->depth++;
  uint64_t bit = UINT64_C(1) << c->depth % 64;
  if (*c->at++ == '{')
    c->objects[c->depth / 64] |= bit;
  else
    c->objects[c->depth / 64] &= ~bit;
  *has = !close_bracket(c);
  return SLIP_OK;
}

enum slip_err slip_json_cut_array(struct slip_json_cut *c, bool *has) {
  return look(c) == '[' ? open_bracket(c, has) : SLIP_EMALFORMED;
}

enum slip_err slip_json_cut_next(struct slip_json_cut *c, bool *has) {
  *has = look(c) == ',';
  if (*has)
    c->at++;
  return *has || close_bracket(c) ? SLIP_OK : SLIP_EMALFORMED;
}

static enum slip_err cut_key(struct slip_json_cut *c, struct slip_span *key) {
  if (look(c) != '"')
    return SLIP_EMALFORMED;
  const char *behind = skip_string(c);
  if (behind == NULL)
    return SLIP_EMALFORMED;
  *key = (struct slip_span){c->at, (size_t)(behind - c->at)};
  c->at = behind;
  if (look(c) != ':')
    return SLIP_EMALFORMED;
  c->at++;
  return SLIP_OK;
}

/* Skips a scalar, or only the bracket that opens an array or object. *has: something is in it. */
static enum slip_err skip_token(struct slip_json_cut *c, bool *has) {
  char first = look(c);
  *has = false;
  if (first == '[' || first == '{')
    return open_bracket(c, has);
  const char *behind = c->at == c->end ? NULL : skip_scalar(c);
  if (behind == NULL)
    return SLIP_EMALFORMED;
  c->at = behind;
  return SLIP_OK;
}

/* Skips the next value with all that is inside it. Not recursive: nesting must not cost stack. */
static enum slip_err skip_value(struct slip_json_cut *c) {
  unsigned depth = c->depth;
  struct slip_span key;
  enum slip_err err;
  do {
    bool has;
    err = skip_token(c, &has);
    while (err == SLIP_OK && !has && c->depth > depth)
      err = slip_json_cut_next(c, &has);
    if (err == SLIP_OK && has && is_in_object(c))
      err = cut_key(c, &key);
  } while (err == SLIP_OK && c->depth > depth);
  return err;
}

enum slip_err slip_json_cut_value(struct slip_json_cut *c, struct slip_json_part *out) {
  (void)look(c);
  c->is_plain = true;
  c->passed = (struct slip_span){0};
  const char *start = c->at;
  enum slip_err err = skip_value(c);
  if (err == SLIP_OK)
    *out = (struct slip_json_part){{start, (size_t)(c->at - start)}, c->is_plain, c->passed};
  return err;
}

/* Reads one member and keeps its value where a key asks for it. */
static enum slip_err cut_member(struct slip_json_cut *c, const struct slip_span *keys, size_t count,
                                struct slip_json_part *values) {
  struct slip_span key;
  struct slip_json_part value;
  enum slip_err err = cut_key(c, &key);
  if (err == SLIP_OK)
    err = slip_json_cut_value(c, &value);
  if (err != SLIP_OK)
    return err;
  for (size_t i = 0; i < count; i++)
    if (slip_json_string_says(key, keys[i]))
      values[i] = value;
  return SLIP_OK;
}

enum slip_err slip_json_cut_object(struct slip_json_cut *c, const struct slip_span *keys,
                                   size_t count, struct slip_json_part *values) {
  for (size_t i = 0; i < count; i++)
    values[i] = (struct slip_json_part){0};
  if (look(c) != '{')
    return SLIP_EMALFORMED;
  bool has;
  enum slip_err err = open_bracket(c, &has);
  while (err == SLIP_OK && has) {
    err = cut_member(c, keys, count, values);
    if (err == SLIP_OK)
      err = slip_json_cut_next(c, &has);
  }
  return err;
}

bool slip_json_cut_is_done(const struct slip_json_cut *c) {
  return skip_space(c->at, c->end) == c->end;
}
