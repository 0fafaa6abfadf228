#include "net/attempt.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/un.h>

static void on_connected(uv_connect_t *request, int status) {
  struct slip_attempt *attempt = request->data;
  attempt->status = status;
  if (attempt->ended != NULL)
    attempt->ended(attempt);
}

static int connect_tcp(struct slip_attempt *attempt, uv_loop_t *loop, const struct sockaddr *to) {
  uv_tcp_t *tcp = (uv_tcp_t *)attempt->handle;
  uv_tcp_init(loop, tcp); /* cannot fail: it makes no socket yet */
  return uv_tcp_connect(&attempt->request, tcp, to, on_connected);
}

/* Its failures, too, come later. */
static int connect_pipe(struct slip_attempt *attempt, uv_loop_t *loop, const struct sockaddr *to) {
  uv_pipe_t *pipe = (uv_pipe_t *)attempt->handle;
  uv_pipe_init(loop, pipe, 0); /* as above */
  uv_pipe_connect(&attempt->request, pipe, ((const struct sockaddr_un *)(const void *)to)->sun_path,
                  on_connected);
  return 0;
}

struct slip_attempt *slip_attempt_start(uv_loop_t *loop, const struct sockaddr *to,
                                        void (*ended)(struct slip_attempt *attempt)) {
  bool is_unix = to->sa_family == AF_UNIX;
  struct slip_attempt *attempt = calloc(1, sizeof *attempt);
  uv_stream_t *handle = malloc(is_unix ? sizeof(uv_pipe_t) : sizeof(uv_tcp_t));
  if (attempt == NULL || handle == NULL) {
    free(attempt);
    free(handle);
    return NULL;
  }
  attempt->handle = handle;
  attempt->ended = ended;
  attempt->status = (is_unix ? connect_pipe : connect_tcp)(attempt, loop, to);
  handle->data = attempt->request.data = attempt;
  return attempt;
}

uv_stream_t *slip_attempt_take(struct slip_attempt *attempt) {
  uv_stream_t *handle = attempt->handle;
  free(attempt);
  if (handle->type == UV_TCP)
    uv_tcp_nodelay((uv_tcp_t *)handle, 1); /* where it fails, all is only slower */
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
