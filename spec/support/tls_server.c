#include "spec/support/tls_server.h"

#include "spec/support/check.h"

static void flush(struct tls_server *server) {
  BIO *out = SSL_get_wbio(server->ssl);
  char *bytes;
  long size = BIO_get_mem_data(out, &bytes);
  if (size > 0)
    bare_server_send(server->bare, (struct slip_span){bytes, (size_t)size});
  (void)BIO_reset(out);
}

static void read_all(struct tls_server *server) {
  char room[4096];
  int count = SSL_read(server->ssl, room, sizeof room);
  for (; count > 0; count = SSL_read(server->ssl, room, sizeof room))
    CHECK_OK(slip_buf_append(&server->got, (struct slip_span){room, (size_t)count}));
  server->got_notify = SSL_get_error(server->ssl, count) == SSL_ERROR_ZERO_RETURN;
}

static void on_received(struct bare_server *bare, struct slip_span bytes) {
  struct tls_server *server = bare->ud;
  assert_int_equal(BIO_write(SSL_get_rbio(server->ssl), bytes.at, (int)bytes.size), bytes.size);
  if (!server->is_open)
    server->is_open = SSL_accept(server->ssl) == 1;
  if (server->is_open)
    read_all(server);
  flush(server);
}

static int on_name(SSL *ssl, int *alert, void *ud) {
  (void)alert;
  struct tls_server *server = ud;
  const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  snprintf(server->sni, sizeof server->sni, "%s", name != NULL ? name : "");
  return SSL_TLSEXT_ERR_OK;
}

static void new_connection(struct tls_server *server) {
  server->ssl = SSL_new(server->context);
  SSL_set_bio(server->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
}

void tls_server_renew(struct tls_server *server) {
  SSL_free(server->ssl);
  server->is_open = server->got_notify = false;
  new_connection(server);
}

void tls_server_open(struct tls_server *server, struct bare_server *bare,
                     const struct certificate *certificate, const struct certificate *client_ca) {
  *server = (struct tls_server){.bare = bare, .context = SSL_CTX_new(TLS_server_method())};
  assert_int_equal(SSL_CTX_use_certificate(server->context, certificate->x509), 1);
  assert_int_equal(SSL_CTX_use_PrivateKey(server->context, certificate->key), 1);
  SSL_CTX_set_tlsext_servername_callback(server->context, on_name);
  SSL_CTX_set_tlsext_servername_arg(server->context, server);
  if (client_ca != NULL) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(server->context), client_ca->x509);
    SSL_CTX_set_verify(server->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  }
  new_connection(server);
  bare->received = on_received;
  bare->ud = server;
}

void tls_server_send(struct tls_server *server, struct slip_span bytes) {
  assert_int_equal(SSL_write(server->ssl, bytes.at, (int)bytes.size), bytes.size);
  flush(server);
}

void tls_server_notify(struct tls_server *server) {
  assert_true(SSL_shutdown(server->ssl) >= 0);
  flush(server);
}

void tls_server_close(struct tls_server *server) {
  SSL_free(server->ssl);
  SSL_CTX_free(server->context);
  slip_buf_clear(&server->got);
}
