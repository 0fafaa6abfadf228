#ifndef SLIP_SPEC_CERTIFICATE_H
#define SLIP_SPEC_CERTIFICATE_H
/*
 * Certificate: certificates and their keys (P-256), made while the spec runs.
 */
#include <openssl/ssl.h>

struct certificate {
  X509 *x509;
  EVP_PKEY *key;
};

/*
 * Makes one for `names` ("DNS:a.example,IP:127.0.0.1", as OpenSSL writes them), signed by `issuer`
 * or, where that is NULL, by itself. It is valid for a day that begins in `days` days: -1 is good
 * and -2 has expired.
 */
struct certificate certificate_make(const struct certificate *issuer, const char *names, long days);
/* One that may sign others. */
struct certificate certificate_make_ca(const char *name);
/* Writes the certificate and the key to one PEM file. */
void certificate_write(const struct certificate *certificate, const char *path);
void certificate_free(struct certificate *certificate);

#endif
