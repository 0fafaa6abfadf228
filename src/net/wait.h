#ifndef SLIP_NET_WAIT_H
#define SLIP_NET_WAIT_H
/*
 * Wait: time-outs of many that all wait equally long, so that they stand in line and one timer
 * serves them all.
 *
 * Owns nothing: a `struct slip_wait` sits in what waits.
 */
#include <sys/queue.h>
#include <uv.h>

struct slip_wait {
  TAILQ_ENTRY(slip_wait) place;
  uint64_t deadline; /* by uv_now */
  void (*over)(struct slip_wait *wait);
};

struct slip_waits {
  uv_timer_t timer; /* active while one waits; the caller closes it */
  TAILQ_HEAD(, slip_wait) line;
  uint64_t length_msec;
};

void slip_waits_init(struct slip_waits *waits, uv_loop_t *loop, uint64_t length_msec);
/* Calls `over` when the time is up, unless `end` comes first. */
void slip_waits_begin(struct slip_waits *waits, struct slip_wait *wait);
/* Before `over` only: `over` has ended it already. */
void slip_waits_end(struct slip_waits *waits, struct slip_wait *wait);
/* The time is up for all of them: calls `over` for each. */
void slip_waits_cut(struct slip_waits *waits);

#endif
