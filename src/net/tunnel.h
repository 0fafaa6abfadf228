#ifndef SLIP_NET_TUNNEL_H
#define SLIP_NET_TUNNEL_H
/*
 * Tunnel: a TCP stream to the target, through a proxy where there is one (core/tunnel.h).
 *
 * The stream is tcp.c's from the start. Until the proxy lets it through, a tunnel stands between it
 * and its owner, who hears of one stage, "proxy", from the resolving of the proxy's name on; then
 * the tunnel is gone, and there is nothing in between.
 */
#include "net/dial.h"
#include "net/network.h"

/* Dials, as in dial.h; `target->tls` is not looked at. The errors of slip_tunnel_write. */
SLIP_CHECKED enum slip_err slip_tunnel_dial(struct slip_network *network,
                                            const struct slip_target *target,
                                            const struct slip_stream_handler *handler, void *owner,
                                            struct slip_stream **out);

#endif
