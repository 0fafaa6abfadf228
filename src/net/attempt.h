#ifndef SLIP_NET_ATTEMPT_H
#define SLIP_NET_ATTEMPT_H
/*
 * Attempt: one try to connect, to one address or unix socket.
 *
 * It ends by `take` or `drop`, one of which is owed and which frees it.
 */
#include "net/poller.h"

struct slip_attempt {
  struct slip_poller *poller;
  struct slip_socket *socket; /* owned until it is taken; NULL when there is none */
  int status;                 /* libuv's code when it has failed, else 0 */
  bool is_unbound;            /* it has failed because the address to come from is not to be had */
  uint8_t number;             /* the owner's own, as are the next two */
  LIST_ENTRY(slip_attempt) next;
  void *owner;
  void (*ended)(struct slip_attempt *attempt); /* it is connected, or `status` says why not */
};

/*
 * Starts; `ended` is called later. `from` is of `to`'s family, or NULL: the system chooses. Where
 * it fails at once, `status` says so and `ended` is not called. NULL: no memory.
 */
struct slip_attempt *slip_attempt_start(struct slip_poller *poller, const struct sockaddr *to,
                                        const struct sockaddr *from,
                                        void (*ended)(struct slip_attempt *attempt));
/* The connected socket, from here on the caller's: what is ready is told in the next turn. */
struct slip_socket *slip_attempt_take(struct slip_attempt *attempt);
/* At any time, also from inside `ended`, which is not called any more. */
void slip_attempt_drop(struct slip_attempt *attempt);

#endif
