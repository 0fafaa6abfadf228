#include "spec/support/certificate.h"

#include "spec/support/check.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define DAY_SEC (24L * 60 * 60)

static void add_extension(X509 *x509, int nid, const char *value) {
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
  assert_non_null(extension);
  assert_int_equal(X509_add_ext(x509, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

static struct certificate begin(const char *name, long from_sec) {
  struct certificate made = {X509_new(), EVP_EC_gen("P-256")};
  assert_non_null(made.x509);
  assert_non_null(made.key);
  X509_set_version(made.x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.x509), from_sec);
  X509_gmtime_adj(X509_getm_notAfter(made.x509), from_sec + DAY_SEC + 60);
  X509_set_pubkey(made.x509, made.key);
  X509_NAME *subject = X509_get_subject_name(made.x509);
  assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                              (const unsigned char *)name, -1, -1, 0),
                   1);
  return made;
}

static void sign(struct certificate *made, const struct certificate *issuer) {
  X509_set_issuer_name(made->x509, X509_get_subject_name(issuer->x509));
  assert_true(X509_sign(made->x509, issuer->key, EVP_sha256()) > 0);
}

struct certificate certificate_make(const struct certificate *issuer, const char *names,
                                    long days) {
  struct certificate made = begin("leaf", days * DAY_SEC);
  add_extension(made.x509, NID_subject_alt_name, names);
  sign(&made, issuer != NULL ? issuer : &made);
  return made;
}

struct certificate certificate_make_ca(const char *name) {
  struct certificate made = begin(name, -60);
  add_extension(made.x509, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(made.x509, NID_key_usage, "critical,keyCertSign");
  sign(&made, &made);
  return made;
}

void certificate_write(const struct certificate *certificate, const char *path) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(PEM_write_X509(file, certificate->x509), 1);
  assert_int_equal(PEM_write_PrivateKey(file, certificate->key, NULL, NULL, 0, NULL, NULL), 1);
  assert_int_equal(fclose(file), 0);
}

void certificate_free(struct certificate *certificate) {
  X509_free(certificate->x509);
  EVP_PKEY_free(certificate->key);
  *certificate = (struct certificate){0};
}
