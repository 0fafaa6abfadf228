#ifndef SLIP_NET_POLLER_H
#define SLIP_NET_POLLER_H
/*
 * Poller: watches many sockets through one handle of the loop: an epoll set of its own. A socket
 * costs 32 bytes, a tenth of a stream of libuv's, and one system call to watch it.
 *
 * It is edge-triggered: what is ready is told once, and again only when more has become ready. So
 * who is told reads until there is nothing, and writes until nothing is taken, or asks for `again`.
 *
 * The loop stays alive while there is a socket.
 */
#include "core/err.h"

#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <uv.h>

/* On the heap; owns its descriptor. */
struct slip_socket {
  int fd; /* -1: it is closed */
  /* `events` are epoll's. May close any socket. Who takes the socket over puts its own here. */
  void (*ready)(void *owner, uint32_t events);
  union {
    void *owner;
    SLIST_ENTRY(slip_socket) next; /* when it is closed */
  };
};

struct slip_poller {
  uv_poll_t poll; /* the caller closes it with `slip_poller_close` */
  int fd;
  size_t count; /* how many sockets there are */
  bool is_telling;
  SLIST_HEAD(, slip_socket) closed; /* while it tells: those that it may yet come across */
};

/* SLIP_EIO: no file descriptor is left. */
SLIP_CHECKED enum slip_err slip_poller_init(struct slip_poller *poller, uv_loop_t *loop);
/* When there is no socket any more. */
void slip_poller_close(struct slip_poller *poller, uv_close_cb closed);

/* Watches `fd`, which must not block and is closed also when that fails. Answers libuv's code. */
int slip_poller_add(struct slip_poller *poller, int fd, struct slip_socket **out);
/* Tells in the next turn what is ready, whether told already or not. */
void slip_poller_again(struct slip_poller *poller, struct slip_socket *socket);
/* Closes the descriptor; nothing more is told. */
void slip_poller_remove(struct slip_poller *poller, struct slip_socket *socket);

#endif
