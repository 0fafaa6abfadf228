#include "net/connect_words.h"

#include "net/address.h"

#include <inttypes.h>
#include <stdio.h>
#include <uv.h>

static void say_unbound(const struct slip_connect_failure *failure, char *text, size_t size) {
  char from[SLIP_ADDRESS_TEXT_SIZE];
  slip_address_say(failure->from, from, sizeof from);
  snprintf(text, size, "local_address %s: %s", from,
           failure->code == UV_EADDRNOTAVAIL ? "this machine has no such address"
                                             : uv_strerror(failure->code));
}

static void say_no_file(const struct slip_connect_failure *failure, const char *address, char *text,
                        size_t size) {
  snprintf(text, size,
           "cannot connect to %s: at most %" PRIu64 " files may be open, and all are, with "
           "%zu connections here; raise the limit (ulimit -n, LimitNOFILE)",
           address, failure->files, failure->sockets);
}

static void say_unconnected(const struct slip_connect_failure *failure, char *text, size_t size) {
  char address[SLIP_ADDRESS_TEXT_SIZE];
  slip_address_say(failure->to, address, sizeof address);
  switch (failure->code) {
  case UV_ECONNREFUSED:
    snprintf(text, size, "connection refused by %s", address);
    break;
  case UV_ETIMEDOUT:
    snprintf(text, size, "no answer from %s", address);
    break;
  case UV_EAGAIN: /* of unix sockets only */
    snprintf(text, size, "the queue of %s is full", address);
    break;
  case UV_EMFILE:
    say_no_file(failure, address, text, size);
    break;
  case UV_EADDRNOTAVAIL: /* all ports lead there already, or there is no IPv6 */
    snprintf(text, size, "no local address or port is left to connect to %s from", address);
    break;
  case UV_ENETUNREACH:
  case UV_EHOSTUNREACH:
    snprintf(text, size, "no route to %s", address);
    break;
  default:
    snprintf(text, size, "cannot connect to %s: %s", address, uv_strerror(failure->code));
  }
}

/* From an address that leads to this machine only, such as 127.0.0.1. */
static void say_no_way(const struct slip_connect_failure *failure, char *text, size_t size) {
  char from[SLIP_ADDRESS_TEXT_SIZE];
  char to[SLIP_ADDRESS_TEXT_SIZE];
  slip_address_say(failure->from, from, sizeof from);
  slip_address_say(failure->to, to, sizeof to);
  snprintf(text, size, "local_address %s: no way from there to %s", from, to);
}

void slip_connect_say_tcp(const struct slip_connect_failure *failure, char *text, size_t size) {
  if (failure->is_unbound)
    say_unbound(failure, text, size);
  else if (failure->code == UV_EINVAL && failure->from != NULL)
    say_no_way(failure, text, size);
  else
    say_unconnected(failure, text, size);
}

void slip_connect_say_family(const char *host, const struct sockaddr *from, char *text,
                             size_t size) {
  char address[SLIP_ADDRESS_TEXT_SIZE];
  slip_address_say(from, address, sizeof address);
  snprintf(text, size, "local_address %s: %s has no %s address", address, host,
           from->sa_family == AF_INET6 ? "IPv6" : "IPv4");
}

void slip_connect_say_dns(int code, const char *host, char *text, size_t size) {
  switch (code) {
  case UV_EAI_NONAME:
  case UV_EAI_NODATA:
  case UV_EAI_FAIL: /* also what glibc answers to a name that cannot be one */
  case UV_EINVAL:
  case UV_ENAMETOOLONG:
    snprintf(text, size, "no such host: %s", host);
    break;
  default:
    snprintf(text, size, "cannot resolve %s: %s", host, uv_strerror(code));
  }
}
