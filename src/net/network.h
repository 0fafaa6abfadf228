#ifndef SLIP_NET_NETWORK_H
#define SLIP_NET_NETWORK_H
/*
 * Network: the real one, on a libuv loop: names resolved off the loop (uv_getaddrinfo),
 * whose addresses race, TCP with TCP_NODELAY, unix sockets, TLS when asked for.
 *
 * Borrows the loop. Owns one read buffer (64 KiB) that all its connections share, and watches them
 * through one handle (poller.h). Sets SIGPIPE to be ignored in the process, unless somebody handles
 * it.
 */
#include "net/dial.h"

#include <uv.h>

struct slip_network; /* opaque */

/* SLIP_ENOMEM; SLIP_EIO where no file descriptor is left. */
SLIP_CHECKED enum slip_err slip_network_new(uv_loop_t *loop, struct slip_network **out);
struct slip_net *slip_network_net(struct slip_network *network);
/* How many streams are not gone yet, those that are closing included. */
size_t slip_network_count(const struct slip_network *network);
/* Every stream must have been closed; those that still wait for their peer are cut. Frees itself
 * when the last is gone. NULL is fine. */
void slip_network_free(struct slip_network *network);

#endif
