#include "floor_tls.h"

#include "floor.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>

SSL_CTX *floor_tls_load(const char *pem_file, bool gives_tickets) {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  errno = EINVAL;
  if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_use_certificate_file(context, pem_file, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, pem_file, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_set_num_tickets(context, gives_tickets ? 1 : 0) != 1)
    floor_die(pem_file);
  (void)signal(SIGPIPE, SIG_IGN); /* OpenSSL's write has no MSG_NOSIGNAL */
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

SSL *floor_tls_accept(SSL_CTX *context, int fd) {
  SSL *tls = SSL_new(context);
  if (tls == NULL || SSL_set_fd(tls, fd) != 1)
    floor_die("SSL_new");
  SSL_set_accept_state(tls);
  return tls;
}

ssize_t floor_tls_read(SSL *tls, void *at, size_t room) {
  size_t got;
  int status = SSL_read_ex(tls, at, room, &got);
  if (status == 1)
    return (ssize_t)got;
  int error = SSL_get_error(tls, status);
  ERR_clear_error();
  errno = EAGAIN;
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

ssize_t floor_tls_write(SSL *tls, const void *at, size_t size) {
  size_t sent;
  if (SSL_write_ex(tls, at, size, &sent) == 1)
    return (ssize_t)sent;
  ERR_clear_error();
  errno = EAGAIN; /* or gone: then the next read says so */
  return -1;
}

void floor_tls_close(SSL *tls) {
  (void)SSL_shutdown(tls);
  ERR_clear_error();
  SSL_free(tls);
}
