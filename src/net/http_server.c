#include "net/http_private.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum {
  READ_SIZE = 64 * 1024,
  PIECE_SIZE = 4 * 1024, /* of a message: each connection has a buffer for one, READ_SIZE if 0 */
  TICKS_PER_TIMEOUT = 10,
  TICK_MAX_MSEC = 1000,
  STOP_TICK_MSEC = 10,
  CLOSING_TURNS = 3
};

/* Every callback of libwebsockets ends up here: of the context and of WebSockets. */
static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size) {
  struct lws_context *context = wsi == NULL ? NULL : lws_get_context(wsi);
  struct slip_http_server *server = context == NULL ? NULL : lws_context_user(context);
  struct slip_http_conn *conn = server == NULL ? NULL : lws_get_opaque_user_data(wsi);
  (void)user;
  switch ((int)reason) {
  case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
    return slip_http_conn_arrive(server, wsi) ? 0 : -1;
  case LWS_CALLBACK_CLOSED:
  case LWS_CALLBACK_WSI_DESTROY: /* alone, when an accepted upgrade went wrong */
    if (conn != NULL)
      slip_http_conn_gone(conn, true);
    return 0;
  default:
    return conn == NULL ? 0 : slip_http_conn_service(conn, reason, (struct slip_span){in, size});
  }
}

static struct slip_http_conn *find_overdue(struct slip_http_server *server) {
  struct slip_http_conn *conn;
  TAILQ_FOREACH(conn, &server->conns, place) {
    if (slip_http_conn_is_overdue(conn))
      return conn;
  }
  return NULL;
}

static void tick(uv_timer_t *timer) {
  struct slip_http_server *server = timer->data;
  struct slip_http_conn *conn;
  slip_http_entry_sweep(server, false);
  TAILQ_FOREACH(conn, &server->conns, place) {
    slip_http_conn_check_idle(conn);
  }
  /* From the beginning each time: the owner, hearing of one end, may bring about others. */
  while ((conn = find_overdue(server)) != NULL)
    slip_http_conn_drop(conn);
  if (server->stop_by == 0)
    return;
  if (TAILQ_EMPTY(&server->conns) || uv_now(server->loop) >= server->stop_by)
    slip_http_server_close(server);
}

static void accepted(void *owner, int fd) {
  slip_http_entry_open(owner, fd);
}

static void starved(void *owner, const char *why) {
  struct slip_http_server *server = owner;
  server->handler->starved(server->owner, slip_span_of(why));
}

static void note_poll(uv_handle_t *handle, void *fd) {
  if (handle->type == UV_POLL)
    uv_fileno(handle, fd);
}

/*
 * libwebsockets 4.1.6 closes the descriptor that wakes it twice, some turns apart, and in between
 * it may have become somebody else's. It is the last that its making put on the loop.
 */
static int find_wake_fd(struct slip_http_server *server) {
  uv_os_fd_t fd = -1;
  uv_walk(server->loop, note_poll, &fd);
  return fd;
}

/* Puts something worthless where the second close will strike. */
static void shield_wake_fd(struct slip_http_server *server) {
  if (server->wake_fd < 0 || fcntl(server->wake_fd, F_GETFD) >= 0)
    return; /* it was not closed yet: once is enough */
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fd == server->wake_fd)
    return;
  dup3(fd, server->wake_fd, O_CLOEXEC);
  close(fd);
}

/* libwebsockets keeps its log level and its plug-ins for the whole process, unguarded: one thread
 * at a time makes a context. */
/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

static struct lws_context *make_context(const struct lws_context_creation_info *info) {
  pthread_mutex_lock(&making);
  lws_set_log_level(0, NULL); /* it writes to stderr by itself */
  struct lws_context *context = lws_create_context(info);
  pthread_mutex_unlock(&making);
  return context;
}

static bool open_context(struct slip_http_server *server) {
  struct lws_context_creation_info info = {0};
  void *loops[] = {server->loop};
  info.port = CONTEXT_PORT_NO_LISTEN_SERVER; /* we listen ourselves */
  info.protocols = server->protocols;
  info.foreign_loops = loops;
  info.options =
      LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DISABLE_IPV6;
  info.pt_serv_buf_size = READ_SIZE;
  /* Else its table of sockets is as large as ulimit -n, and walked at each close. */
  info.fd_limit_per_thread = server->settings.max_connections + SLIP_HTTP_REQUESTS;
  info.user = server;
  server->context = make_context(&info);
  if (server->context == NULL)
    return false;
  server->wake_fd = find_wake_fd(server);
  server->vhost = lws_create_vhost(server->context, &info);
  return server->vhost != NULL;
}

static void start_ticking(struct slip_http_server *server) {
  uint64_t period = server->settings.idle_timeout_msec / TICKS_PER_TIMEOUT;
  if (period == 0 || period > TICK_MAX_MSEC)
    period = TICK_MAX_MSEC;
  uv_timer_start(&server->ticker, tick, period, period);
}

/* Zeroed but for what it was asked for. NULL without memory. */
static struct slip_http_server *make_server(uv_loop_t *loop,
                                            const struct slip_http_settings *settings) {
  struct slip_http_server *server = calloc(1, sizeof *server);
  if (server == NULL)
    return NULL;
  server->loop = loop;
  server->settings = *settings;
  memcpy(server->subprotocol, settings->subprotocol, strlen(settings->subprotocol));
  server->protocols[0].name = server->subprotocol;
  server->protocols[0].callback = on_event;
  server->protocols[0].rx_buffer_size = PIECE_SIZE;
  server->handler = settings->handler;
  server->owner = settings->owner;
  server->wake_fd = -1;
  TAILQ_INIT(&server->entries);
  TAILQ_INIT(&server->conns);
  return server;
}

static enum slip_err listen_on(struct slip_http_server *server, const char **fault) {
  struct slip_listener_settings settings = {.host = server->settings.host,
                                            .port = server->settings.port,
                                            .accepted = accepted,
                                            .starved = starved,
                                            .owner = server};
  return slip_listener_open(server->loop, &settings, fault, &server->listener);
}

enum slip_err slip_http_server_open(uv_loop_t *loop, const struct slip_http_settings *settings,
                                    const char **fault, struct slip_http_server **out) {
  if (strlen(settings->subprotocol) >= SLIP_HTTP_SUBPROTOCOL_ROOM)
    return SLIP_EINVAL;
  struct slip_http_server *server = make_server(loop, settings);
  if (server == NULL)
    return SLIP_ENOMEM;
  enum slip_err err = listen_on(server, fault);
  if (err != SLIP_OK) {
    free(server);
    return err;
  }
  uv_timer_init(loop, &server->ticker);
  server->ticker.data = server;
  if (!open_context(server)) {
    *fault = "libwebsockets does not start (is libwebsockets-evlib-uv installed?)";
    server->handler = NULL; /* it never was open: nobody hears of its end */
    slip_http_server_close(server);
    return SLIP_EIO;
  }
  start_ticking(server);
  *out = server;
  return SLIP_OK;
}

uint16_t slip_http_server_port(const struct slip_http_server *server) {
  return slip_listener_port(server->listener);
}

static void unlisten(struct slip_http_server *server) {
  slip_listener_close(server->listener);
  server->listener = NULL;
}

void slip_http_server_stop(struct slip_http_server *server) {
  if (server->stop_by != 0 || server->is_closing)
    return;
  unlisten(server);
  server->stop_by = uv_now(server->loop) + SLIP_CLOSE_TIMEOUT_MSEC;
  uv_timer_start(&server->ticker, tick, 0, STOP_TICK_MSEC);
}

/*
 * libwebsockets' handles close in the first turn and what their ends close in the next, so its
 * memory may go only some turns later. A handle that closes again and again counts them, with
 * nothing but closing handles left on the loop: this works in the last breath of a Lua state, too.
 */
static void count_turn(uv_handle_t *handle) {
  struct slip_http_server *server = handle->data;
  if (server->turns_to_go-- > 0) {
    uv_timer_init(server->loop, &server->ticker);
    uv_close((uv_handle_t *)&server->ticker, count_turn);
    return;
  }
  if (server->context != NULL)
    lws_context_destroy(server->context); /* the second time */
  if (server->handler != NULL)
    server->handler->stopped(server->owner);
  free(server);
}

static void close_now(uv_timer_t *timer) {
  struct slip_http_server *server = timer->data;
  slip_http_entry_sweep(server, true);
  if (server->context != NULL) {
    lws_context_destroy(server->context);
    shield_wake_fd(server);
  }
  server->turns_to_go = CLOSING_TURNS;
  uv_close((uv_handle_t *)timer, count_turn);
}

void slip_http_server_close(struct slip_http_server *server) {
  if (server == NULL || server->is_closing)
    return;
  server->is_closing = true;
  unlisten(server);
  /* Later: a context must not end inside one of its callbacks. */
  uv_timer_start(&server->ticker, close_now, 0, 0);
}
