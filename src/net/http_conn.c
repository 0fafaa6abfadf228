#include "net/http_private.h"

#include "core/ws_frame.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
  CLOSE_NORMAL = 1000,
  CLOSE_NO_STATUS = 1005, /* never on the wire: the close frame had no code */
  CLOSE_BAD_TEXT = 1007,
  CLOSE_TOO_BIG = 1009,
  CLOSE_SERVER_ERROR = 1011,
  CLOSE_OPCODE = 0x88,
  GONE = -1 /* libwebsockets: end TCP */
};

struct slip_http_out {
  STAILQ_ENTRY(slip_http_out) place;
  size_t size;
  bool is_binary;
  unsigned char bytes[]; /* LWS_PRE for the frame's head, then the message */
};

struct slip_http_conn *slip_http_conn_new(struct slip_http_server *server) {
  struct slip_http_conn *conn = calloc(1, sizeof *conn);
  if (conn == NULL)
    return NULL;
  conn->server = server;
  slip_buf_init(&conn->inbox, server->settings.max_message_bytes);
  STAILQ_INIT(&conn->outbox);
  TAILQ_INSERT_TAIL(&server->conns, conn, place);
  return conn;
}

bool slip_http_conn_arrive(struct slip_http_server *server, struct lws *wsi) {
  struct slip_http_conn *conn = server->arriving;
  if (conn == NULL)
    return false;
  server->arriving = NULL;
  server->connection_count++;
  conn->wsi = wsi;
  lws_set_opaque_user_data(wsi, conn);
  return true;
}

static void take_off(struct slip_http_conn *conn) {
  if (conn->wsi == NULL)
    return;
  conn->server->connection_count--;
  lws_set_opaque_user_data(conn->wsi, NULL);
}

void slip_http_conn_gone(struct slip_http_conn *conn, bool is_told) {
  struct slip_http_server *server = conn->server;
  take_off(conn);
  TAILQ_REMOVE(&server->conns, conn, place);
  conn->is_open = false;
  conn->ending = SLIP_HTTP_DROPS; /* so that to end it from inside `closed` is harmless */
  if (is_told)
    server->handler->closed(server->owner, conn, conn->peer_code, slip_buf_span(&conn->peer_text));
  while (!STAILQ_EMPTY(&conn->outbox)) {
    struct slip_http_out *out = STAILQ_FIRST(&conn->outbox);
    STAILQ_REMOVE_HEAD(&conn->outbox, place);
    free(out);
  }
  slip_buf_clear(&conn->inbox);
  slip_buf_clear(&conn->peer_text);
  free(conn);
}

void slip_http_conn_set_user(struct slip_http_conn *conn, void *user) {
  conn->user = user;
}

void *slip_http_conn_user(const struct slip_http_conn *conn) {
  return conn->user;
}

enum slip_err slip_http_conn_send(struct slip_http_conn *conn, struct slip_span bytes,
                                  bool is_binary) {
  if (!conn->is_open || conn->ending != SLIP_HTTP_STAYS)
    return SLIP_ECLOSED;
  size_t room = conn->server->settings.max_queue_bytes;
  if (bytes.size > room || conn->outbox_bytes > room - bytes.size)
    return SLIP_EFULL;
  struct slip_http_out *out = malloc(sizeof *out + LWS_PRE + bytes.size);
  if (out == NULL)
    return SLIP_ENOMEM;
  out->size = bytes.size;
  out->is_binary = is_binary;
  if (bytes.size > 0)
    memcpy(out->bytes + LWS_PRE, bytes.at, bytes.size);
  STAILQ_INSERT_TAIL(&conn->outbox, out, place);
  conn->outbox_bytes += bytes.size;
  lws_callback_on_writable(conn->wsi); /* not at once: a pong that is due goes first */
  return SLIP_OK;
}

static bool write_first(struct slip_http_conn *conn) {
  struct slip_http_out *out = STAILQ_FIRST(&conn->outbox);
  STAILQ_REMOVE_HEAD(&conn->outbox, place);
  conn->outbox_bytes -= out->size;
  int sent = lws_write(conn->wsi, out->bytes + LWS_PRE, out->size,
                       out->is_binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
  free(out);
  return sent >= 0;
}

static int write_some(struct slip_http_conn *conn) {
  while (!STAILQ_EMPTY(&conn->outbox)) {
    if (lws_send_pipe_choked(conn->wsi)) {
      lws_callback_on_writable(conn->wsi);
      return 0;
    }
    if (!write_first(conn))
      return GONE;
  }
  return 0;
}

/*
 * Ends our half of TCP once all is written; libwebsockets keeps what the socket did not take. The
 * other half stays until the peer ends it, and what comes is passed over: a socket that is closed
 * with bytes unread is reset, and the peer may lose the close frame. Its own way to close would
 * wait for the peer's close frame first.
 */
static void end_half(struct slip_http_conn *conn) {
  if (lws_partial_buffered(conn->wsi))
    lws_callback_on_writable(conn->wsi);
  else
    shutdown(lws_get_socket_fd(conn->wsi), SHUT_WR);
}

/* All that is queued, the close frame, and the end. */
static void say_goodbye(struct slip_http_conn *conn) {
  conn->gone_by = uv_now(conn->server->loop) + SLIP_CLOSE_TIMEOUT_MSEC;
  while (!STAILQ_EMPTY(&conn->outbox))
    if (!write_first(conn))
      return;
  unsigned char frame[LWS_PRE + sizeof conn->goodbye];
  memcpy(frame + LWS_PRE, conn->goodbye, conn->goodbye_size);
  lws_write(conn->wsi, frame + LWS_PRE, conn->goodbye_size, LWS_WRITE_RAW);
  slip_buf_clear(&conn->inbox);
  end_half(conn);
}

/* What of an ending can be done now; inside a callback it is done on the way out. */
static void end(struct slip_http_conn *conn) {
  if (conn->is_busy)
    return;
  if (conn->ending == SLIP_HTTP_CLOSES)
    say_goodbye(conn);
  else
    lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

static void write_goodbye(struct slip_http_conn *conn, uint16_t code, struct slip_span text) {
  struct slip_span said = slip_ws_close_text(text);
  conn->goodbye[0] = CLOSE_OPCODE;
  conn->goodbye[1] = (uint8_t)(2 + said.size);
  conn->goodbye[2] = (uint8_t)(code >> 8);
  conn->goodbye[3] = (uint8_t)code;
  if (said.size > 0)
    memcpy(conn->goodbye + 4, said.at, said.size);
  conn->goodbye_size = 4 + said.size;
}

void slip_http_conn_close(struct slip_http_conn *conn, uint16_t code, struct slip_span text) {
  if (conn->ending != SLIP_HTTP_STAYS)
    return;
  conn->ending = conn->is_open ? SLIP_HTTP_CLOSES : SLIP_HTTP_DROPS;
  write_goodbye(conn, code, text);
  end(conn);
}

void slip_http_conn_drop(struct slip_http_conn *conn) {
  if (conn->ending == SLIP_HTTP_DROPS)
    return;
  conn->ending = SLIP_HTTP_DROPS;
  end(conn);
}

/* The kernel knows when the last byte came, a ping's too, of which libwebsockets tells nothing. */
static bool is_idle(const struct slip_http_conn *conn) {
  uint64_t timeout = conn->server->settings.idle_timeout_msec;
  struct tcp_info info = {0};
  socklen_t size = sizeof info;
  int fd = lws_get_socket_fd(conn->wsi);
  return timeout > 0 && conn->is_open && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
         info.tcpi_last_data_recv >= timeout;
}

void slip_http_conn_check_idle(struct slip_http_conn *conn) {
  if (conn->ending == SLIP_HTTP_STAYS && is_idle(conn))
    slip_http_conn_close(conn, CLOSE_NORMAL, (struct slip_span){0});
}

bool slip_http_conn_is_overdue(const struct slip_http_conn *conn) {
  return conn->ending == SLIP_HTTP_CLOSES && conn->gone_by > 0 &&
         uv_now(conn->server->loop) >= conn->gone_by;
}

/* Closes for what the peer sent. */
static void refuse(struct slip_http_conn *conn, uint16_t code, const char *why) {
  struct slip_http_server *server = conn->server;
  slip_http_conn_close(conn, code, (struct slip_span){0});
  server->handler->refused(server->owner, conn, code, slip_span_of(why));
}

static void refuse_size(struct slip_http_conn *conn, enum slip_err err) {
  if (err == SLIP_ETOOBIG)
    refuse(conn, CLOSE_TOO_BIG, "a message over max_message_bytes");
  else
    refuse(conn, CLOSE_SERVER_ERROR, "no memory for a message");
}

/* It hands messages over in pieces, small ones too. */
static void receive(struct slip_http_conn *conn, struct slip_span bytes) {
  struct slip_http_server *server = conn->server;
  bool is_binary = lws_frame_is_binary(conn->wsi) != 0;
  if (conn->ending != SLIP_HTTP_STAYS)
    return;
  enum slip_err err = slip_buf_append(&conn->inbox, bytes);
  if (err != SLIP_OK) {
    refuse_size(conn, err);
    return;
  }
  if (!lws_is_final_fragment(conn->wsi))
    return;
  struct slip_span whole = slip_buf_span(&conn->inbox);
  if (is_binary || slip_utf8_is_valid(whole))
    server->handler->message(server->owner, conn, whole, is_binary);
  else
    refuse(conn, CLOSE_BAD_TEXT, "text that is not UTF-8");
  slip_buf_clear(&conn->inbox);
}

static void keep_peer_code(struct slip_http_conn *conn, struct slip_span payload) {
  conn->peer_code = CLOSE_NO_STATUS;
  if (payload.size < 2)
    return;
  const unsigned char *code = (const unsigned char *)payload.at;
  conn->peer_code = (uint16_t)(code[0] << 8 | code[1]);
  (void)!slip_buf_append(&conn->peer_text, slip_span_skip(payload, 2)); /* else without a text */
}

/* The answer has the same code and no text, as Cowboy's. */
static void peer_closes(struct slip_http_conn *conn, struct slip_span payload) {
  conn->is_peer_done = true;
  keep_peer_code(conn, payload);
  if (conn->ending != SLIP_HTTP_STAYS)
    return;
  slip_http_conn_close(conn, conn->peer_code, (struct slip_span){0});
  if (payload.size < 2) { /* a close frame without a code is answered by one */
    conn->goodbye[1] = 0;
    conn->goodbye_size = 2;
  }
}

static void open_up(struct slip_http_conn *conn) {
  conn->is_open = true;
  conn->server->handler->opened(conn->server->owner, conn);
}

static int write_more(struct slip_http_conn *conn) {
  if (conn->gone_by == 0)
    return write_some(conn);
  end_half(conn);
  return 0;
}

/* What is to be done after a callback; non-zero ends TCP. */
static int settle(struct slip_http_conn *conn) {
  if (conn->ending == SLIP_HTTP_STAYS)
    return 0;
  if (conn->ending == SLIP_HTTP_CLOSES && conn->gone_by == 0)
    say_goodbye(conn);
  /* After a close frame of the peer nothing can come. */
  return conn->ending == SLIP_HTTP_DROPS || conn->is_peer_done ? GONE : 0;
}

int slip_http_conn_service(struct slip_http_conn *conn, enum lws_callback_reasons reason,
                           struct slip_span bytes) {
  int result = 0;
  conn->is_busy = true;
  switch ((int)reason) {
  case LWS_CALLBACK_ESTABLISHED:
    open_up(conn);
    break;
  case LWS_CALLBACK_RECEIVE:
    receive(conn, bytes);
    break;
  case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
    peer_closes(conn, bytes);
    break;
  case LWS_CALLBACK_SERVER_WRITEABLE:
    result = write_more(conn);
    break;
  default:
    break;
  }
  conn->is_busy = false;
  return result != 0 ? result : settle(conn);
}
