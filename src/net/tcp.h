#ifndef SLIP_NET_TCP_H
#define SLIP_NET_TCP_H
/*
 * Tcp: the stream over one TCP connection. A unix socket is such a one, too: it differs in how it
 * is made, which is connect.h's affair.
 *
 * What it holds while idle: itself and its socket, 96 bytes; no buffers.
 */
#include "net/dial.h"
#include "net/network.h"

/* Dials, as in dial.h; `target->tls` and `target->proxy` are not looked at. SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_tcp_dial(struct slip_network *network,
                                         const struct slip_target *target,
                                         const struct slip_stream_handler *handler, void *owner,
                                         struct slip_stream **out);

/*
 * For TLS, which cannot take back a record that it has sealed: takes all the bytes, also while
 * others wait, and where some have to wait, `drained` follows. Where that fails (no memory, too
 * many that wait), `ended` follows.
 */
void slip_tcp_push(struct slip_stream *stream, struct slip_span bytes);
/* Whether bytes wait, so that `slip_stream_write` would take none. */
bool slip_tcp_is_full(const struct slip_stream *stream);
/* Ends the connection as if it were lost for libuv's `code`: `ended` follows. */
void slip_tcp_break(struct slip_stream *stream, int code);
/* For a tunnel (tunnel.h), which has read further than its own: says `received` of the bytes,
 * unless the owner has closed the stream. */
void slip_tcp_hand_on(struct slip_stream *stream, struct slip_span bytes);

#endif
