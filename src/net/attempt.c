#include "net/attempt.h"

#include <stdlib.h>

static void on_connected(uv_connect_t *request, int status) {
  struct slip_attempt *attempt = request->data;
  attempt->status = status;
  if (attempt->ended != NULL)
    attempt->ended(attempt);
}

struct slip_attempt *slip_attempt_start(uv_loop_t *loop, const struct sockaddr *to,
                                        void (*ended)(struct slip_attempt *attempt)) {
  struct slip_attempt *attempt = calloc(1, sizeof *attempt);
  uv_tcp_t *handle = malloc(sizeof *handle);
  if (attempt == NULL || handle == NULL) {
    free(attempt);
    free(handle);
    return NULL;
  }
  uv_tcp_init(loop, handle); /* cannot fail: it makes no socket yet */
  handle->data = attempt->request.data = attempt;
  attempt->handle = handle;
  attempt->ended = ended;
  attempt->status = uv_tcp_connect(&attempt->request, handle, to, on_connected);
  return attempt;
}

uv_tcp_t *slip_attempt_take(struct slip_attempt *attempt) {
  uv_tcp_t *handle = attempt->handle;
  free(attempt);
  uv_tcp_nodelay(handle, 1); /* where it fails, all is only slower */
  return handle;
}

static void on_closed(uv_handle_t *handle) {
  free(handle->data);
  free(handle);
}

void slip_attempt_drop(struct slip_attempt *attempt) {
  attempt->ended = NULL; /* libuv calls a request that it cancels */
  uv_close((uv_handle_t *)attempt->handle, on_closed);
}
