#include "net/address.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <uv.h>

static bool read_path(const char *text, struct sockaddr_storage *out) {
  struct sockaddr_un *address = (struct sockaddr_un *)out;
  size_t size = strlen(text) + 1;
  if (text[0] != '/' || size > sizeof address->sun_path)
    return false;
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, text, size);
  return true;
}

bool slip_address_read(const char *text, uint16_t port, struct sockaddr_storage *out) {
  return uv_ip4_addr(text, port, (struct sockaddr_in *)out) == 0 ||
         uv_ip6_addr(text, port, (struct sockaddr_in6 *)out) == 0 || read_path(text, out);
}

void slip_address_say(const struct sockaddr *address, char *text, size_t size) {
  char ip[INET6_ADDRSTRLEN] = "?";
  if (address->sa_family == AF_UNIX) {
    snprintf(text, size, "%s", ((const struct sockaddr_un *)(const void *)address)->sun_path);
  } else if (address->sa_family == AF_INET6) {
    const struct sockaddr_in6 *v6 = (const void *)address;
    uv_ip6_name(v6, ip, sizeof ip);
    snprintf(text, size, "[%s]:%u", ip, ntohs(v6->sin6_port));
  } else {
    const struct sockaddr_in *v4 = (const void *)address;
    uv_ip4_name(v4, ip, sizeof ip);
    snprintf(text, size, "%s:%u", ip, ntohs(v4->sin_port));
  }
}
