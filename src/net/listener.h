#ifndef SLIP_NET_LISTENER_H
#define SLIP_NET_LISTENER_H
/*
 * Listener: takes TCP connections on one address and hands their sockets on.
 *
 * Borrows the loop. libwebsockets could listen by itself, but then cannot stop listening without
 * ending the connections that it has.
 */
#include "core/err.h"

#include <stdint.h>
#include <uv.h>

struct slip_listener; /* opaque */

struct slip_listener_settings {
  const char *host; /* an IP address in text, or "localhost" (127.0.0.1); borrowed for the call */
  uint16_t port;    /* 0: a free one */
  /* Called with a non-blocking socket with TCP_NODELAY; it is the owner's now. */
  void (*accepted)(void *owner, int fd);
  /* Who connects has to wait, since the system gives no more sockets: `why` in words, static. Told
   * once, until one was accepted again. NULL: not told. */
  void (*starved)(void *owner, const char *why);
  void *owner;
};

/* Listens. SLIP_EINVAL: no such address. SLIP_EIO: *fault in words, static. SLIP_ENOMEM. The caller
 * closes it. */
SLIP_CHECKED enum slip_err slip_listener_open(uv_loop_t *loop,
                                              const struct slip_listener_settings *settings,
                                              const char **fault, struct slip_listener **out);
/* The real port. */
uint16_t slip_listener_port(const struct slip_listener *listener);
/* Connections that were not taken yet are refused. Frees itself in a later turn. NULL is fine. */
void slip_listener_close(struct slip_listener *listener);

#endif
