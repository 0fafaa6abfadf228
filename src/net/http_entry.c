#include "net/http_private.h"

#include "core/http_header.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE_SIZE = 4096 };

struct slip_http_entry {
  uv_poll_t poll;
  struct slip_http_server *server;
  TAILQ_ENTRY(slip_http_entry) place;
  int fd;
  struct slip_http_lines lines;
  struct slip_buf answer; /* what of it is to be sent */
  bool is_last;           /* our half of TCP ends behind the answer */
  bool is_ended;          /* it did; what the peer still says is passed over */
  uint64_t gone_by;       /* for the step that it is at; 0: there is no hurry */
};

static const char bad_request[] = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
static const char not_implemented[] = "HTTP/1.1 501 Not Implemented\r\n"
                                      "content-type: text/plain\r\n"
                                      "content-length: 51\r\n\r\n"
                                      "CONNECT is not known here: this server is no proxy\n";
static const char too_long[] = "HTTP/1.1 431 Request Header Fields Too Large\r\n"
                               "content-type: text/plain\r\n"
                               "content-length: 72\r\n\r\n"
                               "the head of a request is limited to 16384 bytes by this embedded "
                               "server\n";

static void free_entry(uv_handle_t *handle) {
  struct slip_http_entry *entry = handle->data;
  slip_http_lines_clear(&entry->lines);
  slip_buf_clear(&entry->answer);
  free(entry);
}

/* Gives the socket back; the entry, and what was read from it, lives until a later turn. */
static int leave(struct slip_http_entry *entry) {
  TAILQ_REMOVE(&entry->server->entries, entry, place);
  entry->server->connection_count--;
  uv_close((uv_handle_t *)&entry->poll, free_entry);
  return entry->fd;
}

static void drop(struct slip_http_entry *entry) {
  close(leave(entry));
}

static void set_deadline(struct slip_http_entry *entry, uint64_t msec) {
  entry->gone_by = msec > 0 ? uv_now(entry->server->loop) + msec : 0;
}

static bool is_overdue(const struct slip_http_entry *entry) {
  return entry->gone_by > 0 && uv_now(entry->server->loop) >= entry->gone_by;
}

void slip_http_entry_sweep(struct slip_http_server *server, bool is_end) {
  struct slip_http_entry *entry = TAILQ_FIRST(&server->entries);
  while (entry != NULL) {
    struct slip_http_entry *next = TAILQ_NEXT(entry, place);
    if (is_end || is_overdue(entry))
      drop(entry);
    entry = next;
  }
}

static void on_poll(uv_poll_t *poll, int status, int events);

/* Goes on when the socket is ready, within the time that a peer may say nothing. */
static void await(struct slip_http_entry *entry, int events) {
  set_deadline(entry, entry->server->settings.idle_timeout_msec);
  uv_poll_start(&entry->poll, events, on_poll);
}

static void await_request(struct slip_http_entry *entry) {
  slip_http_lines_restart(&entry->lines);
  await(entry, UV_READABLE);
}

/* A socket that is closed with bytes unread is reset, and the peer may lose the answer: so the
 * peer ends TCP. */
static void end_half(struct slip_http_entry *entry) {
  entry->is_ended = true;
  set_deadline(entry, SLIP_CLOSE_TIMEOUT_MSEC);
  shutdown(entry->fd, SHUT_WR);
  uv_poll_start(&entry->poll, UV_READABLE, on_poll);
}

static bool is_later(ssize_t result) {
  return result < 0 && (errno == EAGAIN || errno == EINTR);
}

static void write_some(struct slip_http_entry *entry) {
  struct slip_span left = slip_buf_span(&entry->answer);
  ssize_t sent = send(entry->fd, left.at, left.size, MSG_NOSIGNAL);
  if (sent < 0 && !is_later(sent)) {
    drop(entry);
    return;
  }
  slip_buf_drop(&entry->answer, sent > 0 ? (size_t)sent : 0);
  if (entry->answer.size > 0)
    await(entry, UV_WRITABLE);
  else if (entry->is_last)
    end_half(entry);
  else
    await_request(entry);
}

/* An answer of ours, behind which nothing of the peer can be understood. */
static void refuse(struct slip_http_entry *entry, struct slip_span answer) {
  if (slip_buf_append(&entry->answer, answer) != SLIP_OK) {
    drop(entry);
    return;
  }
  entry->is_last = true;
  write_some(entry);
}

/*
 * What libwebsockets is told of an accepted upgrade: what it needs for the answer. It could not
 * read everything that may be in a head, such as a token of more than 126 bytes among the
 * subprotocols, and hangs up then.
 */
static enum slip_err write_upgrade(const struct slip_http_server *server,
                                   const struct slip_http_request *request, struct slip_buf *out) {
  struct slip_span offered =
      slip_upgrade_header(request->headers, SLIP_SPAN("sec-websocket-protocol"));
  bool has_protocol = !slip_span_is_absent(offered);
  struct slip_span parts[] = {
      SLIP_SPAN("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "),
      slip_upgrade_header(request->headers, SLIP_SPAN("sec-websocket-key")),
      has_protocol ? SLIP_SPAN("\r\nSec-WebSocket-Protocol: ") : SLIP_SPAN(""),
      slip_span_of(has_protocol ? server->subprotocol : ""),
      SLIP_SPAN("\r\n\r\n"),
  };
  enum slip_err err = SLIP_OK;
  for (size_t i = 0; i < sizeof parts / sizeof *parts && err == SLIP_OK; i++)
    err = slip_buf_append(out, parts[i]);
  return err;
}

/* libwebsockets answers from inside the call, and takes up the connection while at it; frames that
 * came behind the head are in the socket still. */
static void hand_over(struct slip_http_entry *entry, struct slip_http_conn *conn,
                      const struct slip_http_request *request) {
  struct slip_http_server *server = entry->server;
  struct slip_buf head = {0};
  enum slip_err err = write_upgrade(server, request, &head);
  int fd = leave(entry);
  server->arriving = conn;
  if (err == SLIP_OK)
    lws_adopt_socket_vhost_readbuf(server->vhost, fd, slip_buf_span(&head).at, head.size);
  else
    close(fd);
  slip_buf_clear(&head);
  if (server->arriving != NULL) /* it hung up */
    slip_http_conn_gone(server->arriving, true);
  server->arriving = NULL;
}

static void ask_owner(struct slip_http_entry *entry, const struct slip_http_request *request) {
  struct slip_http_server *server = entry->server;
  struct slip_http_conn *conn = slip_http_conn_new(server);
  if (conn == NULL) {
    drop(entry);
    return;
  }
  conn->is_busy = true;
  server->handler->request(server->owner, conn, request, &entry->answer);
  conn->is_busy = false;
  if (entry->answer.size == 0 && slip_http_request_is_upgrade(request) &&
      conn->ending == SLIP_HTTP_STAYS) {
    hand_over(entry, conn, request);
    return;
  }
  slip_http_conn_gone(conn, entry->answer.size == 0);
  entry->is_last = slip_http_request_is_last(request);
  if (entry->answer.size > 0)
    write_some(entry);
  else
    drop(entry);
}

static void serve(struct slip_http_entry *entry) {
  struct slip_http_request request;
  if (slip_http_request_read(&entry->lines, &request) != SLIP_OK)
    refuse(entry, SLIP_SPAN(bad_request));
  else if (slip_span_is_equal(request.method, SLIP_SPAN("CONNECT")))
    refuse(entry, SLIP_SPAN(not_implemented));
  else
    ask_owner(entry, &request);
}

/* It listens no more: who asks on a connection that was kept comes too late, too. */
static bool is_stopping(const struct slip_http_server *server) {
  return server->stop_by > 0 || server->is_closing;
}

/* Takes no byte from the socket that is behind the head: it is libwebsockets', or of the next
 * request. */
static void read_some(struct slip_http_entry *entry) {
  char bytes[PIECE_SIZE];
  ssize_t size = recv(entry->fd, bytes, sizeof bytes, MSG_PEEK);
  if (is_later(size))
    return;
  struct slip_span rest = {bytes, size > 0 ? (size_t)size : 0};
  enum slip_err err = slip_http_lines_feed(&entry->lines, &rest);
  if (size <= 0 || err == SLIP_ENOMEM || is_stopping(entry->server) ||
      recv(entry->fd, bytes, (size_t)size - rest.size, 0) < 0)
    drop(entry);
  else if (err != SLIP_OK)
    refuse(entry, SLIP_SPAN(too_long));
  else if (entry->lines.is_whole)
    serve(entry);
}

static void pass_over(struct slip_http_entry *entry) {
  char bytes[PIECE_SIZE];
  ssize_t size = recv(entry->fd, bytes, sizeof bytes, 0);
  if (size <= 0 && !is_later(size))
    drop(entry);
}

static void on_poll(uv_poll_t *poll, int status, int events) {
  struct slip_http_entry *entry = poll->data;
  if (status != 0)
    drop(entry);
  else if (events & UV_WRITABLE)
    write_some(entry);
  else if (entry->is_ended)
    pass_over(entry);
  else
    read_some(entry);
}

/* NULL without memory. */
static struct slip_http_entry *make_entry(struct slip_http_server *server, int fd) {
  struct slip_http_entry *entry = calloc(1, sizeof *entry);
  if (entry == NULL || uv_poll_init(server->loop, &entry->poll, fd) != 0) {
    free(entry);
    return NULL;
  }
  entry->server = server;
  entry->fd = fd;
  entry->poll.data = entry;
  slip_http_lines_init(&entry->lines, SLIP_REQUEST_HEAD_MAX);
  TAILQ_INSERT_TAIL(&server->entries, entry, place);
  server->connection_count++;
  return entry;
}

void slip_http_entry_open(struct slip_http_server *server, int fd) {
  size_t room = (size_t)server->settings.max_connections + SLIP_HTTP_REQUESTS;
  bool is_full = server->connection_count >= room;
  struct slip_http_entry *entry = is_full ? NULL : make_entry(server, fd);
  if (entry == NULL)
    close(fd);
  else
    await_request(entry);
}
