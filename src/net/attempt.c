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

/* The port is chosen when it connects, so that it need not be free towards all servers. */
static int bind_tcp(struct slip_attempt *attempt, uv_loop_t *loop, const struct sockaddr *from) {
  uv_tcp_t *tcp = (uv_tcp_t *)attempt->handle;
  const int on = 1;
  uv_os_fd_t fd;
  int status = uv_tcp_init_ex(loop, tcp, from->sa_family);
  if (status != 0) {
    uv_tcp_init(loop, tcp); /* what is not initialized cannot be closed */
    return status;
  }
  if (uv_fileno((uv_handle_t *)tcp, &fd) == 0)
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on); /* of IPv6, too */
  status = uv_tcp_bind(tcp, from, 0);
  attempt->is_unbound = status != 0;
  return status;
}

static int connect_tcp(struct slip_attempt *attempt, uv_loop_t *loop, const struct sockaddr *to,
                       const struct sockaddr *from) {
  uv_tcp_t *tcp = (uv_tcp_t *)attempt->handle;
  int status =
      from != NULL ? bind_tcp(attempt, loop, from) : uv_tcp_init(loop, tcp); /* makes no socket */
  return status != 0 ? status : uv_tcp_connect(&attempt->request, tcp, to, on_connected);
}

/* Its failures, too, come later. */
static int connect_pipe(struct slip_attempt *attempt, uv_loop_t *loop, const struct sockaddr *to) {
  uv_pipe_t *pipe = (uv_pipe_t *)attempt->handle;
  uv_pipe_init(loop, pipe, 0); /* cannot fail: it makes no socket yet */
  uv_pipe_connect(&attempt->request, pipe, ((const struct sockaddr_un *)(const void *)to)->sun_path,
                  on_connected);
  return 0;
}

struct slip_attempt *slip_attempt_start(uv_loop_t *loop, const struct sockaddr *to,
                                        const struct sockaddr *from,
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
  attempt->status =
      is_unix ? connect_pipe(attempt, loop, to) : connect_tcp(attempt, loop, to, from);
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
