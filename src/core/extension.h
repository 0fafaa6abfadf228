#ifndef SLIP_CORE_EXTENSION_H
#define SLIP_CORE_EXTENSION_H
/*
 * Extension: the terms of permessage-deflate (RFC 7692 section 7.1), as the request offers them and
 * as the server's answer takes them up.
 *
 * Pure; owns nothing. No other extension is known.
 */
#include "core/buf.h"

#include <stdint.h>

#define SLIP_WINDOW_BITS_MAX 15

/*
 * Zeroed: not offered, or not taken up. Our own window is at least of 9 bits: zlib cannot compress
 * for one of 8.
 */
struct slip_extension {
  bool is_on;
  bool server_no_context_takeover; /* each message of the server's is compressed by itself */
  bool client_no_context_takeover; /* each of ours */
  uint8_t server_max_window_bits;  /* 8 to 15; 0: not said, which is 15 */
  uint8_t client_max_window_bits;  /* 9 to 15; likewise */
};

/* Appends the value of Sec-WebSocket-Extensions that offers these terms. SLIP_ETOOBIG, SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_extension_write(const struct slip_extension *offer,
                                                struct slip_buf *out);
/*
 * Reads the answer out of the raw header lines. NULL: *agreed is what holds for the connection,
 * with both window bits said; off when the server took up nothing. Otherwise why the connection
 * must fail, in words, static: an extension that was not offered or is taken up twice, a parameter
 * that is unknown, said twice, or has a value that it must not have, or terms beyond those offered.
 */
SLIP_CHECKED const char *slip_extension_read(const struct slip_extension *offer,
                                             struct slip_span headers,
                                             struct slip_extension *agreed);

#endif
