#include "core/tunnel.h"

#include "core/limits.h"

#include <openssl/evp.h>
#include <stdio.h>

static bool is_host(struct slip_span host) {
  for (size_t i = 0; i < host.size; i++)
    if (host.at[i] <= ' ' || (uint8_t)host.at[i] >= 0x7f)
      return false;
  return host.size > 0;
}

/* Appends all parts, or stops at the first that does not fit. */
static enum slip_err put(struct slip_buf *out, const struct slip_span *parts, size_t count) {
  enum slip_err err = SLIP_OK;
  for (size_t i = 0; i < count && err == SLIP_OK; i++)
    err = slip_buf_append(out, parts[i]);
  return err;
}

/* Both lines name the target (RFC 9112 section 3.2.3, RFC 9110 section 7.2). */
static enum slip_err put_target(struct slip_buf *out, const struct slip_tunnel_request *request) {
  char port[sizeof ":65535"];
  int size = snprintf(port, sizeof port, ":%u", request->port);
  bool is_ipv6 = memchr(request->host.at, ':', request->host.size) != NULL;
  struct slip_span open = is_ipv6 ? SLIP_SPAN("[") : SLIP_SPAN("");
  struct slip_span close = is_ipv6 ? SLIP_SPAN("]") : SLIP_SPAN("");
  struct slip_span number = {port, (size_t)size};
  struct slip_span parts[] = {
      SLIP_SPAN("CONNECT "),
      open,
      request->host,
      close,
      number,
      SLIP_SPAN(" HTTP/1.1\r\nHost: "),
      open,
      request->host,
      close,
      number,
      SLIP_SPAN("\r\n"),
  };
  return put(out, parts, sizeof parts / sizeof *parts);
}

/* RFC 7617. */
static enum slip_err put_credentials(struct slip_buf *out, struct slip_span credentials) {
  char *room;
  if (credentials.size > SLIP_URI_MAX)
    return SLIP_ETOOBIG;
  enum slip_err err = slip_buf_append(out, SLIP_SPAN("Proxy-Authorization: Basic "));
  if (err == SLIP_OK) /* and the NUL that EVP_EncodeBlock writes */
    err = slip_buf_reserve(out, (credentials.size + 2) / 3 * 4 + 1, &room);
  if (err != SLIP_OK)
    return err;
  int size = EVP_EncodeBlock((unsigned char *)room, (const unsigned char *)credentials.at,
                             (int)credentials.size);
  slip_buf_commit(out, (size_t)size);
  return slip_buf_append(out, SLIP_SPAN("\r\n"));
}

enum slip_err slip_tunnel_write(const struct slip_tunnel_request *request, struct slip_buf *out) {
  size_t before = out->size;
  if (!is_host(request->host))
    return SLIP_EINVAL;
  enum slip_err err = put_target(out, request);
  if (err == SLIP_OK && !slip_span_is_absent(request->credentials))
    err = put_credentials(out, request->credentials);
  if (err == SLIP_OK)
    err = slip_buf_append(out, SLIP_SPAN("\r\n"));
  if (err != SLIP_OK)
    slip_buf_truncate(out, before);
  return err;
}

void slip_tunnel_reader_init(struct slip_tunnel_reader *r) {
  *r = (struct slip_tunnel_reader){0};
  slip_http_head_init(&r->head, SLIP_TUNNEL_HEAD_MAX);
}

void slip_tunnel_reader_clear(struct slip_tunnel_reader *r) {
  slip_http_head_clear(&r->head);
}

enum slip_err slip_tunnel_reader_feed(struct slip_tunnel_reader *r, struct slip_span *in,
                                      bool *is_done) {
  static const char *const words[SLIP_HTTP_FAULT_COUNT] = {
      [SLIP_HTTP_NOT_HTTP] = "it answered with something that is not HTTP/1.1",
      [SLIP_HTTP_TLS] = "it answered with TLS, and https:// to proxies is not supported",
      [SLIP_HTTP_BAD_STATUS] = "its answer has a malformed status line",
      [SLIP_HTTP_BAD_HEADER] = "its answer has a malformed header line",
      [SLIP_HTTP_TOO_LONG] = "the head of its answer is over 16 KiB",
      [SLIP_HTTP_NO_MEMORY] = "no memory for its answer",
  };
  *is_done = false;
  while (r->err == SLIP_OK && !*is_done && in->size > 0) {
    enum slip_http_fault fault = slip_http_head_feed(&r->head, in);
    r->err = slip_http_fault_err(fault);
    r->fault = words[fault];
    *is_done = r->head.is_whole && r->head.status >= 200;
    if (r->head.is_whole && !*is_done)
      slip_http_head_restart(&r->head);
  }
  return r->err;
}

bool slip_tunnel_reader_is_open(const struct slip_tunnel_reader *r) {
  return r->head.is_whole && r->head.status / 100 == 2;
}
