#ifndef SLIP_CORE_HTTP_REQUEST_H
#define SLIP_CORE_HTTP_REQUEST_H
/*
 * Http_request: reads the head of an HTTP/1 request (RFC 9112), for a server.
 *
 * Pure; owns nothing: all spans are borrowed from the lines that were read.
 */
#include "core/http_lines.h"

struct slip_http_request {
  struct slip_span method;
  struct slip_span path;    /* as it was written, see slip_http_unescape; of CONNECT "host:port" */
  struct slip_span query;   /* behind '?', as it was written; absent when there is none */
  struct slip_span version; /* "HTTP/1.1" */
  struct slip_span headers; /* the raw lines "Name: value\r\n…" */
};

/*
 * Reads a whole head. SLIP_EMALFORMED: no such request line, a target that is no path, a '%' in it
 * that is not before two hex digits, what is no header (a folded line too).
 */
SLIP_CHECKED enum slip_err slip_http_request_read(const struct slip_http_lines *lines,
                                                  struct slip_http_request *out);
/* Whether it asks for a WebSocket. */
bool slip_http_request_is_upgrade(const struct slip_http_request *request);
/* Whether no other request can follow on its connection: the peer says so, or there is a body,
 * which nobody reads. */
bool slip_http_request_is_last(const struct slip_http_request *request);
/* Appends the value of the header, in any case, with ", " between several; *is_there: it has one,
 * maybe an empty one. SLIP_ETOOBIG, SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_http_request_header(const struct slip_http_request *request,
                                                    struct slip_span name, struct slip_buf *out,
                                                    bool *is_there);

/* Appends a text without its escapes: "%0A" is a line feed. In a query a '+' is a space.
 * SLIP_ETOOBIG, SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_http_unescape(struct slip_span text, bool is_query,
                                              struct slip_buf *out);

#endif
