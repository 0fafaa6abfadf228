#include "core/http_header.h"

static struct slip_span trim(struct slip_span text) {
  while (text.size > 0 && (text.at[0] == ' ' || text.at[0] == '\t'))
    text = slip_span_skip(text, 1);
  while (text.size > 0 && (text.at[text.size - 1] == ' ' || text.at[text.size - 1] == '\t'))
    text.size--;
  return text;
}

/* Takes what is before the mark off the front, and the mark; all when there is none. */
static struct slip_span take(struct slip_span *text, char mark) {
  const char *found = text->size > 0 ? memchr(text->at, mark, text->size) : NULL;
  struct slip_span part = {text->at, found != NULL ? (size_t)(found - text->at) : text->size};
  *text = slip_span_skip(*text, found != NULL ? part.size + 1 : part.size);
  return part;
}

bool slip_http_line_next(struct slip_span *text, struct slip_span *line) {
  const char *end = text->size > 0 ? memchr(text->at, '\n', text->size) : NULL;
  if (end == NULL)
    return false;
  *line = (struct slip_span){text->at, (size_t)(end - text->at)};
  *text = slip_span_skip(*text, line->size + 1);
  if (line->size > 0 && line->at[line->size - 1] == '\r')
    line->size--;
  return true;
}

/* Parts name and value, whatever they are; false: there is no colon. */
static bool split(struct slip_span line, struct slip_header *out) {
  out->value = line;
  out->name = take(&out->value, ':');
  return out->name.size < line.size;
}

bool slip_http_header_read(struct slip_span line, struct slip_header *out) {
  struct slip_header header;
  if (!split(line, &header) || !slip_http_is_token(header.name) ||
      !slip_http_is_value(header.value))
    return false;
  *out = (struct slip_header){header.name, trim(header.value)};
  return true;
}

bool slip_http_are_headers(struct slip_span lines) {
  struct slip_span line;
  struct slip_header header;
  while (slip_http_line_next(&lines, &line))
    if (!slip_http_header_read(line, &header))
      return false;
  return true;
}

static char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_token_character(char c) {
  char lower = to_lower(c);
  if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-')
    return true;
  return c != '\0' && strchr("!#$%&'*+.^_`|~", c) != NULL;
}

bool slip_http_is_token(struct slip_span text) {
  for (size_t i = 0; i < text.size; i++)
    if (!is_token_character(text.at[i]))
      return false;
  return text.size > 0;
}

bool slip_http_is_value(struct slip_span text) {
  for (size_t i = 0; i < text.size; i++) {
    uint8_t c = (uint8_t)text.at[i];
    if ((c < 0x20 && c != '\t') || c == 0x7f)
      return false;
  }
  return true;
}

int slip_http_hex(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool slip_http_is_same(struct slip_span a, struct slip_span b) {
  if (a.size != b.size)
    return false;
  for (size_t i = 0; i < a.size; i++)
    if (a.at[i] != b.at[i] && to_lower(a.at[i]) != to_lower(b.at[i]))
      return false;
  return true;
}

bool slip_http_part_next(struct slip_span *text, char mark, struct slip_span *part) {
  while (text->size > 0) {
    *part = trim(take(text, mark));
    if (part->size > 0)
      return true;
  }
  return false;
}

bool slip_http_item_next(struct slip_span *list, struct slip_span *item) {
  return slip_http_part_next(list, ',', item);
}

bool slip_upgrade_header_next(struct slip_span *headers, struct slip_header *out) {
  struct slip_span line;
  while (slip_http_line_next(headers, &line)) {
    if (split(line, out)) {
      out->value = trim(out->value);
      return true;
    }
  }
  return false;
}

struct slip_span slip_upgrade_header(struct slip_span headers, struct slip_span name) {
  struct slip_header header;
  while (slip_upgrade_header_next(&headers, &header))
    if (slip_http_is_same(header.name, name))
      return header.value;
  return (struct slip_span){0};
}

bool slip_http_lists(struct slip_span list, struct slip_span wanted) {
  struct slip_span item;
  while (slip_http_item_next(&list, &item))
    if (slip_http_is_same(item, wanted))
      return true;
  return false;
}

bool slip_http_header_lists(struct slip_span headers, struct slip_span name,
                            struct slip_span item) {
  struct slip_header header;
  while (slip_upgrade_header_next(&headers, &header))
    if (slip_http_is_same(header.name, name) && slip_http_lists(header.value, item))
      return true;
  return false;
}
