#include "net/tls.h"

#include "net/tls_bio.h"
#include "net/tls_private.h"
#include "net/tls_session.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

/* What was wrong, in words: "ca_file: /x: No such file or directory". */
struct fault {
  char *text;
  size_t size;
};

static enum slip_err refuse_file(const struct fault *fault, const char *setting, const char *path) {
  char why[160];
  slip_tls_say_error(why, sizeof why);
  snprintf(fault->text, fault->size, "%s: %s: %s", setting, path, why);
  return SLIP_EINVAL;
}

static enum slip_err refuse(const struct fault *fault, const char *text) {
  snprintf(fault->text, fault->size, "%s", text);
  return SLIP_EINVAL;
}

static enum slip_err use_authorities(SSL_CTX *context, const struct slip_tls_settings *settings,
                                     const struct fault *fault) {
  if (settings->ca_file == NULL)
    return SSL_CTX_set_default_verify_paths(context) == 1 ? SLIP_OK : SLIP_ENOMEM;
  if (SSL_CTX_load_verify_file(context, settings->ca_file) == 1)
    return SLIP_OK;
  return refuse_file(fault, "ca_file", settings->ca_file);
}

static enum slip_err use_certificate(SSL_CTX *context, const struct slip_tls_settings *settings,
                                     const struct fault *fault) {
  if (settings->cert_file == NULL && settings->key_file == NULL)
    return SLIP_OK;
  if (settings->cert_file == NULL)
    return refuse(fault, "key_file: a key needs its certificate: set cert_file too");
  if (SSL_CTX_use_certificate_chain_file(context, settings->cert_file) != 1)
    return refuse_file(fault, "cert_file", settings->cert_file);
  /* One file may hold both. */
  const char *key = settings->key_file != NULL ? settings->key_file : settings->cert_file;
  /* It looks itself only at keys of the certificate's kind. */
  if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    return refuse_file(fault, "key_file", key);
  return SLIP_OK;
}

static enum slip_err use_version(SSL_CTX *context, const struct slip_tls_settings *settings,
                                 const struct fault *fault) {
  int version = TLS1_2_VERSION;
  if (settings->min_version != NULL && strcmp(settings->min_version, "1.3") == 0)
    version = TLS1_3_VERSION;
  else if (settings->min_version != NULL && strcmp(settings->min_version, "1.2") != 0)
    return refuse(fault, "min_version: must be \"1.2\" or \"1.3\"");
  return SSL_CTX_set_min_proto_version(context, version) == 1 ? SLIP_OK : SLIP_ENOMEM;
}

/* Otherwise OpenSSL would ask at the terminal. */
static int no_password(char *room, int size, int is_writing, void *ud) {
  (void)room, (void)size, (void)is_writing, (void)ud;
  return -1;
}

static enum slip_err set_up_context(SSL_CTX *context, const struct slip_tls_settings *settings,
                                    const struct fault *fault) {
  /* OpenSSL takes an empty name as one that everybody has. */
  if (settings->server_name != NULL && settings->server_name[0] == '\0')
    return refuse(fault, "server_name: must not be empty");
  /* Record buffers are given back while idle; a record that waits may be given from elsewhere. */
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  /* So that SSL_write never wants to read. */
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  /* Sessions are kept in tickets, not in a cache of the context. */
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  if (settings->resume)
    SSL_CTX_sess_set_new_cb(context, slip_tls_session_keep);
  SSL_CTX_set_default_passwd_cb(context, no_password);
  enum slip_err err = use_version(context, settings, fault);
  if (err == SLIP_OK && settings->verify)
    err = use_authorities(context, settings, fault);
  return err == SLIP_OK ? use_certificate(context, settings, fault) : err;
}

static void config_free(struct slip_tls_config *config) {
  slip_tls_tickets_clear(&config->tickets);
  SSL_CTX_free(config->context);
  BIO_meth_free(config->method);
  free(config->server_name);
  free(config);
}

enum slip_err slip_tls_config_new(const struct slip_tls_settings *settings, char *text,
                                  size_t text_size, struct slip_tls_config **out) {
  const struct fault fault = {text, text_size};
  enum slip_err err = SLIP_ENOMEM;
  struct slip_tls_config *config = calloc(1, sizeof *config);
  if (config == NULL)
    return SLIP_ENOMEM;
  config->count = 1;
  config->verify = settings->verify;
  config->method = slip_tls_method_new();
  config->context = SSL_CTX_new(TLS_client_method());
  if (settings->server_name != NULL)
    config->server_name = strdup(settings->server_name);
  if (config->method == NULL || config->context == NULL ||
      (settings->server_name != NULL && config->server_name == NULL))
    goto fail;
  err = set_up_context(config->context, settings, &fault);
  if (err != SLIP_OK)
    goto fail;
  *out = config;
  return SLIP_OK;
fail:
  config_free(config);
  return err;
}

struct slip_tls_config *slip_tls_config_hold(struct slip_tls_config *config) {
  config->count++;
  return config;
}

void slip_tls_config_release(struct slip_tls_config *config) {
  if (config == NULL)
    return;
  config->count--;
  if (config->count == 0)
    config_free(config);
}
