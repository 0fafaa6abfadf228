#include "net/tcp.h"

#include "core/buf.h"
#include "net/connect.h"
#include "net/network_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

/* The most of a write that waits for the peer, and the most of what TLS pushes meanwhile. */
#define WRITE_MAX (64u * 1024)
#define PUSH_MAX (64u * 1024)
/* The most that is handed to the kernel at once: the rest goes in later turns, after others. */
#define PIECE_MAX (1024u * 1024)
/* How often a connection is read in a turn: 2 MiB, a msec, keep the others waiting. */
#define READS_MAX 32

/* What is to be done when the socket has not taken all, or closes gracefully. */
struct rest {
  struct slip_buf unsent;
  struct slip_wait grace;
  struct tcp *tcp;
  bool is_sent; /* our FIN, and so everything before it */
};

struct tcp {
  struct slip_stream stream; /* first: a stream is its tcp */
  struct slip_network *network;
  struct slip_socket *socket; /* while it is connected; owned */
  union {
    struct slip_connect *connect; /* before, until the dial has failed */
    struct rest *rest;            /* after, or NULL; owned */
  };
  int failure;   /* libuv's code, when writing met one before reading did */
  bool is_short; /* the owner waits for `drained` */
  bool is_closed;
  bool has_ended; /* nothing more can be read */
  bool is_busy;   /* in `on_ready`, which then frees */
};

static struct rest *have_rest(struct tcp *tcp) {
  if (tcp->rest != NULL)
    return tcp->rest;
  struct rest *rest = calloc(1, sizeof *rest);
  if (rest == NULL)
    return NULL;
  slip_buf_init(&rest->unsent, WRITE_MAX + PUSH_MAX);
  rest->tcp = tcp;
  tcp->rest = rest;
  return rest;
}

static void free_rest(struct tcp *tcp) {
  if (tcp->rest != NULL)
    slip_buf_clear(&tcp->rest->unsent);
  free(tcp->rest);
  tcp->rest = NULL;
}

static bool has_unsent(const struct tcp *tcp) {
  return tcp->rest != NULL && tcp->rest->unsent.size > 0;
}

/* Without this the kernel would go on sending what it holds for minutes. */
static void reset_on_close(struct tcp *tcp) {
  const struct linger now = {.l_onoff = 1, .l_linger = 0};
  (void)setsockopt(tcp->socket->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* The tcp is then to be freed. */
static void let_go(struct tcp *tcp) {
  if (has_unsent(tcp))
    reset_on_close(tcp);
  slip_poller_remove(&tcp->network->poller, tcp->socket);
  tcp->socket = NULL;
  free_rest(tcp);
  slip_network_gone(tcp->network);
}

static void end_now(struct tcp *tcp) {
  let_go(tcp);
  if (!tcp->is_busy)
    free(tcp);
}

static void end_grace(struct tcp *tcp) {
  slip_waits_end(&tcp->network->graces, &tcp->rest->grace);
  let_go(tcp);
}

/* Writing. */

void slip_tcp_break(struct slip_stream *stream, int code) {
  struct tcp *tcp = (struct tcp *)stream;
  if (tcp->failure == 0)
    tcp->failure = code; /* the first is the cause of the others */
  /* Reading goes on to the end of what has come, a TLS alert for instance, and then says so. */
  (void)shutdown(tcp->socket->fd, SHUT_RDWR);
  slip_poller_again(&tcp->network->poller, tcp->socket);
}

/* What the socket takes, a piece at most. */
static size_t send_now(struct tcp *tcp, struct slip_span bytes) {
  size_t size = bytes.size < PIECE_MAX ? bytes.size : PIECE_MAX;
  ssize_t count;
  do
    count = send(tcp->socket->fd, bytes.at, size, MSG_NOSIGNAL);
  while (count < 0 && errno == EINTR);
  if (count < 0 && errno != EAGAIN)
    slip_tcp_break(&tcp->stream, uv_translate_sys_error(errno));
  else if (count == (ssize_t)size && size < bytes.size)
    slip_poller_again(&tcp->network->poller, tcp->socket); /* perhaps it would take more */
  return count < 0 ? 0 : (size_t)count;
}

static void send_later(struct tcp *tcp, struct slip_span bytes) {
  if (bytes.size == 0 || tcp->failure != 0)
    return;
  struct rest *rest = have_rest(tcp);
  enum slip_err err = rest == NULL ? SLIP_ENOMEM : slip_buf_append(&rest->unsent, bytes);
  if (err != SLIP_OK)
    slip_tcp_break(&tcp->stream, err == SLIP_ENOMEM ? UV_ENOMEM : UV_ENOBUFS);
}

static size_t tcp_write(struct slip_stream *stream, struct slip_span bytes) {
  struct tcp *tcp = (struct tcp *)stream;
  assert(tcp->socket != NULL && !tcp->is_closed);
  size_t count = 0;
  if (!tcp->has_ended && !has_unsent(tcp) && bytes.size > 0) {
    count = send_now(tcp, bytes);
    struct slip_span rest = slip_span_skip(bytes, count);
    if (rest.size > WRITE_MAX)
      rest.size = WRITE_MAX;
    send_later(tcp, rest);
    count += rest.size;
  }
  tcp->is_short = count < bytes.size;
  return count;
}

void slip_tcp_push(struct slip_stream *stream, struct slip_span bytes) {
  struct tcp *tcp = (struct tcp *)stream;
  if (!tcp->has_ended) {
    size_t count = has_unsent(tcp) ? 0 : send_now(tcp, bytes);
    send_later(tcp, slip_span_skip(bytes, count));
  }
  tcp->is_short = has_unsent(tcp);
}

bool slip_tcp_is_full(const struct slip_stream *stream) {
  return has_unsent((const struct tcp *)stream);
}

/* False: it has none, as the connection is lost. */
static bool send_fin(struct tcp *tcp) {
  tcp->rest->is_sent = shutdown(tcp->socket->fd, SHUT_WR) == 0;
  return tcp->rest->is_sent;
}

static void all_sent(struct tcp *tcp) {
  if (tcp->is_closed) {
    if (!send_fin(tcp) || tcp->has_ended)
      end_grace(tcp);
    return;
  }
  free_rest(tcp);
  if (!tcp->is_short || tcp->has_ended)
    return;
  tcp->is_short = false;
  tcp->stream.handler->drained(tcp->stream.owner);
}

static void send_on(struct tcp *tcp) {
  struct slip_buf *unsent = &tcp->rest->unsent;
  slip_buf_drop(unsent, send_now(tcp, slip_buf_span(unsent)));
  if (unsent->size == 0)
    all_sent(tcp);
  else if (tcp->failure != 0 && tcp->is_closed)
    end_grace(tcp);
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

static void read_end(struct tcp *tcp, int code) {
  tcp->has_ended = true;
  if (tcp->is_closed) {
    if (tcp->rest->is_sent || code != UV_EOF || tcp->failure != 0)
      end_grace(tcp);
    return;
  }
  const char *text = loss_text(tcp->failure != 0 ? tcp->failure : code);
  struct slip_reason reason = {.kind = SLIP_REASON_CONNECTION_LOST, .text = slip_span_of(text)};
  tcp->stream.handler->ended(tcp->stream.owner, &reason);
}

static char *find_room(const struct tcp *tcp, size_t *size) {
  const struct slip_stream_handler *handler = tcp->stream.handler;
  char *room =
      tcp->is_closed || handler->room == NULL ? NULL : handler->room(tcp->stream.owner, size);
  if (room == NULL) {
    *size = sizeof tcp->network->read_buffer;
    return tcp->network->read_buffer;
  }
  if (*size > SLIP_NETWORK_ROOM_SIZE)
    *size = SLIP_NETWORK_ROOM_SIZE;
  return room;
}

void slip_tcp_hand_on(struct slip_stream *stream, struct slip_span bytes) {
  const struct tcp *tcp = (const struct tcp *)stream;
  if (bytes.size > 0 && !tcp->is_closed)
    stream->handler->received(stream->owner, bytes);
}

/* Whether there may be more. What does not fill the room was all, unless the end is behind it. */
static bool read_once(struct tcp *tcp, bool is_to_the_end) {
  size_t size;
  char *room = find_room(tcp, &size);
  ssize_t count = recv(tcp->socket->fd, room, size, 0);
  if (count > 0) {
    slip_tcp_hand_on(&tcp->stream, (struct slip_span){room, (size_t)count});
    return tcp->socket != NULL && (is_to_the_end || count == (ssize_t)size);
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR))
    return errno == EINTR;
  read_end(tcp, count == 0 ? UV_EOF : uv_translate_sys_error(errno));
  return false;
}

static void read_on(struct tcp *tcp, bool is_to_the_end) {
  for (int i = 0; i < READS_MAX; i++)
    if (!read_once(tcp, is_to_the_end))
      return;
  slip_poller_again(&tcp->network->poller, tcp->socket);
}

static void on_ready(void *owner, uint32_t events) {
  struct tcp *tcp = owner;
  const uint32_t plain = EPOLLIN | EPOLLOUT;
  tcp->is_busy = true;
  if ((events & ~(uint32_t)EPOLLOUT) != 0 && !tcp->has_ended)
    read_on(tcp, (events & ~plain) != 0);
  if (tcp->socket != NULL && tcp->failure == 0 && has_unsent(tcp))
    send_on(tcp);
  tcp->is_busy = false;
  if (tcp->socket == NULL)
    free(tcp);
}

/* Closing. */

static void on_grace_over(struct slip_wait *grace) {
  end_now(SLIP_HOLDER(grace, struct rest, grace)->tcp);
}

/* False: it cannot end gracefully, or already has. */
static bool start_ending(struct tcp *tcp) {
  struct rest *rest = tcp->failure == 0 ? have_rest(tcp) : NULL;
  if (rest == NULL)
    return false;
  if (!has_unsent(tcp) && (!send_fin(tcp) || tcp->has_ended))
    return false;
  rest->grace.over = on_grace_over;
  slip_waits_begin(&tcp->network->graces, &rest->grace);
  return true;
}

static void tcp_close(struct slip_stream *stream, bool is_graceful) {
  struct tcp *tcp = (struct tcp *)stream;
  assert(!tcp->is_closed);
  tcp->is_closed = true;
  if (tcp->socket == NULL && tcp->connect != NULL) {
    slip_connect_cancel(tcp->connect); /* it inherits our place in the network's count */
    free(tcp);
  } else if (tcp->socket == NULL) { /* the dial failed */
    slip_network_gone(tcp->network);
    free(tcp);
  } else if (!is_graceful || !start_ending(tcp)) {
    end_now(tcp);
  }
}

/* Dialling. */

static void on_stage(void *owner, enum slip_stage stage) {
  struct tcp *tcp = owner;
  tcp->stream.handler->stage(tcp->stream.owner, stage);
}

static void on_connected(void *owner, struct slip_socket *socket) {
  struct tcp *tcp = owner;
  tcp->connect = NULL;
  tcp->socket = socket;
  socket->owner = tcp;
  socket->ready = on_ready;
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
