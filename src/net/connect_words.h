#ifndef SLIP_NET_CONNECT_WORDS_H
#define SLIP_NET_CONNECT_WORDS_H
/*
 * Connect_words: what a user reads when no connection came to be.
 *
 * Pure. `code` is libuv's.
 */
#include <stddef.h>
#include <sys/socket.h>

void slip_connect_say_tcp(int code, const struct sockaddr *to, char *text, size_t size);
void slip_connect_say_dns(int code, const char *host, char *text, size_t size);

#endif
