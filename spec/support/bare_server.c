#include "spec/support/bare_server.h"

#include "spec/support/check.h"

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *out) {
  (void)hint;
  struct bare_server *server = handle->data;
  *out = uv_buf_init(server->room, sizeof server->room);
}

/* libuv calls it an end when a reset follows bytes at once. */
static int socket_error(uv_stream_t *stream) {
  int error = 0;
  socklen_t size = sizeof error;
  uv_os_fd_t fd;
  assert_int_equal(uv_fileno((uv_handle_t *)stream, &fd), 0);
  assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size), 0);
  return -error;
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
  struct bare_server *server = stream->data;
  struct slip_span bytes = {buffer->base, count > 0 ? (size_t)count : 0};
  if (count < 0) {
    server->got_error = count == UV_EOF ? socket_error(stream) : (int)count;
    server->got_end = server->got_error == 0;
  } else if (server->received != NULL) {
    server->received(server, bytes);
  } else {
    CHECK_OK(slip_buf_append(&server->got, bytes));
  }
}

void bare_server_resume(struct bare_server *server) {
  server->is_paused = false;
  assert_int_equal(uv_read_start((uv_stream_t *)&server->peer, on_alloc, on_read), 0);
}

static void on_connection(uv_stream_t *door, int status) {
  struct bare_server *server = door->data;
  assert_int_equal(status, 0);
  assert_false(server->has_peer);
  uv_tcp_init(server->loop, &server->peer);
  server->peer.data = server;
  assert_int_equal(uv_accept(door, (uv_stream_t *)&server->peer), 0);
  server->has_peer = true;
  server->accepted++;
  if (!server->is_paused)
    bare_server_resume(server);
}

bool bare_server_open(struct bare_server *server, uv_loop_t *loop, const char *ip) {
  *server = (struct bare_server){.loop = loop};
  struct sockaddr_storage address;
  if (uv_ip4_addr(ip, 0, (struct sockaddr_in *)&address) != 0)
    assert_int_equal(uv_ip6_addr(ip, 0, (struct sockaddr_in6 *)&address), 0);
  uv_tcp_init(loop, &server->door);
  server->door.data = server;
  server->is_listening = true;
  if (uv_tcp_bind(&server->door, (struct sockaddr *)&address, 0) != 0 ||
      uv_listen((uv_stream_t *)&server->door, 16, on_connection) != 0)
    return false;
  int size = sizeof address;
  uv_tcp_getsockname(&server->door, (struct sockaddr *)&address, &size);
  server->port = ntohs(((struct sockaddr_in *)&address)->sin_port); /* v6 has it there too */
  return true;
}

struct sending {
  uv_write_t write;
  char bytes[];
};

static void on_written(uv_write_t *write, int status) {
  free(write);
  assert_true(status == 0 || status == UV_ECANCELED || status == UV_EPIPE ||
              status == UV_ECONNRESET);
}

void bare_server_send(struct bare_server *server, struct slip_span bytes) {
  struct sending *sending = malloc(sizeof *sending + bytes.size);
  assert_non_null(sending);
  memcpy(sending->bytes, bytes.at, bytes.size);
  uv_buf_t part = uv_buf_init(sending->bytes, (unsigned)bytes.size);
  uv_stream_t *peer = (uv_stream_t *)&server->peer;
  assert_int_equal(uv_write(&sending->write, peer, &part, 1, on_written), 0);
}

void bare_server_finish(struct bare_server *server) {
  uv_stream_t *peer = (uv_stream_t *)&server->peer;
  assert_int_equal(uv_shutdown(&server->shutdown, peer, NULL), 0);
}

static void on_closed(uv_handle_t *handle) {
  struct bare_server *server = handle->data;
  server->has_peer = false;
}

void bare_server_drop(struct bare_server *server) {
  uv_close((uv_handle_t *)&server->peer, on_closed);
}

void bare_server_reset(struct bare_server *server) {
  assert_int_equal(uv_tcp_close_reset(&server->peer, on_closed), 0);
}

void bare_server_close(struct bare_server *server) {
  slip_buf_clear(&server->got);
  if (server->is_listening)
    uv_close((uv_handle_t *)&server->door, NULL);
  if (server->has_peer && !uv_is_closing((uv_handle_t *)&server->peer))
    bare_server_drop(server);
}
