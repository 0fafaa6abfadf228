#ifndef SLIP_NET_HTTP_PRIVATE_H
#define SLIP_NET_HTTP_PRIVATE_H
/*
 * Http_private: what the files of http_server share. HTTP is ours, in http_entry: a connection
 * enters there, and goes to libwebsockets with an upgrade that was accepted. One context a server;
 * a connection hangs on its wsi as opaque user data from then on.
 */
#include "core/limits.h"
#include "core/utf8.h"
#include "net/http_server.h"
#include "net/listener.h"

#include <libwebsockets.h>
#include <sys/queue.h>

enum {
  SLIP_HTTP_SUBPROTOCOL_ROOM = 32, /* with its NUL */
  SLIP_HTTP_REQUESTS = 64          /* that have room besides max_connections */
};

struct slip_http_entry; /* a connection that is no WebSocket yet */
struct slip_http_out;   /* a message that waits to be sent */

/* How a connection ends on our side. */
enum slip_http_ending { SLIP_HTTP_STAYS, SLIP_HTTP_CLOSES, SLIP_HTTP_DROPS };

struct slip_http_conn {
  struct slip_http_server *server;
  struct lws *wsi; /* NULL: its request is being decided about */
  void *user;
  TAILQ_ENTRY(slip_http_conn) place;
  bool is_open;
  bool is_busy; /* a callback of its wsi runs: it cannot be freed now, and ends on the way out */
  bool is_peer_done; /* its close frame came */
  enum slip_http_ending ending;
  uint64_t gone_by; /* our close frame went; the peer must end TCP until then. 0: it did not */
  uint8_t goodbye[2 + 125]; /* the close frame of CLOSES */
  size_t goodbye_size;
  uint16_t peer_code;
  struct slip_buf peer_text;
  struct slip_buf inbox; /* the fragments so far */
  STAILQ_HEAD(, slip_http_out) outbox;
  size_t outbox_bytes;
};

struct slip_http_server {
  struct slip_http_settings settings;
  const struct slip_http_handler *handler;
  void *owner;
  uv_loop_t *loop;
  char subprotocol[SLIP_HTTP_SUBPROTOCOL_ROOM];
  struct lws_protocols protocols[2];
  struct lws_context *context;
  struct lws_vhost *vhost;
  struct slip_listener *listener;
  TAILQ_HEAD(, slip_http_entry) entries;
  TAILQ_HEAD(, slip_http_conn) conns;
  size_t connection_count;         /* of both, each once */
  struct slip_http_conn *arriving; /* libwebsockets makes its wsi; NULL: none */
  uv_timer_t ticker;
  bool is_closing;
  uint64_t stop_by; /* 0: not stopping */
  int wake_fd;      /* libwebsockets' own, or -1 */
  int turns_to_go;  /* of the loop, until libuv has let go of what libwebsockets closed */
};

/* Reads requests from the socket, which is its own; drops it without memory or room. */
void slip_http_entry_open(struct slip_http_server *server, int fd);
/* Drops those whose peers were too slow, or all; tells nobody. */
void slip_http_entry_sweep(struct slip_http_server *server, bool is_end);
/* NULL without memory. */
struct slip_http_conn *slip_http_conn_new(struct slip_http_server *server);
/* Hangs the one that is arriving on its wsi. False: it is late, for want of memory, and was given
 * up. */
bool slip_http_conn_arrive(struct slip_http_server *server, struct lws *wsi);
/* Takes it off its wsi and frees it; is_told: the owner hears `closed`, which is due unless it has
 * answered. */
void slip_http_conn_gone(struct slip_http_conn *conn, bool is_told);
/* libwebsockets' callbacks for an open connection: non-zero ends TCP. */
int slip_http_conn_service(struct slip_http_conn *conn, enum lws_callback_reasons reason,
                           struct slip_span bytes);
/* Closes 1000 when the peer has been silent for the time-out; frees nothing yet. */
void slip_http_conn_check_idle(struct slip_http_conn *conn);
/* Whether the peer has not ended in time after our close frame. */
bool slip_http_conn_is_overdue(const struct slip_http_conn *conn);

#endif
