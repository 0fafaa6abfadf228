#ifndef SLIP_NET_ADDRESS_H
#define SLIP_NET_ADDRESS_H
/*
 * Address: where a connection goes to or comes from, as text and as the system takes it.
 *
 * Pure.
 */
#include "core/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Room for the longest text. */
#define SLIP_ADDRESS_TEXT_SIZE 128u

/* Reads an IPv4 or IPv6 address, such as "127.0.0.1" or "::1", or the path of a unix socket, which
 * begins with '/' and has no port. False: it is none, but perhaps a name; *out is then of no use.
 */
bool slip_address_read(const char *text, uint16_t port, struct sockaddr_storage *out);
/* The family of what slip_address_read can read: AF_INET, AF_INET6 or AF_UNIX. */
int slip_address_family(const char *text);
/* Whether it is an IPv4 or IPv6 address. */
bool slip_address_is_ip(struct slip_span text);
/* Writes it as people do: "127.0.0.1:80", "[::1]:80", "/run/app.sock"; without a port when that is
 * 0: "::1". */
void slip_address_say(const struct sockaddr *address, char *text, size_t size);

#endif
