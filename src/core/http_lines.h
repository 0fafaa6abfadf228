#ifndef SLIP_CORE_HTTP_LINES_H
#define SLIP_CORE_HTTP_LINES_H
/*
 * Http_lines: gathers the lines of a head of HTTP/1.1, of a request or an answer, up to the blank
 * one.
 *
 * Pure. Owns one buffer, of at most the bytes that it was told, until it is cleared.
 */
#include "core/buf.h"

struct slip_http_lines {
  struct slip_buf text; /* as far as it came */
  size_t line_at;       /* where in it the last line begins */
  bool is_whole;
};

void slip_http_lines_init(struct slip_http_lines *lines, size_t max);
void slip_http_lines_clear(struct slip_http_lines *lines);
/* Begins another head. */
void slip_http_lines_restart(struct slip_http_lines *lines);
/*
 * Reads from the front of *in, up to the blank line and never past it, and moves *in past what it
 * has read. Lines may end in LF alone. SLIP_ETOOBIG, SLIP_ENOMEM: it must not be fed again.
 */
SLIP_CHECKED enum slip_err slip_http_lines_feed(struct slip_http_lines *lines,
                                                struct slip_span *in);
/* The first line of a whole one; *headers are the raw lines "Name: value\r\n…" behind it. Borrowed
 * from it. */
struct slip_span slip_http_lines_first(const struct slip_http_lines *lines,
                                       struct slip_span *headers);

#endif
