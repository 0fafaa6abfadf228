#include "net/http_private.h"

#include <stdlib.h>

/* libwebsockets 4.1.6 reads what subprotocols are offered into 128 bytes on its stack, and hangs up
 * without an answer when that is too small. */
enum { PROTOCOLS_MAX = 126 };

static const char too_long[] = "HTTP/1.1 431 Request Header Fields Too Large\r\n"
                               "content-type: text/plain\r\n"
                               "content-length: 71\r\n\r\n"
                               "sec-websocket-protocol is limited to 126 bytes by this embedded "
                               "server\n";

static const struct {
  const char *name;
  enum lws_token_indexes token;
} methods[] = {
    {"GET", WSI_TOKEN_GET_URI},         {"POST", WSI_TOKEN_POST_URI},
    {"PUT", WSI_TOKEN_PUT_URI},         {"PATCH", WSI_TOKEN_PATCH_URI},
    {"DELETE", WSI_TOKEN_DELETE_URI},   {"HEAD", WSI_TOKEN_HEAD_URI},
    {"OPTIONS", WSI_TOKEN_OPTIONS_URI}, {"CONNECT", WSI_TOKEN_CONNECT},
};

static size_t method_of(const struct slip_http_request *request) {
  size_t i = 0;
  while (i < sizeof methods / sizeof methods[0] - 1 &&
         lws_hdr_total_length(request->wsi, methods[i].token) == 0)
    i++;
  return i;
}

/* libwebsockets' copiers write a NUL behind. */
static bool copy_token(const struct slip_http_request *request, enum lws_token_indexes token,
                       struct slip_buf *out) {
  int size = lws_hdr_total_length(request->wsi, token);
  char *room;
  if (size <= 0 || slip_buf_reserve(out, (size_t)size + 1, &room) != SLIP_OK)
    return false;
  int copied = lws_hdr_copy(request->wsi, room, size + 1, token);
  if (copied > 0)
    slip_buf_commit(out, (size_t)copied);
  return copied > 0;
}

bool slip_http_request_is_upgrade(const struct slip_http_request *request) {
  return request->is_upgrade;
}

const char *slip_http_request_method(const struct slip_http_request *request) {
  return methods[method_of(request)].name;
}

bool slip_http_request_path(const struct slip_http_request *request, struct slip_buf *out) {
  return copy_token(request, methods[method_of(request)].token, out);
}

bool slip_http_request_version(const struct slip_http_request *request, struct slip_buf *out) {
  return copy_token(request, WSI_TOKEN_HTTP, out);
}

bool slip_http_request_argument(const struct slip_http_request *request, int index,
                                struct slip_buf *out) {
  int size = lws_hdr_fragment_length(request->wsi, WSI_TOKEN_HTTP_URI_ARGS, index);
  char *room;
  if (size <= 0 || slip_buf_reserve(out, (size_t)size + 1, &room) != SLIP_OK)
    return false;
  int copied = lws_hdr_copy_fragment(request->wsi, room, size + 1, WSI_TOKEN_HTTP_URI_ARGS, index);
  if (copied > 0)
    slip_buf_commit(out, (size_t)copied);
  return copied > 0;
}

static bool copy_unknown(const struct slip_http_request *request, const char *name,
                         struct slip_buf *out) {
  int name_size = (int)strlen(name);
  int size = lws_hdr_custom_length(request->wsi, name, name_size);
  char *room;
  if (size < 0 || slip_buf_reserve(out, (size_t)size + 1, &room) != SLIP_OK)
    return false;
  int copied = lws_hdr_custom_copy(request->wsi, room, size + 1, name, name_size);
  if (copied > 0)
    slip_buf_commit(out, (size_t)copied);
  return copied >= 0;
}

/* It knows some headers by number and keeps the others by name, both with their colon. */
bool slip_http_request_header(const struct slip_http_request *request, const char *name,
                              struct slip_buf *out) {
  char key[64];
  size_t size = strlen(name);
  if (size + 2 > sizeof key)
    return false;
  memcpy(key, name, size);
  memcpy(key + size, ":", 2);
  for (int token = 0; token < WSI_TOKEN_COUNT; token++) {
    const char *known = (const char *)lws_token_to_string((enum lws_token_indexes)token);
    if (known != NULL && strcmp(known, key) == 0)
      return copy_token(request, (enum lws_token_indexes)token, out);
  }
  return copy_unknown(request, key, out);
}

static void ask_owner(struct slip_http_conn *conn, const struct slip_http_request *request,
                      struct slip_buf *answer) {
  if (request->is_upgrade &&
      lws_hdr_total_length(request->wsi, WSI_TOKEN_PROTOCOL) > PROTOCOLS_MAX) {
    (void)!slip_buf_append(answer, SLIP_SPAN(too_long)); /* empty without memory: hang up */
    return;
  }
  conn->server->handler->request(conn->server->owner, conn, request, answer);
}

int slip_http_request_serve(struct slip_http_server *server, struct lws *wsi, bool is_upgrade) {
  struct slip_http_request request = {wsi, is_upgrade};
  struct slip_buf answer = {0};
  struct slip_http_conn *conn = slip_http_conn_new(server, wsi);
  if (conn == NULL)
    return -1;
  conn->is_busy = true;
  ask_owner(conn, &request, &answer);
  conn->is_busy = false;
  if (answer.size == 0 && is_upgrade && conn->ending == SLIP_HTTP_STAYS)
    return 0;
  struct slip_span bytes = slip_buf_span(&answer);
  int sent = -1;
  /* In HTTP/1 it writes the bytes as they are, and keeps what the socket does not take. */
  if (bytes.size > 0)
    sent = lws_write(wsi, (unsigned char *)(uintptr_t)bytes.at, bytes.size, LWS_WRITE_HTTP_FINAL);
  slip_buf_clear(&answer);
  slip_http_conn_gone(conn, false);
  return sent < 0 ? -1 : 1;
}
