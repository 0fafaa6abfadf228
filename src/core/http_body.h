#ifndef SLIP_CORE_HTTP_BODY_H
#define SLIP_CORE_HTTP_BODY_H
/*
 * Http_body: finds where the body of an HTTP/1.1 answer ends (RFC 9112 section 6),
 * and takes the chunks of a chunked one apart.
 *
 * Pure; owns nothing. It reads for showing, not for using the connection again: a
 * body whose length is nonsense, or whose chunks are, ends there and is no error.
 */
#include "core/span.h"

#include <stdint.h>

enum slip_http_body_state {
  SLIP_HTTP_BODY_COUNTED,    /* `left` bytes are to come */
  SLIP_HTTP_BODY_UNTIL_END,  /* it ends with the connection */
  SLIP_HTTP_BODY_CHUNK_SIZE, /* in the digits of a chunk's size */
  SLIP_HTTP_BODY_CHUNK_REST, /* in the rest of that line */
  SLIP_HTTP_BODY_CHUNK_DATA, /* `left` bytes of the chunk are to come */
  SLIP_HTTP_BODY_CHUNK_END,  /* before the line end behind a chunk */
  SLIP_HTTP_BODY_DONE,
};

struct slip_http_body {
  enum slip_http_body_state state;
  uint64_t left;
};

/* The body that a head announces; `headers` are its raw lines. */
void slip_http_body_init(struct slip_http_body *b, uint16_t status, struct slip_span headers);
/*
 * Takes the next bytes of the body off the front of *in, and what frames them; false when there
 * are none: *in is used up, or the body is done.
 */
bool slip_http_body_next(struct slip_http_body *b, struct slip_span *in, struct slip_span *out);
bool slip_http_body_is_done(const struct slip_http_body *b);

#endif
