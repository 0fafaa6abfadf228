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

int slip_address_family(const char *text) {
  if (text[0] == '/')
    return AF_UNIX;
  return strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
}

bool slip_address_is_ip(struct slip_span text) {
  char copy[SLIP_ADDRESS_TEXT_SIZE] = {0};
  struct sockaddr_storage address;
  if (text.size >= sizeof copy || text.size == 0)
    return false;
  memcpy(copy, text.at, text.size);
  return strlen(copy) == text.size && slip_address_read(copy, 0, &address) &&
         address.ss_family != AF_UNIX;
}

static void say_ip(const char *ip, uint16_t port, char *text, size_t size) {
  if (port == 0)
    snprintf(text, size, "%s", ip);
  else
    snprintf(text, size, strchr(ip, ':') != NULL ? "[%s]:%u" : "%s:%u", ip, port);
}

void slip_address_say(const struct sockaddr *address, char *text, size_t size) {
  char ip[INET6_ADDRSTRLEN] = "?";
  const void *any = address;
  const struct sockaddr_in *v4 = any;
  const struct sockaddr_in6 *v6 = any;
  switch (address->sa_family) {
  case AF_UNIX:
    snprintf(text, size, "%s", ((const struct sockaddr_un *)any)->sun_path);
    break;
  case AF_INET6:
    uv_ip6_name(v6, ip, sizeof ip);
    say_ip(ip, ntohs(v6->sin6_port), text, size);
    break;
  default:
    uv_ip4_name(v4, ip, sizeof ip);
    say_ip(ip, ntohs(v4->sin_port), text, size);
  }
}
