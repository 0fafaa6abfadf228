#ifndef SLIP_NET_LATER_H
#define SLIP_NET_LATER_H
/*
 * Later: calls that are put off until the owner's call has returned: the loop makes them in its
 * next turn, in order.
 *
 * Owns nothing: a `struct slip_later` sits in the struct that waits and must stay where it is until
 * it was called or cancelled. It may be freed from inside its call.
 */
#include <sys/queue.h>
#include <uv.h>

struct slip_later {
  TAILQ_ENTRY(slip_later) place;
  void (*call)(struct slip_later *later);
};

struct slip_laters {
  uv_idle_t
      idle; /* active while one waits, so that the loop does not sleep; the caller closes it */
  TAILQ_HEAD(, slip_later) queue;
};

void slip_laters_init(struct slip_laters *laters, uv_loop_t *loop);
void slip_laters_put(struct slip_laters *laters, struct slip_later *later);
void slip_laters_cancel(struct slip_laters *laters, struct slip_later *later);

#endif
