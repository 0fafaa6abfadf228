#ifndef SLIP_NET_TLS_STREAM_H
#define SLIP_NET_TLS_STREAM_H
/*
 * Tls stream: TLS by OpenSSL over a TCP stream that it owns.
 *
 * What it holds while idle: the SSL, whose record buffers OpenSSL gives back in between.
 */
#include "net/dial.h"
#include "net/network.h"

/* Dials, as in dial.h; holds `target->tls`. SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_tls_dial(struct slip_network *network,
                                         const struct slip_target *target,
                                         const struct slip_stream_handler *handler, void *owner,
                                         struct slip_stream **out);

#endif
