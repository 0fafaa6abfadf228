#ifndef SLIP_SPEC_TLS_SERVER_H
#define SLIP_SPEC_TLS_SERVER_H
/*
 * Tls server: TLS on top of a bare server's connection, by OpenSSL over memory BIOs.
 */
#include "spec/support/bare_server.h"
#include "spec/support/certificate.h"

struct tls_server {
  struct bare_server *bare; /* borrowed */
  SSL_CTX *context;
  SSL *ssl;
  struct slip_buf got;
  bool is_open;
  bool got_notify; /* the client's close_notify */
  char sni[64];    /* the name that the client asked for; empty: none */
};

/* Answers the next connection of `bare` with `certificate`; with `client_ca` it wants one of the
 * client's too. */
void tls_server_open(struct tls_server *server, struct bare_server *bare,
                     const struct certificate *certificate, const struct certificate *client_ca);
/* The same server answers the connection after that; it knows the sessions that it gave. */
void tls_server_renew(struct tls_server *server);
void tls_server_send(struct tls_server *server, struct slip_span bytes);
void tls_server_notify(struct tls_server *server); /* close_notify */
/* After it, as before it, `bare` is the spec's to close. */
void tls_server_close(struct tls_server *server);

#endif
