#ifndef SLIP_CORE_BREAKER_H
#define SLIP_CORE_BREAKER_H
/*
 * Breaker: notices a connection that flaps: one that comes about again and again and is lost at
 * once, so that the back-off, which counts attempts that fail, would not slow it down enough.
 *
 * It opens at the tenth drop within 60 s, where a drop is a loss within 5 s of connecting, and
 * closes when a connection was stable.
 *
 * Pure; owns nothing. All zero is a closed one.
 */
#include <stdbool.h>
#include <stdint.h>

#define SLIP_BREAKER_DROPS 10u
#define SLIP_BREAKER_WINDOW_MSEC 60000u
#define SLIP_BREAKER_DROP_MSEC 5000u

struct slip_breaker {
  uint32_t drops[SLIP_BREAKER_DROPS]; /* when, a ring, in msec that wrap after 49 days: at worst a
                                         drop of then counts once more */
  uint8_t count;
  uint8_t next; /* the oldest, when the ring is full */
  bool is_open;
};

/* A connection was lost at `now` (msec) that had been up for `uptime_msec`; `is_stable`: long
 * enough by what the config says. */
void slip_breaker_add(struct slip_breaker *b, uint64_t now, uint64_t uptime_msec, bool is_stable);
/* While it is open the next wait is the longest that there is. */
static inline bool slip_breaker_is_open(const struct slip_breaker *b) {
  return b->is_open;
}

#endif
