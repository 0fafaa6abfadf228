#ifndef SLIP_NET_TLS_ENGINE_H
#define SLIP_NET_TLS_ENGINE_H
/*
 * Tls engine: the client's side of TLS by OpenSSL, bytes in and bytes out, for who has sockets of
 * their own. It holds what was fed and not read yet, and what is to be sent and was not taken.
 */
#include "net/tls.h"

struct slip_tls_engine; /* opaque */

enum slip_tls_state {
  SLIP_TLS_SHAKING, /* hands are being shaken: there is something to take, nothing can be written */
  SLIP_TLS_OPEN,
  SLIP_TLS_OVER, /* the server has said close_notify */
};

/* Holds `config`. SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_tls_engine_new(struct slip_tls_config *config,
                                               struct slip_span host, struct slip_tls_engine **out);
void slip_tls_engine_free(struct slip_tls_engine *engine); /* NULL is fine */

/* Takes what the server has sent, nothing at the very beginning. SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_tls_engine_feed(struct slip_tls_engine *engine,
                                                struct slip_span bytes);
/*
 * Goes on with the handshake, or reads plain bytes; *count 0: as far as what was fed goes.
 * SLIP_EIO: TLS has failed for good; an alert may be there to be taken.
 */
SLIP_CHECKED enum slip_err slip_tls_engine_read(struct slip_tls_engine *engine, char *room,
                                                size_t size, size_t *count);
/* Seals all the bytes. SLIP_ESTATE: it is not open. SLIP_EIO. */
SLIP_CHECKED enum slip_err slip_tls_engine_write(struct slip_tls_engine *engine,
                                                 struct slip_span bytes);
/* Says close_notify, once it is open: nothing more is written. */
void slip_tls_engine_finish(struct slip_tls_engine *engine);
/* What is to be sent, and forgets it; borrowed until the next call on the engine. */
struct slip_span slip_tls_engine_take(struct slip_tls_engine *engine);

enum slip_tls_state slip_tls_engine_state(const struct slip_tls_engine *engine);
/* Words for SLIP_EIO; borrowed from the engine. */
const char *slip_tls_engine_fault(const struct slip_tls_engine *engine);

#endif
