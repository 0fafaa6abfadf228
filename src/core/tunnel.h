#ifndef SLIP_CORE_TUNNEL_H
#define SLIP_CORE_TUNNEL_H
/*
 * Tunnel: what is said to an HTTP proxy so that it lets a connection through (CONNECT, RFC 9110
 * section 9.3.6), and what it answers.
 *
 * Pure (base64 is OpenSSL's). The reader owns one buffer, of at most SLIP_TUNNEL_HEAD_MAX bytes,
 * until it is cleared.
 */
#include "core/http_head.h"

struct slip_tunnel_request {
  struct slip_span host; /* a name, which the proxy resolves, or an address without brackets */
  uint16_t port;
  struct slip_span credentials; /* "user:password"; absent: none are sent */
};

/*
 * Appends the request, or nothing on an error. SLIP_EINVAL: an empty host, or one that is not ASCII
 * or has white space. SLIP_ETOOBIG: credentials over SLIP_URI_MAX. SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_tunnel_write(const struct slip_tunnel_request *request,
                                             struct slip_buf *out);

struct slip_tunnel_reader {
  struct slip_http_head head;
  enum slip_err err; /* of the last feed */
  const char *fault;
};

void slip_tunnel_reader_init(struct slip_tunnel_reader *r);
void slip_tunnel_reader_clear(struct slip_tunnel_reader *r);
/*
 * Reads from the front of *in and moves it past what it has read. Once *is_done, `head` is whole:
 * with a status of 2xx what is left in *in, and all that follows, is from behind the proxy; with
 * another the proxy has refused. A body is not read: a tunnel's beginning has none, whatever its
 * headers say. 1xx answers are skipped.
 * SLIP_EMALFORMED, SLIP_ETOOBIG, SLIP_ENOMEM: `fault` has the words. After an error it is given
 * again.
 */
SLIP_CHECKED enum slip_err slip_tunnel_reader_feed(struct slip_tunnel_reader *r,
                                                   struct slip_span *in, bool *is_done);
/* Whether a whole answer lets us through. */
bool slip_tunnel_reader_is_open(const struct slip_tunnel_reader *r);

#endif
