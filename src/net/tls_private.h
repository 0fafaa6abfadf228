#ifndef SLIP_NET_TLS_PRIVATE_H
#define SLIP_NET_TLS_PRIVATE_H
/*
 * Tls, private: what the TLS streams see of their settings, and the words for what fails.
 */
#include "net/tls.h"

#include <openssl/ssl.h>

struct slip_tls_config {
  unsigned count;
  SSL_CTX *context;
  BIO_METHOD *method; /* how an SSL reaches the stream that is its BIO's data */
  char *server_name;  /* or NULL; owned */
  bool verify;
};

/* The method of BIOs over a TLS stream (tls_stream.c). NULL: no memory. */
BIO_METHOD *slip_tls_method_new(void);

/*
 * Words for a certificate that did not pass, "hostname mismatch: certificate is for a.example, not
 * b.example"; from inside the verify callback.
 */
void slip_tls_say_verification(X509_STORE_CTX *store, char *text, size_t size);
/* Words for OpenSSL's oldest error in this thread, and takes all of them off. Where it names none,
 * the peer has ended. */
void slip_tls_say_error(char *text, size_t size);

#endif
