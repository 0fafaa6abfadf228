#include "net/tls_private.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

/* Whom a certificate is for. */

/* Appends one alternative name to `text`; says nothing of the kinds that are not for hosts. */
static void add_name(const GENERAL_NAME *name, char *text, size_t size) {
  size_t used = strlen(text);
  const char *comma = used > 0 ? ", " : "";
  char ip[INET6_ADDRSTRLEN];
  if (name->type == GEN_DNS) {
    const ASN1_STRING *dns = name->d.dNSName;
    snprintf(text + used, size - used, "%s%.*s", comma, ASN1_STRING_length(dns),
             (const char *)ASN1_STRING_get0_data(dns));
  } else if (name->type == GEN_IPADD) {
    const ASN1_STRING *address = name->d.iPAddress;
    int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
    if (ASN1_STRING_length(address) != (family == AF_INET ? 4 : 16))
      return;
    if (inet_ntop(family, ASN1_STRING_get0_data(address), ip, sizeof ip) != NULL)
      snprintf(text + used, size - used, "%s%s", comma, ip);
  }
}

/* "a.example, *.b.example, 192.0.2.1", at most what fits; without such names the common name. */
static void say_names(X509 *certificate, char *text, size_t size) {
  text[0] = '\0';
  GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
  for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
    add_name(sk_GENERAL_NAME_value(names, i), text, size);
  GENERAL_NAMES_free(names);
  X509_NAME *subject = X509_get_subject_name(certificate);
  if (text[0] == '\0' && X509_NAME_get_text_by_NID(subject, NID_commonName, text, (int)size) < 0)
    snprintf(text, size, "no name");
}

/* As people write it: OpenSSL says 0:0:0:0:0:0:0:1 for ::1. */
static const char *shorten(const char *ip, char *room, size_t size) {
  struct in6_addr address;
  if (inet_pton(AF_INET6, ip, &address) != 1)
    return ip;
  return inet_ntop(AF_INET6, &address, room, (socklen_t)size);
}

static void say_mismatch(X509_STORE_CTX *store, char *text, size_t size) {
  char names[200];
  say_names(X509_STORE_CTX_get_current_cert(store), names, sizeof names);
  X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
  char *ip = X509_VERIFY_PARAM_get1_ip_asc(param);
  const char *host = X509_VERIFY_PARAM_get0_host(param, 0);
  char room[INET6_ADDRSTRLEN];
  const char *wanted = ip != NULL ? shorten(ip, room, sizeof room) : host;
  snprintf(text, size, "hostname mismatch: certificate is for %s, not %s", names,
           wanted != NULL ? wanted : "this host");
  OPENSSL_free(ip);
}

static void say_untrusted(const char *what, char *text, size_t size) {
  snprintf(text, size, "%s; to trust it, name it in tls.ca_file", what);
}

void slip_tls_say_verification(X509_STORE_CTX *store, char *text, size_t size) {
  int error = X509_STORE_CTX_get_error(store);
  switch (error) {
  case X509_V_ERR_HOSTNAME_MISMATCH:
  case X509_V_ERR_IP_ADDRESS_MISMATCH:
    say_mismatch(store, text, size);
    break;
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    say_untrusted("unable to get local issuer certificate (unknown CA)", text, size);
    break;
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    say_untrusted(X509_verify_cert_error_string(error), text, size);
    break;
  default:
    snprintf(text, size, "%s", X509_verify_cert_error_string(error));
  }
}

/* Errors of OpenSSL's. */

/* What a server answers to a client certificate that it does not like. */
static bool is_about_our_certificate(int alert) {
  switch (alert) {
  case SSL_AD_BAD_CERTIFICATE:
  case SSL_AD_UNSUPPORTED_CERTIFICATE:
  case SSL_AD_CERTIFICATE_REVOKED:
  case SSL_AD_CERTIFICATE_EXPIRED:
  case SSL_AD_CERTIFICATE_UNKNOWN:
  case SSL_AD_UNKNOWN_CA:
    return true;
  default:
    return false;
  }
}

static void say_alert(int alert, char *text, size_t size) {
  const char *words = SSL_alert_desc_string_long(alert);
  if (alert == SSL_AD_PROTOCOL_VERSION)
    snprintf(text, size, "the server and we share no TLS version");
  else if (alert == SSL_AD_CERTIFICATE_REQUIRED)
    snprintf(text, size, "the server requires a client certificate, see tls.cert_file");
  else if (is_about_our_certificate(alert))
    snprintf(text, size, "the server refused our certificate: %s", words);
  else
    snprintf(text, size, "the server ended TLS: %s", words);
}

static void say_tls_error(int reason, char *text, size_t size) {
  switch (reason) {
  case SSL_R_WRONG_VERSION_NUMBER:
    snprintf(text, size, "the server does not speak TLS; without TLS its URI begins with ws");
    break;
  case SSL_R_UNSUPPORTED_PROTOCOL:
    snprintf(text, size, "the server speaks an older TLS version only");
    break;
  default:
    if (reason > SSL_AD_REASON_OFFSET)
      say_alert(reason - SSL_AD_REASON_OFFSET, text, size);
    else
      snprintf(text, size, "%s", ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, reason)));
  }
}

/* What is wrong with one of our own files, where OpenSSL's words would say too little. */
static const char *words_for_file(unsigned long error) {
  static const struct {
    int library, reason;
    const char *words;
  } faults[] = {
      {ERR_LIB_PEM, PEM_R_NO_START_LINE, "has nothing of that kind in PEM format"},
      {ERR_LIB_X509, X509_R_NO_CERTIFICATE_OR_CRL_FOUND, "has no certificate in PEM format"},
      {ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH, "is not the key of the certificate"},
      {ERR_LIB_SSL, SSL_R_NO_CERTIFICATE_ASSIGNED, "is not the key of the certificate"},
      {ERR_LIB_OSSL_DECODER, ERR_R_UNSUPPORTED, "has no private key in PEM format"},
      {ERR_LIB_CRYPTO, ERR_R_INTERRUPTED_OR_CANCELLED,
       "is locked by a passphrase; only a key without one can be read"},
  };
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
    if (faults[i].library == ERR_GET_LIB(error) && faults[i].reason == ERR_GET_REASON(error))
      return faults[i].words;
  return NULL;
}

void slip_tls_say_error(char *text, size_t size) {
  unsigned long error = ERR_get_error();
  ERR_clear_error();
  const char *known = words_for_file(error);
  const char *words = known != NULL ? known : ERR_reason_error_string(error);
  if (error == 0)
    snprintf(text, size, "the server ended TLS in the middle");
  else if (ERR_SYSTEM_ERROR(error))
    snprintf(text, size, "%s", strerror(ERR_GET_REASON(error)));
  else if (ERR_GET_LIB(error) == ERR_LIB_SSL && known == NULL)
    say_tls_error(ERR_GET_REASON(error), text, size);
  else
    snprintf(text, size, "%s", words != NULL ? words : "unknown error");
}
