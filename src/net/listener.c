#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, ACCEPTS_PER_TURN = 64, REST_MSEC = 100 };

struct slip_listener {
  uv_poll_t poll;
  uv_timer_t rest; /* runs while there are no descriptors to accept with */
  unsigned handle_count;
  int fd;
  bool is_starved;
  void (*accepted)(void *owner, int fd);
  void (*starved)(void *owner, const char *why);
  void *owner;
};

struct address {
  struct sockaddr_storage at;
  socklen_t size;
};

static bool read_address(const char *host, uint16_t port, struct address *out) {
  if (strcmp(host, "localhost") == 0)
    host = "127.0.0.1";
  memset(out, 0, sizeof *out);
  out->size = sizeof(struct sockaddr_in);
  if (uv_ip4_addr(host, port, (struct sockaddr_in *)&out->at) == 0)
    return true;
  out->size = sizeof(struct sockaddr_in6);
  return uv_ip6_addr(host, port, (struct sockaddr_in6 *)&out->at) == 0;
}

static bool listen_on(int fd, const struct address *address) {
  int yes = 1;
  return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
         bind(fd, (const struct sockaddr *)&address->at, address->size) == 0 &&
         listen(fd, BACKLOG) == 0;
}

static void accept_some(uv_poll_t *poll, int status, int events);

static void resume(uv_timer_t *rest) {
  struct slip_listener *listener = rest->data;
  uv_poll_start(&listener->poll, UV_READABLE, accept_some);
}

static const char *explain(int fault) {
  if (fault == EMFILE)
    return "no more files may be open; raise the limit (ulimit -n, LimitNOFILE)";
  return uv_strerror(uv_translate_sys_error(fault));
}

/* Without descriptors the socket stays readable, and polling it would only burn the processor. */
static void take_a_rest(struct slip_listener *listener, int fault) {
  uv_poll_stop(&listener->poll);
  uv_timer_start(&listener->rest, resume, REST_MSEC, 0);
  bool is_news = !listener->is_starved && listener->starved != NULL;
  listener->is_starved = true;
  if (is_news)
    listener->starved(listener->owner, explain(fault)); /* last: the owner may close us */
}

static bool is_want(int fault) {
  return fault == EMFILE || fault == ENFILE || fault == ENOBUFS || fault == ENOMEM;
}

/* A full turn of accepts, no more: a storm of dials must not starve those who are in. */
static void accept_some(uv_poll_t *poll, int status, int events) {
  struct slip_listener *listener = poll->data;
  (void)events;
  for (int i = 0; status == 0 && i < ACCEPTS_PER_TURN; i++) {
    if (uv_is_closing((uv_handle_t *)poll))
      return; /* closed by the owner, from inside */
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && is_want(errno))
      take_a_rest(listener, errno);
    if (fd < 0)
      return;
    listener->is_starved = false;
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    listener->accepted(listener->owner, fd);
  }
}

enum slip_err slip_listener_open(uv_loop_t *loop, const struct slip_listener_settings *settings,
                                 const char **fault, struct slip_listener **out) {
  struct address address;
  if (!read_address(settings->host, settings->port, &address))
    return SLIP_EINVAL;
  struct slip_listener *listener = calloc(1, sizeof *listener);
  if (listener == NULL)
    return SLIP_ENOMEM;
  listener->accepted = settings->accepted;
  listener->starved = settings->starved;
  listener->owner = settings->owner;
  listener->fd = socket(address.at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener->fd < 0 || !listen_on(listener->fd, &address))
    goto fail;
  if (uv_poll_init(loop, &listener->poll, listener->fd) != 0)
    goto fail;
  uv_timer_init(loop, &listener->rest);
  listener->handle_count = 2;
  listener->poll.data = listener->rest.data = listener;
  uv_poll_start(&listener->poll, UV_READABLE, accept_some);
  *out = listener;
  return SLIP_OK;
fail:
  *fault = uv_strerror(uv_translate_sys_error(errno));
  if (listener->fd >= 0)
    close(listener->fd);
  free(listener);
  return SLIP_EIO;
}

uint16_t slip_listener_port(const struct slip_listener *listener) {
  union {
    struct sockaddr_in6 six; /* the larger first: all of it is zeroed */
    struct sockaddr_in four;
  } at = {0};
  socklen_t size = sizeof at;
  if (getsockname(listener->fd, (struct sockaddr *)&at, &size) != 0)
    return 0;
  return ntohs(at.six.sin6_family == AF_INET6 ? at.six.sin6_port : at.four.sin_port);
}

static void gone(uv_handle_t *handle) {
  struct slip_listener *listener = handle->data;
  if (--listener->handle_count == 0)
    free(listener);
}

void slip_listener_close(struct slip_listener *listener) {
  if (listener == NULL)
    return;
  uv_close((uv_handle_t *)&listener->poll, gone);
  uv_close((uv_handle_t *)&listener->rest, gone);
  close(listener->fd); /* uv_close has stopped polling it */
}
