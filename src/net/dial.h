#ifndef SLIP_NET_DIAL_H
#define SLIP_NET_DIAL_H
/*
 * Dial: makes streams. A `struct slip_net` is one way to reach peers: the real network (network.h:
 * libuv, OpenSSL) or memory with a script at the other end (memory.h).
 */
#include "core/err.h"
#include "net/stream.h"

#include <stdint.h>

struct slip_tls_config; /* tls.h: a shared, counted SSL_CTX with its settings */

/* An HTTP proxy that opens a tunnel (CONNECT) to the target, whose name it resolves itself. */
struct slip_proxy {
  struct slip_span host; /* a name or an address */
  uint16_t port;
  struct slip_span credentials; /* "user:password"; absent: none */
};

struct slip_target {
  struct slip_span host; /* a name, an address, or the path of a unix socket ("/…"); copied */
  uint16_t port;
  /* What to come from, an IP address (slip_address_is_ip); copied. Absent: the system chooses. */
  struct slip_span local_address;
  const struct slip_proxy *proxy; /* NULL: none; copied. Not for a unix socket */
  struct slip_tls_config *tls;    /* NULL: plain */
};

struct slip_net {
  /*
   * Starts to connect. The outcome comes as `opened` or `ended`, and each stage on the way, the
   * first included, as `stage`; none from inside this call. SLIP_ENOMEM: then there is no stream.
   */
  enum slip_err (*dial)(struct slip_net *net, const struct slip_target *target,
                        const struct slip_stream_handler *handler, void *owner,
                        struct slip_stream **out);
};

#endif
