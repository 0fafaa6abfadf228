#ifndef FLOOR_TLS_H
#define FLOOR_TLS_H
/*
 * Floor_tls: the floor server's side of TLS 1.3, on the connection's own socket.
 *
 * Reading and writing answer as recv and send do, -1 with errno EAGAIN for "not now"; what failed
 * reads as the end of the stream. The handshake happens inside of them.
 */
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Certificate and key from one PEM file. Without tickets no connection can be resumed. It lives as
 * long as the process. */
SSL_CTX *floor_tls_load(const char *pem_file, bool gives_tickets);
SSL *floor_tls_accept(SSL_CTX *context, int fd);
ssize_t floor_tls_read(SSL *tls, void *at, size_t room);
ssize_t floor_tls_write(SSL *tls, const void *at, size_t size);
void floor_tls_close(SSL *tls); /* says close_notify, frees; `fd` stays open */

#endif
