#include "core/json_string.h"

#include "core/utf8.h"
#include "core/word.h"

/* Eight bytes at once: the high bit of each that is a quote, a backslash or a control character.
 * The subtractions borrow at a byte that is too low; those over 0x7F are never special. A borrow
 * may reach the byte above too, so only the lowest hit is sure. */
static uint64_t find_hits(uint64_t word) {
  uint64_t quote = word ^ SLIP_WORD_OF('"');
  uint64_t backslash = word ^ SLIP_WORD_OF('\\');
  uint64_t low =
      (quote - SLIP_WORD_OF(1)) | (backslash - SLIP_WORD_OF(1)) | (word - SLIP_WORD_OF(0x20));
  return low & ~word & SLIP_WORD_OF(0x80);
}

static bool is_special(char c) {
  return c == '"' || c == '\\' || (unsigned char)c < 0x20;
}

typedef uint8_t vector __attribute__((vector_size(16)));

/* Not 0 when one of the sixteen bytes is special. */
static uint64_t find_any(const char *at) {
  vector v;
  uint64_t halves[2];
  memcpy(&v, at, sizeof v);
  vector hits = (vector)((v == (uint8_t)'"') | (v == (uint8_t)'\\') | (v < (uint8_t)0x20));
  memcpy(halves, &hits, sizeof halves);
  return halves[0] | halves[1];
}

/* Moves *at, eight bytes at a time, to the first special one. False: there is none in the words
 * before `end`, and *at is behind them. */
static bool find_in_words(const char **at, const char *end) {
  for (; end - *at >= 8; *at += 8) {
    uint64_t hits = find_hits(slip_word_load(*at));
    if (hits == 0)
      continue;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    *at += __builtin_ctzll(hits) / 8;
#else
    while (!is_special(**at)) /* the lowest hit is not the first one */
      ++*at;
#endif
    return true;
  }
  return false;
}

/* The first byte of a string that does not stand for itself, or `end`. Nearly all that is received
 * goes through here: most strings end soon, and of the others 32 bytes are looked at at once. */
static const char *find_special(const char *at, const char *end) {
  if (end - at > 32) {
    if (find_in_words(&at, at + 32))
      return at;
    while (end - at >= 32 && (find_any(at) | find_any(at + 16)) == 0)
      at += 32;
  }
  if (find_in_words(&at, end))
    return at;
  while (at < end && !is_special(*at))
    at++;
  return at;
}

/* The value of four hexadecimal digits, or -1. */
static int32_t read_hex4(const char *at, const char *end) {
  if (end - at < 4)
    return -1;
  int32_t value = 0;
  for (int i = 0; i < 4; i++) {
    int digit;
    if (at[i] >= '0' && at[i] <= '9')
      digit = at[i] - '0';
    else if ((at[i] | 0x20) >= 'a' && (at[i] | 0x20) <= 'f')
      digit = (at[i] | 0x20) - 'a' + 10;
    else
      return -1;
    value = value << 4 | digit;
  }
  return value;
}

/* How long the escape at a backslash is: 2 or 6; 0 when it is none. */
static size_t escape_size(const char *at, const char *end) {
  if (end - at < 2)
    return 0;
  if (at[1] == 'u')
    return read_hex4(at + 2, end) < 0 ? 0 : 6;
  return at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) != NULL ? 2 : 0;
}

const char *slip_json_string_skip(const char *at, const char *end, bool *is_plain) {
  at++; /* the first quote */
  for (;;) {
    at = find_special(at, end);
    if (at == end)
      return NULL;
    if (*at == '"')
      return at + 1;
    size_t size = *at == '\\' ? escape_size(at, end) : 0;
    if (size == 0)
      return NULL;
    *is_plain = false;
    at += size;
  }
}

/* ---- escapes ---- */

static size_t utf8_of(uint32_t c, char out[4]) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  if (c < 0x800) {
    out[0] = (char)(0xC0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = (char)(0xE0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3F));
    out[2] = (char)(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | c >> 18);
  out[1] = (char)(0x80 | (c >> 12 & 0x3F));
  out[2] = (char)(0x80 | (c >> 6 & 0x3F));
  out[3] = (char)(0x80 | (c & 0x3F));
  return 4;
}

/* Reads the \u escape at `*at`, both halves of it where it is a surrogate pair. */
static bool read_unicode(const char **at, const char *end, uint32_t *c) {
  int32_t high = read_hex4(*at + 2, end);
  *at += 6;
  if (high < 0 || (high >= 0xDC00 && high <= 0xDFFF))
    return false;
  *c = (uint32_t)high;
  if (high < 0xD800 || high > 0xDBFF)
    return true;
  if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
    return false;
  int32_t low = read_hex4(*at + 2, end);
  *at += 6;
  if (low < 0xDC00 || low > 0xDFFF)
    return false;
  *c = 0x10000 + ((*c - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
  return true;
}

/* Reads the escape whose backslash is at `*at` as UTF-8. False: a bad one, or a lone surrogate. */
static bool read_escape(const char **at, const char *end, char out[4], size_t *size) {
  static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  if (escape_size(*at, end) == 0)
    return false;
  uint32_t c;
  if ((*at)[1] == 'u') {
    if (!read_unicode(at, end, &c))
      return false;
  } else {
    c = (unsigned char)values[strchr(names, (*at)[1]) - names];
    *at += 2;
  }
  *size = utf8_of(c, out);
  return true;
}

static bool says_unescaped(const char *at, const char *end, struct slip_span text) {
  while (at < end) {
    char bytes[4] = {*at};
    size_t size = 1;
    if (*at != '\\')
      at++;
    else if (!read_escape(&at, end, bytes, &size))
      return false;
    if (text.size < size || memcmp(text.at, bytes, size) != 0)
      return false;
    text = slip_span_skip(text, size);
  }
  return text.size == 0;
}

bool slip_json_string_says(struct slip_span raw, struct slip_span text) {
  struct slip_span inside = {raw.at + 1, raw.size - 2};
  if (inside.size < text.size)
    return false; /* an escape is longer than what it stands for */
  if (inside.size == text.size)
    return slip_span_is_equal(inside, text) && memchr(inside.at, '\\', inside.size) == NULL;
  return memchr(inside.at, '\\', inside.size) != NULL &&
         says_unescaped(inside.at, inside.at + inside.size, text);
}

/* ---- to text and back ---- */

/* Appends the text of a string, from its inside, unescaped. */
static enum slip_err unescape(struct slip_buf *out, const char *at, const char *end) {
  while (at < end) {
    const char *stop = find_special(at, end);
    enum slip_err err = slip_buf_append(out, (struct slip_span){at, (size_t)(stop - at)});
    if (err != SLIP_OK || stop == end)
      return err;
    char bytes[4];
    size_t size;
    at = stop;
    if (*at != '\\' || !read_escape(&at, end, bytes, &size))
      return SLIP_EMALFORMED;
    err = slip_buf_append(out, (struct slip_span){bytes, size});
    if (err != SLIP_OK)
      return err;
  }
  return SLIP_OK;
}

enum slip_err slip_json_string_read(struct slip_span raw, struct slip_buf *scratch,
                                    struct slip_span *text) {
  if (raw.size < 2 || raw.at[0] != '"' || raw.at[raw.size - 1] != '"')
    return SLIP_EMALFORMED;
  const char *at = raw.at + 1, *end = raw.at + raw.size - 1;
  if (find_special(at, end) == end) {
    *text = (struct slip_span){at, raw.size - 2};
    return SLIP_OK;
  }
  size_t before = scratch->size;
  enum slip_err err = unescape(scratch, at, end);
  if (err != SLIP_OK) {
    slip_buf_truncate(scratch, before);
    return err;
  }
  *text = slip_span_skip(slip_buf_span(scratch), before);
  return SLIP_OK;
}

static enum slip_err write_escape(struct slip_buf *out, char c) {
  static const char names[] = "\"\\bfnrt", values[] = "\"\\\b\f\n\r\t", hex[] = "0123456789abcdef";
  const char *short_form = c == '\0' ? NULL : strchr(values, c);
  if (short_form != NULL)
    return slip_buf_append(out, (struct slip_span){(char[]){'\\', names[short_form - values]}, 2});
  char long_form[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
  return slip_buf_append(out, (struct slip_span){long_form, sizeof long_form});
}

static enum slip_err escape(struct slip_buf *out, const char *at, const char *end) {
  while (at < end) {
    const char *stop = find_special(at, end);
    enum slip_err err = slip_buf_append(out, (struct slip_span){at, (size_t)(stop - at)});
    if (err != SLIP_OK || stop == end)
      return err;
    err = write_escape(out, *stop);
    if (err != SLIP_OK)
      return err;
    at = stop + 1;
  }
  return SLIP_OK;
}

/* Whether it is ASCII, as most is, and needs no escape. */
static bool is_plain(struct slip_span text) {
  uint64_t found = 0;
  for (; text.size >= 8; text = slip_span_skip(text, 8)) {
    uint64_t word = slip_word_load(text.at);
    found |= word | find_hits(word);
  }
  if (text.size > 0) {
    uint64_t word = slip_word_load_few(text.at, text.size);
    found |= word | find_hits(word);
  }
  return (found & SLIP_WORD_OF(0x80)) == 0;
}

static enum slip_err write_plain(struct slip_buf *out, struct slip_span text) {
  char *room;
  enum slip_err err = slip_buf_reserve(out, text.size + 2, &room);
  if (err != SLIP_OK)
    return err;
  room[0] = '"';
  memcpy(room + 1, text.at, text.size);
  room[text.size + 1] = '"';
  slip_buf_commit(out, text.size + 2);
  return SLIP_OK;
}

static enum slip_err write_escaped(struct slip_buf *out, struct slip_span text) {
  size_t before = out->size;
  enum slip_err err = slip_buf_append(out, SLIP_SPAN("\""));
  if (err == SLIP_OK)
    err = escape(out, text.at, text.at + text.size);
  if (err == SLIP_OK)
    err = slip_buf_append(out, SLIP_SPAN("\""));
  if (err != SLIP_OK)
    slip_buf_truncate(out, before);
  return err;
}

enum slip_err slip_json_string_write(struct slip_buf *out, struct slip_span text) {
  if (text.size == 0)
    return slip_buf_append(out, SLIP_SPAN("\"\""));
  if (is_plain(text))
    return write_plain(out, text);
  return slip_utf8_is_valid(text) ? write_escaped(out, text) : SLIP_EUTF8;
}
