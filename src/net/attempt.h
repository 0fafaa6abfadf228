#ifndef SLIP_NET_ATTEMPT_H
#define SLIP_NET_ATTEMPT_H
/*
 * Attempt: one try to connect, to one address or unix socket.
 *
 * It ends by `take` or `drop`, one of which is owed, and frees itself when the loop has let go.
 */
#include <stdbool.h>
#include <uv.h>

struct slip_attempt {
  uv_connect_t request;
  uv_stream_t *handle; /* a uv_tcp_t or uv_pipe_t on the heap; owned until it is taken */
  int status;          /* libuv's code when it has failed, else 0 */
  size_t number;       /* the owner's own, as is the next */
  bool is_unbound;     /* it has failed because the address to come from is not to be had */
  void *owner;
  void (*ended)(struct slip_attempt *attempt); /* it is connected, or `status` says why not */
};

/*
 * Starts; `ended` is called later. `from` is of `to`'s family, or NULL: the system chooses. Where
 * it fails at once, `status` says so and `ended` is not called. NULL: no memory.
 */
struct slip_attempt *slip_attempt_start(uv_loop_t *loop, const struct sockaddr *to,
                                        const struct sockaddr *from,
                                        void (*ended)(struct slip_attempt *attempt));
/* The connected handle, from here on the caller's. */
uv_stream_t *slip_attempt_take(struct slip_attempt *attempt);
/* At any time, also from inside `ended`, which is not called any more. */
void slip_attempt_drop(struct slip_attempt *attempt);

#endif
