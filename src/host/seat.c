#include "host/seat.h"

#include <stdlib.h>

struct slip_seat {
  struct slip_team *team;
  int place;
  struct slip_seat_handler handler;
  uv_async_t async;
  bool is_closed;
  bool is_resting;
};

/* With the team's lock held, so that it cannot come after the close. */
static void ring(void *context) {
  struct slip_seat *seat = context;
  (void)uv_async_send(&seat->async);
}

static void end_rest(struct slip_seat *seat) {
  if (seat->is_resting)
    slip_seat_keep_alive(seat, false);
  seat->is_resting = false;
}

/* What is left is for the next turn, so that those who post cannot keep the loop from all else. */
static void on_rung(uv_async_t *async) {
  struct slip_seat *seat = async->data;
  end_rest(seat);
  for (int i = 0; i < SLIP_SEAT_TURN; i++) {
    struct slip_parcel *parcel = slip_team_take(seat->team, seat->place);
    if (parcel == NULL)
      return;
    seat->handler.arrive(seat->handler.context, parcel);
    free(parcel);
    if (seat->is_closed)
      return;
  }
  (void)uv_async_send(async);
}

enum slip_err slip_seat_open(struct slip_team *team, int place, uv_loop_t *uv,
                             struct slip_seat_handler handler, struct slip_seat **out) {
  struct slip_seat *seat = calloc(1, sizeof *seat);
  if (seat == NULL)
    return SLIP_ENOMEM;
  if (uv_async_init(uv, &seat->async, on_rung) != 0) {
    free(seat);
    return SLIP_EIO;
  }
  seat->team = team;
  seat->place = place;
  seat->handler = handler;
  seat->async.data = seat;
  slip_seat_keep_alive(seat, false);
  slip_team_set_bell(team, place, &(struct slip_bell){ring, seat});
  *out = seat;
  return SLIP_OK;
}

static void on_closed(uv_handle_t *handle) {
  free(handle->data);
}

void slip_seat_close(struct slip_seat *seat) {
  if (seat == NULL)
    return;
  slip_team_set_bell(seat->team, seat->place, NULL);
  seat->is_closed = true;
  uv_close((uv_handle_t *)&seat->async, on_closed);
}

struct slip_team *slip_seat_team(const struct slip_seat *seat) {
  return seat->team;
}

int slip_seat_place(const struct slip_seat *seat) {
  return seat->place;
}

void slip_seat_keep_alive(struct slip_seat *seat, bool is_wanted) {
  if (is_wanted)
    uv_ref((uv_handle_t *)&seat->async);
  else
    uv_unref((uv_handle_t *)&seat->async);
}

bool slip_seat_rest(struct slip_seat *seat) {
  end_rest(seat); /* one whose loop was stopped */
  if (slip_team_rest(seat->team, seat->place))
    return true;
  seat->is_resting = true;
  slip_seat_keep_alive(seat, true);
  return false;
}
