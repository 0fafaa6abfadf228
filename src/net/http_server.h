#ifndef SLIP_NET_HTTP_SERVER_H
#define SLIP_NET_HTTP_SERVER_H
/*
 * Http_server: plain HTTP requests and WebSocket connections on one address; what they mean is
 * the owner's. It is for demos and tests: no TLS, no compression.
 *
 * On a borrowed libuv loop. HTTP is our own, WebSockets are libwebsockets', with what 4.1.6 does
 * not do mended here: close frames with any code, from any place, the end of TCP right behind them,
 * whole messages, bounded queues, an idle time-out that counts every byte of the peer.
 */
#include "core/http_request.h"

#include <stdint.h>
#include <uv.h>

struct slip_http_server; /* opaque */
struct slip_http_conn;   /* a connection, from its request on, opaque */

struct slip_http_settings {
  const char *host;        /* as slip_listener_open takes it */
  uint16_t port;           /* 0: a free one */
  const char *subprotocol; /* the one we answer to who offers some; at most 31 bytes */
  size_t max_message_bytes;
  size_t max_queue_bytes; /* what waits for one peer */
  /* So many WebSockets have room, and some requests besides, for the owner to refuse who comes
   * too many; beyond those a connection is cut. */
  unsigned max_connections;
  /* A WebSocket without a byte of the peer: close 1000. A request that is not whole in that time:
   * the end of TCP. 0: none */
  uint64_t idle_timeout_msec;
  const struct slip_http_handler *handler;
  void *owner; /* the handler's */
};

struct slip_http_handler {
  /*
   * Append a whole HTTP response to `answer` to refuse, and to answer a plain request, which lives
   * as long as this call; the connection is kept for further requests. Leave it empty to accept an
   * upgrade: only of a request that has a Sec-WebSocket-Key of at most 127 bytes and, if it offers
   * subprotocols, ours among them. Heads that are too long or no HTTP, and CONNECT, are answered
   * without asking.
   */
  void (*request)(void *owner, struct slip_http_conn *conn, const struct slip_http_request *request,
                  struct slip_buf *answer);
  void (*opened)(void *owner, struct slip_http_conn *conn);
  /* A whole message, borrowed until it returns. Text is UTF-8. */
  void (*message)(void *owner, struct slip_http_conn *conn, struct slip_span bytes, bool is_binary);
  /* The connection is closed with that code, for what the peer sent: `why` in words. `closed`
   * follows. */
  void (*refused)(void *owner, struct slip_http_conn *conn, uint16_t code, struct slip_span why);
  /* Once per request that was not answered, be it dropped from inside of `request`; `conn` is gone
   * when it returns. `code` is that of the peer's close frame, 1005 when it had none, also when
   * ours went first; 0: no such frame came. */
  void (*closed)(void *owner, struct slip_http_conn *conn, uint16_t code, struct slip_span text);
  /* Nobody can be taken at the moment, as slip_listener_settings has it; `why` in words. */
  void (*starved)(void *owner, struct slip_span why);
  /* The last: the server is freed when it returns. */
  void (*stopped)(void *owner);
};

/* Listens. SLIP_EINVAL: no such host, or a long subprotocol. SLIP_EIO: *fault in words, static.
 * SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_http_server_open(uv_loop_t *loop,
                                                 const struct slip_http_settings *settings,
                                                 const char **fault, struct slip_http_server **out);
uint16_t slip_http_server_port(const struct slip_http_server *server);
/* Listens no more and closes when the last connection is gone, at the latest after
 * SLIP_CLOSE_TIMEOUT_MSEC. */
void slip_http_server_stop(struct slip_http_server *server);
/* Drops all connections, without close frames, and frees itself in later turns. NULL is fine. */
void slip_http_server_close(struct slip_http_server *server);

/* The owner's own pointer with a connection. */
void slip_http_conn_set_user(struct slip_http_conn *conn, void *user);
void *slip_http_conn_user(const struct slip_http_conn *conn);
/* Queues a message. SLIP_EFULL: the peer does not read. SLIP_ECLOSED: not open yet, or closing.
 * SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_http_conn_send(struct slip_http_conn *conn, struct slip_span bytes,
                                               bool is_binary);
/*
 * Sends what is queued, the close frame, and our end of TCP behind it, as Cowboy does. Nothing is
 * received any more; `closed` follows when the peer ends too, at the latest after
 * SLIP_CLOSE_TIMEOUT_MSEC. `text` is cut to 123 bytes.
 */
void slip_http_conn_close(struct slip_http_conn *conn, uint16_t code, struct slip_span text);
/* Ends TCP at once, without a close frame; `closed` may come from inside this call. */
void slip_http_conn_drop(struct slip_http_conn *conn);

#endif
