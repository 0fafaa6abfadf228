#ifndef SLIP_HOST_LOOP_H
#define SLIP_HOST_LOOP_H
/*
 * Loop: what all clients of one host share: the clock, the timers, the network, the luck, and the
 * marks of those that have something to do or to send, worked off once per turn.
 *
 * Two kinds: on a libuv loop (borrowed) with the real network, or pretended: the clock moves by
 * `advance` and the network is memory. One loop, one thread.
 */
#include "core/luck.h"
#include "host/configs.h"
#include "host/marks.h"
#include "host/meter.h"
#include "host/tally.h"
#include "host/timers.h"
#include "host/turnstile.h"
#include "net/dial.h"
#include "net/memory.h"

#include <uv.h>

struct slip_loop; /* opaque */

/* SLIP_ENOMEM, SLIP_EIO. The caller closes it. */
SLIP_CHECKED enum slip_err slip_loop_open(uv_loop_t *uv, struct slip_loop **out);
/* A pretended loop whose clock begins at 1,000 msec and whose luck is drawn from `seed`. */
SLIP_CHECKED enum slip_err slip_loop_pretend(uint32_t seed, struct slip_loop **out);
/*
 * Every client must have been closed and every mark unset; timers are forgotten at once. On libuv
 * it frees itself in later turns. NULL is fine.
 */
void slip_loop_close(struct slip_loop *loop);

/* libuv reads the clock once a turn. */
uint64_t slip_loop_now(const struct slip_loop *loop);
/* Reads it anew: what the turn took so far is not taken off a wait that begins now. */
uint64_t slip_loop_read_clock(struct slip_loop *loop);
/* The seconds since 1970; a pretended loop began 2026. */
int64_t slip_loop_calendar(const struct slip_loop *loop);
struct slip_net *slip_loop_net(struct slip_loop *loop);
/* Whom clients ask before they dial, so that a start or an outage of many is no storm. */
struct slip_turnstile *slip_loop_turnstile(struct slip_loop *loop);
/* Where clients have their configs from. */
struct slip_configs *slip_loop_configs(struct slip_loop *loop);
/* What clients that are gone have done: they add it. */
struct slip_tally *slip_loop_tally(struct slip_loop *loop);
/* What happens is noted there from now on; borrowed. NULL, at first: nowhere. */
void slip_loop_set_meter(struct slip_loop *loop, struct slip_meter *meter);
struct slip_meter *slip_loop_meter(const struct slip_loop *loop);
/* The pool, topped up: ask for it before each call into a session. */
struct slip_luck *slip_loop_luck(struct slip_loop *loop);
/* A set timer keeps libuv's loop alive. SLIP_ENOMEM: not set, which can't happen to one that only
 * moves. */
SLIP_CHECKED enum slip_err slip_loop_set_timer(struct slip_loop *loop, struct slip_timer *timer,
                                               uint64_t deadline);
void slip_loop_unset_timer(struct slip_loop *loop, struct slip_timer *timer);

/* Lets the work of `mark` be done later in this turn, before the loop sleeps. */
void slip_loop_mark(struct slip_loop *loop, struct slip_mark *mark);
void slip_loop_unmark(struct slip_loop *loop, struct slip_mark *mark);

/* Pretended loops only: works off what is marked, moves the clock to each deadline on the way, and
 * works off again. False: there was no end of work at some moment, where the clock stands now. */
bool slip_loop_advance(struct slip_loop *loop, uint64_t msec);
/* The earliest deadline; UINT64_MAX: nothing will happen by itself. */
uint64_t slip_loop_deadline(const struct slip_loop *loop);
/* Pretended loops only, else NULL. */
struct slip_memory *slip_loop_memory(struct slip_loop *loop);

#endif
