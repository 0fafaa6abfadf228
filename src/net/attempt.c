#include "net/attempt.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

static int last_error(void) {
  return uv_translate_sys_error(errno);
}

/* Asked only where there is one: it is a system call. */
static int status_of(int fd, uint32_t events) {
  int error = 0;
  socklen_t size = sizeof error;
  if ((events & EPOLLERR) == 0)
    return 0;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
    return last_error();
  return uv_translate_sys_error(error);
}

static void on_ready(void *owner, uint32_t events) {
  struct slip_attempt *attempt = owner;
  attempt->status = status_of(attempt->socket->fd, events);
  /* Whose socket it will be must hear of what came with it. */
  if (attempt->status == 0 && (events & ~(uint32_t)EPOLLOUT) != 0)
    slip_poller_again(attempt->poller, attempt->socket);
  attempt->ended(attempt);
}

static socklen_t size_of(const struct sockaddr *address) {
  switch (address->sa_family) {
  case AF_UNIX:
    return sizeof(struct sockaddr_un);
  case AF_INET6:
    return sizeof(struct sockaddr_in6);
  default:
    return sizeof(struct sockaddr_in);
  }
}

/* The port is chosen when it connects, so that it need not be free towards all servers. */
static int bind_to(struct slip_attempt *attempt, int fd, const struct sockaddr *from) {
  const int on = 1;
  (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on); /* of IPv6, too */
  attempt->is_unbound = bind(fd, from, size_of(from)) != 0;
  return attempt->is_unbound ? last_error() : 0;
}

static int connect_to(struct slip_attempt *attempt, const struct sockaddr *to,
                      const struct sockaddr *from) {
  const int on = 1;
  int fd = attempt->socket->fd;
  if (to->sa_family != AF_UNIX) /* where it fails, all is only slower */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int status = from != NULL ? bind_to(attempt, fd, from) : 0;
  if (status == 0 && connect(fd, to, size_of(to)) != 0 && errno != EINPROGRESS)
    status = last_error();
  return status;
}

static int start(struct slip_attempt *attempt, const struct sockaddr *to,
                 const struct sockaddr *from) {
  int fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return last_error();
  /* First: without memory nobody shall be connected to. Epoll looks at it when it connects. */
  int status = slip_poller_add(attempt->poller, fd, &attempt->socket);
  if (status != 0)
    return status;
  attempt->socket->owner = attempt;
  attempt->socket->ready = on_ready;
  return connect_to(attempt, to, from);
}

struct slip_attempt *slip_attempt_start(struct slip_poller *poller, const struct sockaddr *to,
                                        const struct sockaddr *from,
                                        void (*ended)(struct slip_attempt *attempt)) {
  struct slip_attempt *attempt = calloc(1, sizeof *attempt);
  if (attempt == NULL)
    return NULL;
  attempt->poller = poller;
  attempt->ended = ended;
  attempt->status = start(attempt, to, from);
  return attempt;
}

struct slip_socket *slip_attempt_take(struct slip_attempt *attempt) {
  struct slip_socket *socket = attempt->socket;
  free(attempt);
  return socket;
}

void slip_attempt_drop(struct slip_attempt *attempt) {
  if (attempt->socket != NULL)
    slip_poller_remove(attempt->poller, attempt->socket);
  free(attempt);
}
