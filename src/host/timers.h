#ifndef SLIP_HOST_TIMERS_H
#define SLIP_HOST_TIMERS_H
/*
 * Timers: a heap of deadlines. It keeps no clock: whoever owns it says what time it is.
 *
 * Pure. Timers are embedded in what they belong to and borrowed while set. Setting and clearing is
 * O(log n).
 */
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slip_timer {
  uint64_t deadline; /* msec */
  uint32_t order;    /* among those of the same deadline: the first that was set is the first */
  uint32_t place;    /* in the heap, from 1; 0: not set */
  void (*due)(struct slip_timer *timer);
};

struct slip_timers {
  struct slip_timer **heap;
  size_t count;
  size_t room;
  uint32_t sets; /* so many were set; wraps */
};

void slip_timers_init(struct slip_timers *t);
void slip_timers_clear(struct slip_timers *t); /* forgets all; frees only the heap */
/* Sets or moves a timer. SLIP_ENOMEM: it is not set. */
SLIP_CHECKED enum slip_err slip_timers_set(struct slip_timers *t, struct slip_timer *timer,
                                           uint64_t deadline);
void slip_timers_unset(struct slip_timers *t, struct slip_timer *timer);
/* Unsets and gives the earliest timer that is due by `now`; NULL when none is. */
struct slip_timer *slip_timers_take_due(struct slip_timers *t, uint64_t now);
/* The earliest deadline; UINT64_MAX when none is set. */
uint64_t slip_timers_deadline(const struct slip_timers *t);

#endif
