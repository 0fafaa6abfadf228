#ifndef SLIP_NET_GRACE_H
#define SLIP_NET_GRACE_H
/*
 * Grace: how long connections that close may wait for the peer. All wait equally long, so they
 * stand in line and one timer serves them all.
 *
 * Owns nothing: a `struct slip_grace` sits in what closes.
 */
#include <sys/queue.h>
#include <uv.h>

struct slip_grace {
  TAILQ_ENTRY(slip_grace) place;
  uint64_t deadline; /* by uv_now */
  void (*over)(struct slip_grace *grace);
};

struct slip_graces {
  uv_timer_t timer; /* active while one waits; the caller closes it */
  TAILQ_HEAD(, slip_grace) line;
  uint64_t length_msec;
};

void slip_graces_init(struct slip_graces *graces, uv_loop_t *loop, uint64_t length_msec);
/* Calls `over` when the time is up, unless `end` comes first. */
void slip_graces_begin(struct slip_graces *graces, struct slip_grace *grace);
/* Before `over` only: `over` has ended it already. */
void slip_graces_end(struct slip_graces *graces, struct slip_grace *grace);
/* The time is up for all of them: calls `over` for each. */
void slip_graces_cut(struct slip_graces *graces);

#endif
