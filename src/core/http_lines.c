#include "core/http_lines.h"

#include "core/http_header.h"

void slip_http_lines_init(struct slip_http_lines *lines, size_t max) {
  *lines = (struct slip_http_lines){0};
  slip_buf_init(&lines->text, max);
}

void slip_http_lines_clear(struct slip_http_lines *lines) {
  slip_buf_clear(&lines->text);
}

void slip_http_lines_restart(struct slip_http_lines *lines) {
  slip_buf_truncate(&lines->text, 0);
  lines->line_at = 0;
  lines->is_whole = false;
}

/* A line with its end. */
static bool is_blank(struct slip_span line) {
  return line.size == 1 || (line.size == 2 && line.at[0] == '\r');
}

/* Reads to the end of a line and no further, so that what is behind the head stays in *in. */
static enum slip_err read_line(struct slip_http_lines *lines, struct slip_span *in) {
  const char *end = memchr(in->at, '\n', in->size);
  struct slip_span piece = {in->at, end != NULL ? (size_t)(end - in->at) + 1 : in->size};
  enum slip_err err = slip_buf_append(&lines->text, piece);
  if (err != SLIP_OK)
    return err;
  *in = slip_span_skip(*in, piece.size);
  if (end == NULL)
    return SLIP_OK;
  if (is_blank(slip_span_skip(slip_buf_span(&lines->text), lines->line_at)))
    lines->is_whole = true;
  else
    lines->line_at = lines->text.size;
  return SLIP_OK;
}

/* Most heads come whole, and have no more than this. */
#define USUAL_SIZE 512

static enum slip_err make_room(struct slip_http_lines *lines, struct slip_span in) {
  char *room;
  if (lines->text.size > 0 || in.size > USUAL_SIZE)
    return SLIP_OK;
  return slip_buf_reserve(&lines->text, in.size, &room);
}

enum slip_err slip_http_lines_feed(struct slip_http_lines *lines, struct slip_span *in) {
  enum slip_err err = make_room(lines, *in);
  while (err == SLIP_OK && !lines->is_whole && in->size > 0)
    err = read_line(lines, in);
  return err;
}

struct slip_span slip_http_lines_first(const struct slip_http_lines *lines,
                                       struct slip_span *headers) {
  struct slip_span line = {0};
  *headers = (struct slip_span){slip_buf_span(&lines->text).at, lines->line_at};
  slip_http_line_next(headers, &line);
  return line;
}
