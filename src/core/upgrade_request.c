#include "core/http_header.h"
#include "core/upgrade.h"

#include <openssl/evp.h>

static bool is_visible_ascii(struct slip_span text) {
  for (size_t i = 0; i < text.size; i++)
    if (text.at[i] <= ' ' || (uint8_t)text.at[i] >= 0x7f)
      return false;
  return true;
}

static bool is_target(struct slip_span target) {
  if (!is_visible_ascii(target))
    return false;
  return target.size == 0 || target.at[0] == '/' || target.at[0] == '?';
}

/* A token, but for slashes: Phoenix takes the standard base64 of a token only, which has them. */
static bool is_protocol(struct slip_span item) {
  for (size_t i = 0; i < item.size; i++)
    if (item.at[i] != '/' && !slip_http_is_token((struct slip_span){item.at + i, 1}))
      return false;
  return true;
}

static bool is_protocol_list(struct slip_span list) {
  struct slip_span item;
  size_t count = 0;
  if (slip_span_is_absent(list))
    return true;
  for (; slip_http_item_next(&list, &item); count++)
    if (!is_protocol(item))
      return false;
  return count > 0;
}

/* Headers that would speak against what the handshake itself says. */
static bool is_ours(struct slip_span name) {
  static const char *const names[] = {"Host", "Upgrade", "Connection", "Content-Length",
                                      "Transfer-Encoding"};
  struct slip_span prefix = SLIP_SPAN("Sec-WebSocket-");
  if (name.size >= prefix.size &&
      slip_http_is_same((struct slip_span){name.at, prefix.size}, prefix))
    return true;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (slip_http_is_same(name, slip_span_of(names[i])))
      return true;
  return false;
}

static const char *fault_of_header(const struct slip_header *header) {
  if (!slip_http_is_token(header->name))
    return "a header name must be letters, digits and hyphens";
  if (!slip_http_is_value(header->value))
    return "a header value must hold no control character, such as a line end";
  if (is_ours(header->name))
    return "a header must not be one that the handshake itself sends, such as Host or Upgrade";
  return NULL;
}

static const char *fault_of(const struct slip_upgrade_request *request) {
  if (request->host.size == 0 || !is_visible_ascii(request->host))
    return "the host must not be empty, and be ASCII without white space or control characters";
  if (!is_target(request->target))
    return "the path must begin with /, and be ASCII without white space or control characters";
  if (!is_protocol_list(request->protocols))
    return "the subprotocols must be tokens with commas between them";
  for (size_t i = 0; i < request->header_count; i++) {
    const char *fault = fault_of_header(&request->headers[i]);
    if (fault != NULL)
      return fault;
  }
  return NULL;
}

/* Appends all parts or none. Hundreds of requests wait for their connections at a time: they take
 * no more memory than they need. */
static enum slip_err put(struct slip_buf *out, const struct slip_span *parts, size_t count) {
  size_t size = 0;
  char *room;
  for (size_t i = 0; i < count; i++)
    size += parts[i].size;
  enum slip_err err = slip_buf_reserve(out, size, &room);
  for (size_t i = 0; i < count && err == SLIP_OK; i++)
    err = slip_buf_append(out, parts[i]);
  return err;
}

static enum slip_err put_header(struct slip_buf *out, struct slip_span name,
                                struct slip_span value) {
  struct slip_span parts[] = {name, SLIP_SPAN(": "), value, SLIP_SPAN("\r\n")};
  return put(out, parts, sizeof parts / sizeof *parts);
}

static enum slip_err put_extension(struct slip_buf *out, const struct slip_extension *offer) {
  enum slip_err err = slip_buf_append(out, SLIP_SPAN("Sec-WebSocket-Extensions: "));
  if (err == SLIP_OK)
    err = slip_extension_write(offer, out);
  return err == SLIP_OK ? slip_buf_append(out, SLIP_SPAN("\r\n")) : err;
}

static enum slip_err put_handshake(struct slip_buf *out,
                                   const struct slip_upgrade_request *request) {
  unsigned char key[25]; /* 24 characters and the NUL that EVP_EncodeBlock writes */
  EVP_EncodeBlock(key, request->nonce, sizeof request->nonce);
  bool has_path = request->target.size > 0 && request->target.at[0] == '/';
  struct slip_span parts[] = {
      SLIP_SPAN("GET "),
      has_path ? SLIP_SPAN("") : SLIP_SPAN("/"),
      request->target,
      SLIP_SPAN(" HTTP/1.1\r\nHost: "),
      request->host,
      SLIP_SPAN("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "),
      {(const char *)key, sizeof key - 1},
      SLIP_SPAN("\r\nSec-WebSocket-Version: 13\r\n"),
  };
  return put(out, parts, sizeof parts / sizeof *parts);
}

static enum slip_err put_request(struct slip_buf *out, const struct slip_upgrade_request *request) {
  enum slip_err err = put_handshake(out, request);
  if (err == SLIP_OK && !slip_span_is_absent(request->protocols))
    err = put_header(out, SLIP_SPAN("Sec-WebSocket-Protocol"), request->protocols);
  if (err == SLIP_OK && request->compress.is_on)
    err = put_extension(out, &request->compress);
  for (size_t i = 0; i < request->header_count && err == SLIP_OK; i++)
    err = put_header(out, request->headers[i].name, request->headers[i].value);
  return err == SLIP_OK ? slip_buf_append(out, SLIP_SPAN("\r\n")) : err;
}

enum slip_err slip_upgrade_write(const struct slip_upgrade_request *request, struct slip_buf *out,
                                 const char **fault) {
  size_t before = out->size;
  const char *found = fault_of(request);
  if (found != NULL) {
    *fault = found;
    return SLIP_EINVAL;
  }
  enum slip_err err = put_request(out, request);
  if (err != SLIP_OK) {
    slip_buf_truncate(out, before);
    *fault = err == SLIP_ETOOBIG ? "the request is too long" : "no memory for the request";
  }
  return err;
}
