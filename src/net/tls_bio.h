#ifndef SLIP_NET_TLS_BIO_H
#define SLIP_NET_TLS_BIO_H
/*
 * Tls bio: how OpenSSL reaches a TCP stream: it reads what the stream has just received, where it
 * lies, and what it writes is pushed to the stream. Holds no bytes of its own.
 */
#include "core/span.h"
#include "net/stream.h"

#include <openssl/bio.h>

/* A BIO's data. */
struct slip_tls_wire {
  struct slip_stream *tcp;
  /* What was received and not read yet; a view of the shared read buffer, so whoever set it empties
   * it before the buffer is another's. */
  struct slip_span input;
};

/* NULL: no memory. BIO_meth_free frees it. */
BIO_METHOD *slip_tls_method_new(void);

#endif
