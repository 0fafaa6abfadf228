#include "net/tcp.h"

#include "net/connect.h"
#include "net/network_private.h"

#include <assert.h>
#include <stdlib.h>

#define PENDING_MAX (64u * 1024)
/* The most that is handed to the kernel at once: the rest goes in later turns, after others. */
#define PIECE_MAX (1024u * 1024)
/* How many pushes may wait; TLS needs a few: a record, its own messages, close_notify. */
#define PENDING_COUNT_MAX 32

/* Bytes that the socket did not take at once. */
struct pending {
  uv_write_t request;
  struct tcp *tcp;
  char bytes[];
};

/* What only a graceful close needs. */
struct ending {
  struct slip_wait grace;
  uv_shutdown_t shutdown;
  struct tcp *tcp;
  bool is_sent; /* our FIN, and so everything before it */
};

struct tcp {
  struct slip_stream stream; /* first: a stream is its tcp */
  struct slip_network *network;
  uv_stream_t *handle; /* when it is connected; owned */
  union {
    struct slip_connect *connect; /* before, until the dial has failed */
    struct ending *ending;        /* after, while it closes gracefully; owned */
  };
  int failure; /* libuv's code, when writing met one before reading did */
  uint8_t pending_count;
  bool is_short; /* the owner waits for `drained` */
  bool is_closed;
  bool has_ended; /* nothing more can be read */
};

static void on_gone(uv_handle_t *handle) {
  struct tcp *tcp = handle->data;
  struct slip_network *network = tcp->network;
  network->sockets--;
  free(handle);
  free(tcp->ending);
  free(tcp);
  slip_network_gone(network);
}

/* Without this the kernel would go on sending what it holds for minutes. */
static void reset_on_close(uv_stream_t *handle) {
  const struct linger now = {.l_onoff = 1, .l_linger = 0};
  uv_os_fd_t fd;
  if (uv_fileno((uv_handle_t *)handle, &fd) == 0)
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void let_go(struct tcp *tcp) {
  if (tcp->pending_count > 0)
    reset_on_close(tcp->handle);
  uv_close((uv_handle_t *)tcp->handle, on_gone);
}

/* Writing. */

void slip_tcp_break(struct slip_stream *stream, int code) {
  struct tcp *tcp = (struct tcp *)stream;
  uv_os_fd_t fd;
  if (tcp->failure == 0)
    tcp->failure = code; /* the first is the cause of the others */
  /* Reading goes on to the end of what has come, a TLS alert for instance, and then says so. */
  if (uv_fileno((uv_handle_t *)tcp->handle, &fd) == 0)
    (void)shutdown(fd, SHUT_RDWR);
}

static void on_written(uv_write_t *request, int status) {
  struct pending *pending = request->data;
  struct tcp *tcp = pending->tcp;
  free(pending);
  tcp->pending_count--;
  if (status == UV_ECANCELED)
    return; /* it is closing */
  if (status < 0)
    slip_tcp_break(&tcp->stream, status);
  else if (tcp->pending_count == 0 && tcp->is_short && !tcp->is_closed && !tcp->has_ended) {
    tcp->is_short = false;
    tcp->stream.handler->drained(tcp->stream.owner);
  }
}

static size_t send_now(struct tcp *tcp, struct slip_span bytes) {
  if (tcp->pending_count > 0 || bytes.size == 0)
    return 0;
  unsigned size = bytes.size < PIECE_MAX ? (unsigned)bytes.size : PIECE_MAX;
  uv_buf_t part = uv_buf_init((char *)bytes.at, size);
  int count = uv_try_write(tcp->handle, &part, 1);
  /* An error other than "not now" meets `send_later` again, which can report it. */
  return count < 0 ? 0 : (size_t)count;
}

static int start_write(struct tcp *tcp, struct slip_span bytes) {
  if (tcp->pending_count == PENDING_COUNT_MAX)
    return UV_ENOBUFS;
  struct pending *pending = malloc(sizeof *pending + bytes.size);
  if (pending == NULL)
    return UV_ENOMEM;
  pending->tcp = tcp;
  pending->request.data = pending;
  memcpy(pending->bytes, bytes.at, bytes.size);
  uv_buf_t part = uv_buf_init(pending->bytes, (unsigned)bytes.size);
  int status = uv_write(&pending->request, tcp->handle, &part, 1, on_written);
  if (status < 0)
    free(pending);
  return status;
}

static void send_later(struct tcp *tcp, struct slip_span bytes) {
  if (bytes.size == 0)
    return;
  int status = start_write(tcp, bytes);
  if (status == 0)
    tcp->pending_count++;
  else
    slip_tcp_break(&tcp->stream, status);
}

static size_t tcp_write(struct slip_stream *stream, struct slip_span bytes) {
  struct tcp *tcp = (struct tcp *)stream;
  assert(tcp->handle != NULL && !tcp->is_closed);
  size_t count = 0;
  if (!tcp->has_ended && tcp->pending_count == 0) {
    count = send_now(tcp, bytes);
    struct slip_span rest = slip_span_skip(bytes, count);
    if (rest.size > PENDING_MAX)
      rest.size = PENDING_MAX;
    send_later(tcp, rest);
    count += rest.size;
  }
  tcp->is_short = count < bytes.size;
  return count;
}

void slip_tcp_push(struct slip_stream *stream, struct slip_span bytes) {
  struct tcp *tcp = (struct tcp *)stream;
  if (!tcp->has_ended)
    send_later(tcp, slip_span_skip(bytes, send_now(tcp, bytes)));
  tcp->is_short = tcp->pending_count > 0;
}

bool slip_tcp_is_full(const struct slip_stream *stream) {
  return ((const struct tcp *)stream)->pending_count > 0;
}

/* Reading. */

static const char *loss_text(int code) {
  switch (code) {
  case UV_EOF:
    return "";
  case UV_EPIPE:
  case UV_ECONNRESET:
    return "connection reset by the peer";
  case UV_ETIMEDOUT:
    return "the peer does not answer any more";
  default:
    return uv_strerror(code);
  }
}

/* libuv calls it an end in good order when a reset follows bytes at once. */
static int why_ended(struct tcp *tcp, int code) {
  if (tcp->failure != 0)
    return tcp->failure;
  int error = 0;
  socklen_t size = sizeof error;
  uv_os_fd_t fd;
  if (code == UV_EOF && uv_fileno((uv_handle_t *)tcp->handle, &fd) == 0 &&
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0)
    return uv_translate_sys_error(error);
  return code;
}

static void end_grace(struct tcp *tcp) {
  slip_waits_end(&tcp->network->graces, &tcp->ending->grace);
  let_go(tcp);
}

static void on_read_end(struct tcp *tcp, int code) {
  tcp->has_ended = true;
  uv_read_stop(tcp->handle);
  if (tcp->is_closed) {
    if (tcp->ending->is_sent || code != UV_EOF)
      end_grace(tcp);
    return;
  }
  const char *text = loss_text(why_ended(tcp, code));
  struct slip_reason reason = {.kind = SLIP_REASON_CONNECTION_LOST, .text = slip_span_of(text)};
  tcp->stream.handler->ended(tcp->stream.owner, &reason);
}

static char *find_room(const struct tcp *tcp, size_t *size) {
  const struct slip_stream_handler *handler = tcp->stream.handler;
  return tcp->is_closed || handler->room == NULL ? NULL : handler->room(tcp->stream.owner, size);
}

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *out) {
  (void)hint;
  struct tcp *tcp = handle->data;
  size_t size;
  char *room = find_room(tcp, &size);
  if (room == NULL)
    *out = uv_buf_init(tcp->network->read_buffer, sizeof tcp->network->read_buffer);
  else
    *out =
        uv_buf_init(room, size < SLIP_NETWORK_ROOM_SIZE ? (unsigned)size : SLIP_NETWORK_ROOM_SIZE);
}

void slip_tcp_hand_on(struct slip_stream *stream, struct slip_span bytes) {
  const struct tcp *tcp = (const struct tcp *)stream;
  if (bytes.size > 0 && !tcp->is_closed)
    stream->handler->received(stream->owner, bytes);
}

static void on_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *buffer) {
  struct tcp *tcp = handle->data;
  if (count < 0)
    on_read_end(tcp, (int)count);
  else if (count > 0)
    slip_tcp_hand_on(&tcp->stream, (struct slip_span){buffer->base, (size_t)count});
}

/* Closing. */

static void on_grace_over(struct slip_wait *grace) {
  let_go(SLIP_HOLDER(grace, struct ending, grace)->tcp);
}

static void on_shut_down(uv_shutdown_t *request, int status) {
  struct tcp *tcp = request->data;
  if (status == UV_ECANCELED)
    return; /* it is closing */
  tcp->ending->is_sent = true;
  if (status < 0 || tcp->has_ended)
    end_grace(tcp);
}

/* At once, where nothing waits to be sent before: libuv would take a turn of the loop for it. */
static bool shut_down(struct tcp *tcp) {
  uv_os_fd_t fd;
  return tcp->pending_count == 0 && uv_fileno((uv_handle_t *)tcp->handle, &fd) == 0 &&
         shutdown(fd, SHUT_WR) == 0;
}

/* False: it cannot end gracefully, or already has. */
static bool start_ending(struct tcp *tcp) {
  struct ending *ending = calloc(1, sizeof *ending);
  if (ending == NULL)
    return false;
  ending->tcp = tcp;
  ending->grace.over = on_grace_over;
  ending->shutdown.data = tcp;
  ending->is_sent = shut_down(tcp);
  /* libuv shuts down after the writes that wait. */
  bool is_over = ending->is_sent ? tcp->has_ended
                                 : uv_shutdown(&ending->shutdown, tcp->handle, on_shut_down) != 0;
  if (is_over) {
    free(ending);
    return false;
  }
  tcp->ending = ending;
  slip_waits_begin(&tcp->network->graces, &ending->grace);
  return true;
}

static void tcp_close(struct slip_stream *stream, bool is_graceful) {
  struct tcp *tcp = (struct tcp *)stream;
  assert(!tcp->is_closed);
  tcp->is_closed = true;
  if (tcp->handle == NULL && tcp->connect != NULL) {
    slip_connect_cancel(tcp->connect); /* it inherits our place in the network's count */
    free(tcp);
  } else if (tcp->handle == NULL) { /* the dial failed */
    slip_network_gone(tcp->network);
    free(tcp);
  } else if (!is_graceful || !start_ending(tcp)) {
    let_go(tcp);
  }
}

/* Dialling. */

static void on_stage(void *owner, enum slip_stage stage) {
  struct tcp *tcp = owner;
  tcp->stream.handler->stage(tcp->stream.owner, stage);
}

static void on_connected(void *owner, uv_stream_t *handle) {
  struct tcp *tcp = owner;
  tcp->connect = NULL;
  tcp->handle = handle;
  handle->data = tcp;
  int status = uv_read_start(handle, on_alloc, on_read);
  assert(status == 0); /* it only refuses handles that are closing or not connected */
  (void)status;
  tcp->stream.handler->opened(tcp->stream.owner);
}

static void on_failed(void *owner, enum slip_stage stage, struct slip_span text) {
  struct tcp *tcp = owner;
  tcp->connect = NULL;
  struct slip_reason reason = {.kind = SLIP_REASON_CONNECT_FAILED, .stage = stage, .text = text};
  tcp->stream.handler->ended(tcp->stream.owner, &reason);
}

enum slip_err slip_tcp_dial(struct slip_network *network, const struct slip_target *target,
                            const struct slip_stream_handler *handler, void *owner,
                            struct slip_stream **out) {
  static const struct slip_stream_ops ops = {tcp_write, tcp_close};
  static const struct slip_connect_handler connect_handler = {on_stage, on_connected, on_failed};
  struct tcp *tcp = calloc(1, sizeof *tcp);
  if (tcp == NULL)
    return SLIP_ENOMEM;
  tcp->stream = (struct slip_stream){&ops, handler, owner};
  tcp->network = network;
  enum slip_err err = slip_connect_start(network, target, &connect_handler, tcp, &tcp->connect);
  if (err != SLIP_OK) {
    free(tcp);
    return err;
  }
  network->count++;
  *out = &tcp->stream;
  return SLIP_OK;
}
