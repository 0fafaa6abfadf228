#ifndef SLIP_CORE_HTTP_HEADER_H
#define SLIP_CORE_HTTP_HEADER_H
/*
 * Http_header: the lines, names and lists of an HTTP/1.1 head (RFC 9110, RFC 9112).
 *
 * Pure; owns nothing: all spans are borrowed from the text that was read.
 */
#include "core/upgrade.h"

/* Takes a line off the front, without its end (CRLF, or LF alone). False when none is whole. */
bool slip_http_line_next(struct slip_span *text, struct slip_span *line);
/*
 * Reads "Name: value", the value trimmed. False for what RFC 9112 section 5 forbids: no name that
 * is a token, white space around the name (so a folded line too), control characters.
 */
bool slip_http_header_read(struct slip_span line, struct slip_header *out);
/* Whether each line of these is such a header. */
bool slip_http_are_headers(struct slip_span lines);

/* Whether it is a token (RFC 9110 section 5.6.2); an empty one is not. */
bool slip_http_is_token(struct slip_span text);
/* Whether it may be a value: no control characters but the tab. */
bool slip_http_is_value(struct slip_span text);
/* The value of a hexadecimal digit, or -1. */
int slip_http_hex(char c);
/* Whether two names are the same but for the case of ASCII letters. */
bool slip_http_is_same(struct slip_span a, struct slip_span b);

/* Takes the next part, trimmed, off the front of a text with marks between its parts; empty parts
 * are skipped. */
bool slip_http_part_next(struct slip_span *text, char mark, struct slip_span *part);
/* Takes the next item, trimmed, off the front of a list with commas; empty items are skipped. */
bool slip_http_item_next(struct slip_span *list, struct slip_span *item);
/* Whether a list with commas has the item, in any case. */
bool slip_http_lists(struct slip_span list, struct slip_span item);
/* Whether a header of that name lists the item. */
bool slip_http_header_lists(struct slip_span headers, struct slip_span name, struct slip_span item);

#endif
