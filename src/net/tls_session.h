#ifndef SLIP_NET_TLS_SESSION_H
#define SLIP_NET_TLS_SESSION_H
/*
 * Tls session: an SSL that is set up for a host by its settings, and the words for what failed. Who
 * has it gives the SSL its BIOs and drives it.
 */
#include "net/tls_private.h"

/* It stays where it is: OpenSSL's callbacks know its place. */
struct slip_tls_session {
  SSL *ssl;
  struct slip_tls_config *config; /* held */
  char *host;                     /* whose tickets it shares, or NULL: none; owned */
  uint16_t port;                  /* the same */
  char *fault;                    /* words for what failed first, or NULL; owned */
};

/* Of a session that is zero. SLIP_ENOMEM; `clear` is owed in any case. */
SLIP_CHECKED enum slip_err slip_tls_session_init(struct slip_tls_session *session,
                                                 struct slip_tls_config *config,
                                                 struct slip_span host);
void slip_tls_session_clear(struct slip_tls_session *session);
/* OpenSSL has failed: keeps its words, unless the verification has said better ones. `fault` stays
 * NULL where there is no memory. */
void slip_tls_session_note(struct slip_tls_session *session);
/*
 * With other connections to the same host and port, by the same settings, it shares the tickets
 * that their servers give (tls_tickets.h): `share` begins with that; `offer` takes one just before
 * the handshake, and where the server does not want it, all is done anew; `settle` is owed after
 * the handshake, since a session of TLS 1.2 stays good, and none comes instead of it. SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_tls_session_share(struct slip_tls_session *session,
                                                  struct slip_span host, uint16_t port);
void slip_tls_session_offer(struct slip_tls_session *session);
void slip_tls_session_settle(struct slip_tls_session *session);
/* For SSL_CTX_sess_set_new_cb: OpenSSL has a session that can be resumed; a shared one is kept. */
int slip_tls_session_keep(SSL *ssl, SSL_SESSION *resumable);

#endif
