#ifndef SLIP_CORE_RACE_H
#define SLIP_CORE_RACE_H
/*
 * Race: which of a name's addresses to try, and when, so that one that does not answer costs a
 * quarter of a second and not the whole attempt (RFC 8305, Happy Eyeballs version 2).
 *
 * Pure; owns nothing. Addresses are known by their index in the resolver's answer. The first that
 * connects wins; the race is then over, and the caller ends the others.
 */
#include "core/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 8305 section 5, "Connection Attempt Delay". */
#define SLIP_RACE_DELAY_MSEC 250u

struct slip_race {
  uint8_t order[SLIP_RACE_MAX];
  uint8_t count;
  uint8_t started;
  uint8_t running;
  uint64_t next_at; /* when the next may start */
};

enum slip_race_step {
  SLIP_RACE_START, /* try `address`, and ask again */
  SLIP_RACE_WAIT,  /* ask again at `until`, or when an attempt failed */
  SLIP_RACE_LOST   /* all have failed */
};

struct slip_race_move {
  enum slip_race_step step;
  size_t address;
  uint64_t until; /* UINT64_MAX: only an attempt's outcome brings anything new */
};

/*
 * Puts the addresses in order: their families take turns, the first one's first, and within a
 * family the resolver's order stays (section 4). `families` tells each address's (AF_INET,
 * AF_INET6). Those behind the SLIP_RACE_MAX-th of the answer are left out.
 */
void slip_race_init(struct slip_race *race, const int *families, size_t count);
/* What to do at `now` (msec, any origin). */
struct slip_race_move slip_race_next(struct slip_race *race, uint64_t now);
/* An attempt that was started has failed: the next one may start at once. */
void slip_race_failed(struct slip_race *race);

#endif
