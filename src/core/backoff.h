#ifndef SLIP_CORE_BACKOFF_H
#define SLIP_CORE_BACKOFF_H
/*
 * Backoff: how long to wait before the next attempt, from a table of steps.
 *
 * Pure; owns nothing. Luck comes in, a number goes out.
 */
#include "core/limits.h"

#include <stddef.h>
#include <stdint.h>

struct slip_backoff {
  uint32_t steps[SLIP_BACKOFF_STEPS_MAX]; /* msec; the last repeats */
  size_t count;                           /* at least 1 */
  uint16_t jitter; /* thousandths of each wait that are random: 0 none, 1000 all */
  uint32_t spread; /* msec: the random part is at least that wide, unless jitter is 0 */
};

/*
 * The wait in msec before attempt number `attempt` (0 is the first after a failure). `luck` is any
 * random word. The wait begins at step × (1 − jitter) and ends at step, or `spread` later than it
 * began where that is more: what was lost together must not come back together after a short step
 * either. Never under 1 msec, even where the step is 0: who tries again at once without end must
 * let others have their turn.
 */
uint32_t slip_backoff_wait(const struct slip_backoff *b, unsigned attempt, uint32_t luck);
/* The `attempt` whose step is the longest. */
unsigned slip_backoff_longest(const struct slip_backoff *b);

#endif
