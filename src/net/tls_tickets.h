#ifndef SLIP_NET_TLS_TICKETS_H
#define SLIP_NET_TLS_TICKETS_H
/*
 * Tls tickets: sessions that can be resumed, each with the host and port that it came from. All
 * connections with the same settings share them.
 *
 * Owns its sessions. Bounded: what expires goes, and of more than SLIP_TLS_TICKETS_MOST the oldest.
 */
#include "core/span.h"

#include <openssl/ssl.h>
#include <stdint.h>

/* So many dials are under way at a time (host/loop.c), so a rush comes in waves of them: each
 * handshake of a wave leaves a ticket for the next one. A ticket holds at most some 3 kB. */
#define SLIP_TLS_TICKETS_MOST 256u

struct slip_tls_ticket;

struct slip_tls_tickets { /* all zero at first */
  struct slip_tls_ticket *newest;
};

/* Takes the session over. False: there is no memory, and it is still the caller's. */
bool slip_tls_tickets_put(struct slip_tls_tickets *tickets, struct slip_span host, uint16_t port,
                          SSL_SESSION *session);
/* The newest of that host and port, which the caller frees, or NULL. It is to be offered once (RFC
 * 8446 appendix C.4). */
SSL_SESSION *slip_tls_tickets_take(struct slip_tls_tickets *tickets, struct slip_span host,
                                   uint16_t port);
void slip_tls_tickets_clear(struct slip_tls_tickets *tickets);

#endif
