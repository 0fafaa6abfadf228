#include "net/connect_words.h"

#include "net/address.h"

#include <stdio.h>
#include <uv.h>

void slip_connect_say_tcp(int code, const struct sockaddr *to, char *text, size_t size) {
  char address[SLIP_ADDRESS_TEXT_SIZE];
  slip_address_say(to, address, sizeof address);
  switch (code) {
  case UV_ECONNREFUSED:
    snprintf(text, size, "connection refused by %s", address);
    break;
  case UV_ETIMEDOUT:
    snprintf(text, size, "no answer from %s", address);
    break;
  case UV_EAGAIN: /* of unix sockets only */
    snprintf(text, size, "the queue of %s is full", address);
    break;
  case UV_ENETUNREACH:
  case UV_EHOSTUNREACH:
    snprintf(text, size, "no route to %s", address);
    break;
  default:
    snprintf(text, size, "cannot connect to %s: %s", address, uv_strerror(code));
  }
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
