#ifndef SLIP_NET_CONNECT_H
#define SLIP_NET_CONNECT_H
/*
 * Connect: from a host and a port, or a unix socket, to a connected one of ours: resolves the name
 * off the loop, then lets its addresses race (core/race.h) until one takes the connection.
 *
 * A connect is gone once it has said `connected` or `failed`, or was cancelled; what it takes to
 * dial (the addresses, the requests) goes with it.
 */
#include "core/reason.h"
#include "net/dial.h"
#include "net/network.h"

struct slip_connect; /* opaque */
struct slip_socket;  /* poller.h */

struct slip_connect_handler {
  void (*stage)(void *owner, enum slip_stage stage); /* DNS or TCP begins */
  /* `socket` is the owner's from here on. */
  void (*connected)(void *owner, struct slip_socket *socket);
  /* Where several addresses failed, `text` tells of the last one that there was a way to. */
  void (*failed)(void *owner, enum slip_stage stage, struct slip_span text);
};

/* Says nothing before the loop's next turn. SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_connect_start(struct slip_network *network,
                                              const struct slip_target *target,
                                              const struct slip_connect_handler *handler,
                                              void *owner, struct slip_connect **out);
/*
 * Before `connected` or `failed`, also from inside `stage`. Says nothing more, and calls
 * `slip_network_gone` in the owner's place when it is gone.
 */
void slip_connect_cancel(struct slip_connect *connect);

#endif
