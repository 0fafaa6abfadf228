#include "net/tls_session.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#define FAULT_SIZE 320u

static char *make_fault(struct slip_tls_session *session) {
  if (session->fault == NULL)
    session->fault = calloc(1, FAULT_SIZE);
  return session->fault;
}

void slip_tls_session_note(struct slip_tls_session *session) {
  bool is_noted = session->fault != NULL;
  if (!is_noted && make_fault(session) != NULL)
    slip_tls_say_error(session->fault, FAULT_SIZE);
  ERR_clear_error();
}

static int on_verified(int is_good, X509_STORE_CTX *store) {
  SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  struct slip_tls_session *session = SSL_get_app_data(ssl);
  if (!is_good && make_fault(session) != NULL)
    slip_tls_say_verification(store, session->fault, FAULT_SIZE);
  return is_good;
}

static bool keep(struct slip_tls_session *session, SSL_SESSION *resumable) {
  return slip_tls_tickets_put(&session->config->tickets, slip_span_of(session->host), session->port,
                              resumable);
}

int slip_tls_session_keep(SSL *ssl, SSL_SESSION *resumable) {
  struct slip_tls_session *session = SSL_get_app_data(ssl);
  return session->host != NULL && keep(session, resumable);
}

static bool set_name(struct slip_tls_session *session, struct slip_span host) {
  const char *name = session->config->server_name;
  char *copy = name != NULL ? strdup(name) : strndup(host.at, host.size);
  if (copy == NULL)
    return false;
  X509_VERIFY_PARAM *param = SSL_get0_param(session->ssl);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  bool is_set = X509_VERIFY_PARAM_set1_ip_asc(param, copy) == 1;
  if (!is_set) {
    is_set = X509_VERIFY_PARAM_set1_host(param, copy, 0) == 1;
    /* Not for addresses (RFC 6066 section 3). Fails for what is too long for a name, where
     * resolving fails too. */
    (void)SSL_set_tlsext_host_name(session->ssl, copy);
  }
  ERR_clear_error();
  free(copy);
  return is_set;
}

enum slip_err slip_tls_session_init(struct slip_tls_session *session,
                                    struct slip_tls_config *config, struct slip_span host) {
  session->config = slip_tls_config_hold(config);
  session->ssl = SSL_new(config->context);
  if (session->ssl == NULL)
    return SLIP_ENOMEM;
  SSL_set_app_data(session->ssl, session);
  SSL_set_connect_state(session->ssl);
  SSL_set_verify(session->ssl, config->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                 config->verify ? on_verified : NULL);
  return set_name(session, host) ? SLIP_OK : SLIP_ENOMEM;
}

enum slip_err slip_tls_session_share(struct slip_tls_session *session, struct slip_span host,
                                     uint16_t port) {
  session->port = port;
  session->host = strndup(host.at, host.size);
  return session->host != NULL ? SLIP_OK : SLIP_ENOMEM;
}

void slip_tls_session_offer(struct slip_tls_session *session) {
  SSL_SESSION *resumable =
      slip_tls_tickets_take(&session->config->tickets, slip_span_of(session->host), session->port);
  if (resumable != NULL)
    (void)SSL_set_session(session->ssl, resumable);
  ERR_clear_error();
  SSL_SESSION_free(resumable);
}

void slip_tls_session_settle(struct slip_tls_session *session) {
  if (!SSL_session_reused(session->ssl) || SSL_version(session->ssl) >= TLS1_3_VERSION)
    return;
  SSL_SESSION *resumable = SSL_get1_session(session->ssl);
  if (!keep(session, resumable))
    SSL_SESSION_free(resumable);
}

void slip_tls_session_clear(struct slip_tls_session *session) {
  SSL_free(session->ssl);
  free(session->host);
  slip_tls_config_release(session->config);
  free(session->fault);
}
