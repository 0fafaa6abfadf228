#ifndef SLIP_CORE_UPGRADE_H
#define SLIP_CORE_UPGRADE_H
/*
 * Upgrade: the HTTP/1.1 handshake of RFC 6455 section 4, the client's half: writes
 * the request, reads the answer.
 *
 * Pure (SHA-1 and base64 are OpenSSL's). The reader owns two buffers, of at most
 * SLIP_UPGRADE_HEAD_MAX and SLIP_UPGRADE_BODY_MAX bytes, until it is freed.
 */
#include "core/extension.h"

struct slip_header {
  struct slip_span name;
  struct slip_span value;
};

struct slip_upgrade_request {
  struct slip_span host;             /* the Host header's value, brackets and port as needed */
  struct slip_span target;           /* path and query; "/" goes before when there is no path */
  uint8_t nonce[16];                 /* random; the Sec-WebSocket-Key */
  struct slip_span protocols;        /* the Sec-WebSocket-Protocol value; absent: not sent */
  struct slip_extension compress;    /* what is offered of permessage-deflate */
  const struct slip_header *headers; /* more headers, sent in this order */
  size_t header_count;
};

/*
 * Appends the request, or nothing on an error; *fault is then why, in words, static.
 * SLIP_EINVAL: CR, LF, NUL or another control character in any part, an empty host, white space
 * or what is not ASCII in host or target, subprotocols or a header name that are no tokens (RFC
 * 9110 section 5.6.2; subprotocols may have slashes), a header that the handshake itself sends
 * (Host, Upgrade, Connection, Sec-WebSocket-*, Content-Length, Transfer-Encoding). SLIP_ETOOBIG,
 * SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_upgrade_write(const struct slip_upgrade_request *request,
                                              struct slip_buf *out, const char **fault);

#define SLIP_UPGRADE_ACCEPT_SIZE 28 /* a SHA-1 in base64 */

/*
 * RFC 6455 section 4.2.2: what only a server that knows WebSockets makes of a Sec-WebSocket-Key,
 * with a NUL behind it.
 */
void slip_upgrade_accept(struct slip_span key, unsigned char accept[SLIP_UPGRADE_ACCEPT_SIZE + 1]);

enum slip_upgrade_verdict {
  SLIP_UPGRADE_UNFINISHED, /* more bytes are needed */
  SLIP_UPGRADE_ACCEPTED,   /* 101, all checked; the rest of the input is frames */
  SLIP_UPGRADE_REFUSED,    /* any other status, its body read as far as it is kept */
};

/* The answer. Spans are borrowed from the reader until it is freed. */
struct slip_upgrade_answer {
  uint16_t status;
  struct slip_span reason;        /* "Forbidden" */
  struct slip_span headers;       /* the raw lines "Name: value\r\n…"; see slip_upgrade_header */
  struct slip_span body;          /* of a refusal, at most SLIP_UPGRADE_BODY_MAX; chunks joined */
  struct slip_span protocol;      /* the chosen subprotocol; absent when none */
  struct slip_extension compress; /* what was agreed on */
};

struct slip_upgrade_reader; /* opaque */

/* `request` is what `slip_upgrade_write` has written (what is needed of it is copied), `offer` its
 * `compress`. SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_upgrade_reader_new(struct slip_span request,
                                                   const struct slip_extension *offer,
                                                   struct slip_upgrade_reader **out);
void slip_upgrade_reader_free(struct slip_upgrade_reader *r); /* NULL is fine */
/*
 * Reads from the front of *in and moves it past what it has read. On ACCEPTED what is left in *in
 * is the first frames: the reader never reads past the blank line of a 101. Other 1xx answers are
 * skipped. A refusal is finished when its body is (Content-Length, chunked, 204/304) or has filled
 * SLIP_UPGRADE_BODY_MAX; a body framed by nonsense ends there. A finished reader reads no more.
 * SLIP_EMALFORMED: no HTTP/1.1, a folded header or one that is none (lines may end in LF alone), or
 * a 101 in HTTP/1.0 or one that breaks RFC 6455 section 4.1 (Upgrade, Connection, accept key, a
 * subprotocol or extension that was not offered, see slip_extension_read). SLIP_ETOOBIG: head over
 * the limit. SLIP_ENOMEM. `slip_upgrade_reader_fault` has the words. After an error the reader
 * gives it again.
 */
SLIP_CHECKED enum slip_err slip_upgrade_reader_feed(struct slip_upgrade_reader *r,
                                                    struct slip_span *in,
                                                    enum slip_upgrade_verdict *verdict);
/*
 * The stream ended, or we wait no longer: whether what there is makes a refusal, which is then
 * finished. Its body may be one that ends with the connection, or be cut off: the status tells more
 * than the loss.
 */
bool slip_upgrade_reader_end(struct slip_upgrade_reader *r);
/* After ACCEPTED or REFUSED. */
void slip_upgrade_reader_answer(const struct slip_upgrade_reader *r,
                                struct slip_upgrade_answer *out);
/* Why the last feed failed, in words, such as "the server answered with something that is not
 * HTTP". */
const char *slip_upgrade_reader_fault(const struct slip_upgrade_reader *r);

/* Lines of a head are looked at when it is read; these two trust them. */
/* The first header of that name (any case) in raw lines, trimmed; absent when there is none. */
struct slip_span slip_upgrade_header(struct slip_span headers, struct slip_span name);
/* Takes the next line off the front of *headers. False when there is none. */
bool slip_upgrade_header_next(struct slip_span *headers, struct slip_header *out);

#endif
