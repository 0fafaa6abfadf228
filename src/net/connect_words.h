#ifndef SLIP_NET_CONNECT_WORDS_H
#define SLIP_NET_CONNECT_WORDS_H
/*
 * Connect_words: what a user reads when no connection came to be.
 *
 * Pure. `code` is libuv's.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct slip_connect_failure {
  int code;
  const struct sockaddr *to;
  const struct sockaddr *from; /* local_address, or NULL */
  bool is_unbound;             /* `from` is not to be had */
  uint64_t files;              /* so many may be open */
  size_t sockets;              /* so many there are on this loop */
};

void slip_connect_say_tcp(const struct slip_connect_failure *failure, char *text, size_t size);
/* The host has no address of the family of `from`. */
void slip_connect_say_family(const char *host, const struct sockaddr *from, char *text,
                             size_t size);
void slip_connect_say_dns(int code, const char *host, char *text, size_t size);

#endif
