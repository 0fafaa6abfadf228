/* What reads as a URI reads the same again when it is put together from its parts. */
#include "core/uri.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_same(struct slip_span a, struct slip_span b) {
  return slip_span_is_absent(a) == slip_span_is_absent(b) && slip_span_is_equal(a, b);
}

static int write_uri(const struct slip_uri *u, char *text, size_t size) {
  bool is_ipv6 = memchr(u->host.at, ':', u->host.size) != NULL;
  bool is_unix = !slip_span_is_absent(u->unix_path), has_query = !slip_span_is_absent(u->query);
  char host[300];
  snprintf(host, sizeof host, is_ipv6 ? "[%.*s]:%u" : "%.*s:%u", (int)u->host.size, u->host.at,
           u->port);
  return snprintf(text, size, "%s://%s%.*s%s%.*s%s%.*s",
                  is_unix ? "ws+unix" : (u->is_secure ? "wss" : "ws"), is_unix ? "" : host,
                  (int)u->unix_path.size, is_unix ? u->unix_path.at : "", is_unix ? ":" : "",
                  (int)u->path.size, u->path.at, has_query ? "?" : "", (int)u->query.size,
                  has_query ? u->query.at : "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char text[70000];
  struct slip_uri uri, again;
  struct slip_span got;
  const char *fault;
  if (slip_uri_read((struct slip_span){(const char *)data, size}, &uri, &fault, &got) != SLIP_OK)
    return 0;
  struct slip_span written = {text, (size_t)write_uri(&uri, text, sizeof text)};
  if (slip_uri_read(written, &again, &fault, &got) != SLIP_OK || uri.port != again.port ||
      uri.is_secure != again.is_secure || !is_same(uri.host, again.host) ||
      !is_same(uri.path, again.path) || !is_same(uri.query, again.query) ||
      !is_same(uri.unix_path, again.unix_path))
    abort();
  return 0;
}
