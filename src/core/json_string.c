#include "core/json_string.h"

#include "core/plain.h"
#include "core/utf8.h"

enum { PIECE = 16 * 1024 };

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
    at = slip_plain_end(at, end);
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
    const char *stop = slip_plain_end(at, end);
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
  if (slip_plain_end(at, end) == end) {
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
    const char *stop = slip_plain_end(at, end);
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

/* The next piece of a text; all of what is done to it is done while it is in the cache. */
static struct slip_span take_piece(struct slip_span *text) {
  struct slip_span piece = {text->at, text->size < PIECE ? text->size : PIECE};
  *text = slip_span_skip(*text, piece.size);
  return piece;
}

/* Copies text that is ASCII, as most is, and needs no escape. False: it is not such a text. */
static bool copy_plain(char *to, struct slip_span text) {
  while (text.size > 0) {
    struct slip_span piece = take_piece(&text);
    if (!slip_plain_is_ascii(piece))
      return false;
    memcpy(to, piece.at, piece.size);
    to += piece.size;
  }
  return true;
}

static enum slip_err escape_text(struct slip_buf *out, struct slip_span text) {
  struct slip_utf8 utf8 = {0};
  enum slip_err err = SLIP_OK;
  while (text.size > 0 && err == SLIP_OK) {
    struct slip_span piece = take_piece(&text);
    err = slip_utf8_feed(&utf8, piece) ? escape(out, piece.at, piece.at + piece.size) : SLIP_EUTF8;
  }
  return err == SLIP_OK && !slip_utf8_is_whole(&utf8) ? SLIP_EUTF8 : err;
}

static enum slip_err write_escaped(struct slip_buf *out, struct slip_span text) {
  size_t before = out->size;
  enum slip_err err = slip_buf_append(out, SLIP_SPAN("\""));
  if (err == SLIP_OK)
    err = escape_text(out, text);
  if (err == SLIP_OK)
    err = slip_buf_append(out, SLIP_SPAN("\""));
  if (err != SLIP_OK)
    slip_buf_truncate(out, before);
  return err;
}

enum slip_err slip_json_string_write(struct slip_buf *out, struct slip_span text) {
  char *room;
  enum slip_err err = slip_buf_reserve(out, text.size + 2, &room);
  if (err != SLIP_OK)
    return err;
  if (!copy_plain(room + 1, text))
    return write_escaped(out, text);
  room[0] = room[text.size + 1] = '"';
  slip_buf_commit(out, text.size + 2);
  return SLIP_OK;
}
