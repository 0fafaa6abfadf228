#include "net/poller.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* So many are told in a turn: the rest in the next one, after timers and other handles. */
#define TURN_MAX 1024
/* Urgent data, which nobody sends, would cut a read short of what is there behind it. */
#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET)

static void free_closed(struct slip_poller *poller) {
  while (!SLIST_EMPTY(&poller->closed)) {
    struct slip_socket *socket = SLIST_FIRST(&poller->closed);
    SLIST_REMOVE_HEAD(&poller->closed, next);
    free(socket);
  }
}

static void on_ready(uv_poll_t *poll, int status, int ready) {
  struct slip_poller *poller = poll->data;
  struct epoll_event events[TURN_MAX];
  (void)status, (void)ready;
  int count = epoll_wait(poller->fd, events, TURN_MAX, 0);
  poller->is_telling = true;
  for (int i = 0; i < count; i++) {
    struct slip_socket *socket = events[i].data.ptr;
    if (socket->fd >= 0)
      socket->ready(socket->owner, events[i].events);
  }
  poller->is_telling = false;
  free_closed(poller);
}

enum slip_err slip_poller_init(struct slip_poller *poller, uv_loop_t *loop) {
  *poller = (struct slip_poller){.fd = epoll_create1(EPOLL_CLOEXEC)};
  SLIST_INIT(&poller->closed);
  if (poller->fd < 0)
    return SLIP_EIO;
  if (uv_poll_init(loop, &poller->poll, poller->fd) != 0) {
    close(poller->fd);
    return SLIP_EIO;
  }
  poller->poll.data = poller;
  uv_poll_start(&poller->poll, UV_READABLE, on_ready);
  uv_unref((uv_handle_t *)&poller->poll);
  return SLIP_OK;
}

void slip_poller_close(struct slip_poller *poller, uv_close_cb closed) {
  uv_close((uv_handle_t *)&poller->poll, closed);
  close(poller->fd); /* uv_close has stopped polling it */
}

int slip_poller_add(struct slip_poller *poller, int fd, struct slip_socket **out) {
  struct slip_socket *socket = calloc(1, sizeof *socket);
  struct epoll_event event = {.events = EVENTS, .data.ptr = socket};
  if (socket == NULL || epoll_ctl(poller->fd, EPOLL_CTL_ADD, fd, &event) != 0) {
    int status = socket == NULL ? UV_ENOMEM : uv_translate_sys_error(errno);
    close(fd);
    free(socket);
    return status;
  }
  socket->fd = fd;
  if (poller->count++ == 0)
    uv_ref((uv_handle_t *)&poller->poll);
  *out = socket;
  return 0;
}

/* It is watched anew, and epoll tells at once of what is ready then. */
void slip_poller_again(struct slip_poller *poller, struct slip_socket *socket) {
  struct epoll_event event = {.events = EVENTS, .data.ptr = socket};
  (void)epoll_ctl(poller->fd, EPOLL_CTL_MOD, socket->fd, &event);
}

void slip_poller_remove(struct slip_poller *poller, struct slip_socket *socket) {
  /* Closing alone is not enough while a child that another thread forks has the descriptor, too. */
  (void)epoll_ctl(poller->fd, EPOLL_CTL_DEL, socket->fd, NULL);
  close(socket->fd);
  if (--poller->count == 0)
    uv_unref((uv_handle_t *)&poller->poll);
  socket->fd = -1;
  if (poller->is_telling)
    SLIST_INSERT_HEAD(&poller->closed, socket, next);
  else
    free(socket);
}
