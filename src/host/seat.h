#ifndef SLIP_HOST_SEAT_H
#define SLIP_HOST_SEAT_H
/*
 * Seat: a place of a team, or its lead's, on a libuv loop: parcels arrive from the loop, at most
 * SLIP_SEAT_TURN in a turn.
 *
 * The seat belongs to one thread, the loop's. It keeps the loop alive only while it is told to.
 */
#include "host/team.h"

#include <uv.h>

enum { SLIP_SEAT_TURN = 256 };

struct slip_seat; /* opaque */

/* Called once for each parcel, borrowed. May close the seat. */
struct slip_seat_handler {
  void (*arrive)(void *context, const struct slip_parcel *parcel);
  void *context;
};

/* SLIP_ENOMEM, SLIP_EIO. The caller closes it, before the team is freed. */
SLIP_CHECKED enum slip_err slip_seat_open(struct slip_team *team, int place, uv_loop_t *uv,
                                          struct slip_seat_handler handler, struct slip_seat **out);
/* Frees itself in a later turn; nothing arrives any more. NULL is fine. */
void slip_seat_close(struct slip_seat *seat);
/* Whether the loop shall live on for parcels to come. */
void slip_seat_keep_alive(struct slip_seat *seat, bool is_wanted);
/*
 * The loop has nothing else to do: rests. True: the team is over. Else run the loop again; it lives
 * until something has come, and ends when that leads to nothing further.
 */
bool slip_seat_rest(struct slip_seat *seat);

#endif
