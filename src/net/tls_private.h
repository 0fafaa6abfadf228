#ifndef SLIP_NET_TLS_PRIVATE_H
#define SLIP_NET_TLS_PRIVATE_H
/*
 * Tls, private: what the TLS streams see of their settings, and the words for what fails.
 */
#include "net/tls.h"
#include "net/tls_tickets.h"

#include <openssl/ssl.h>

struct slip_tls_config {
  unsigned count;
  SSL_CTX *context;
  BIO_METHOD *method; /* of every SSL's BIO, see tls_bio.h */
  struct slip_tls_tickets tickets;
  char *server_name; /* or NULL; owned */
  bool verify;
};

/*
 * Words for a certificate that did not pass, "hostname mismatch: certificate is for a.example, not
 * b.example"; from inside the verify callback.
 */
void slip_tls_say_verification(X509_STORE_CTX *store, char *text, size_t size);
/* Words for OpenSSL's oldest error in this thread, and takes all of them off. Where it names none,
 * the peer has ended. */
void slip_tls_say_error(char *text, size_t size);

#endif
