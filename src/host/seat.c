#include "host/seat.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Its bell is an eventfd of its own, not a uv_async_t: who is woken by one of libuv's (1.44) before
 * the other thread is back from the write spins, for longer than all else takes. */
struct slip_seat {
  struct slip_team *team;
  int place;
  struct slip_seat_handler handler;
  int bell;
  uv_poll_t poll;
  bool is_closed;
  bool is_resting;
};

/* With the team's lock held, so that it cannot come after the close. */
static void ring(void *context) {
  const struct slip_seat *seat = context;
  (void)eventfd_write(seat->bell, 1);
}

static void end_rest(struct slip_seat *seat) {
  if (seat->is_resting)
    slip_seat_keep_alive(seat, false);
  seat->is_resting = false;
}

/* What is left is for the next turn, so that those who post cannot keep the loop from all else. */
static void on_rung(uv_poll_t *poll, int status, int events) {
  (void)status;
  (void)events;
  struct slip_seat *seat = poll->data;
  eventfd_t times;
  (void)eventfd_read(seat->bell, &times);
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
  ring(seat);
}

/* What is open when it fails is the caller's to close. */
static enum slip_err open_bell(uv_loop_t *uv, struct slip_seat *seat) {
  seat->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (seat->bell < 0 || uv_poll_init(uv, &seat->poll, seat->bell) != 0)
    return SLIP_EIO;
  seat->poll.data = seat;
  (void)uv_poll_start(&seat->poll, UV_READABLE, on_rung);
  return SLIP_OK;
}

static void close_bell(const struct slip_seat *seat) {
  if (seat->bell >= 0)
    (void)close(seat->bell);
}

enum slip_err slip_seat_open(struct slip_team *team, int place, uv_loop_t *uv,
                             struct slip_seat_handler handler, struct slip_seat **out) {
  struct slip_seat *seat = calloc(1, sizeof *seat);
  if (seat == NULL)
    return SLIP_ENOMEM;
  enum slip_err err = open_bell(uv, seat);
  if (err != SLIP_OK) {
    close_bell(seat);
    free(seat);
    return err;
  }
  seat->team = team;
  seat->place = place;
  seat->handler = handler;
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
  uv_close((uv_handle_t *)&seat->poll, on_closed); /* it listens no more, so the bell may go */
  close_bell(seat);
}

void slip_seat_keep_alive(struct slip_seat *seat, bool is_wanted) {
  if (is_wanted)
    uv_ref((uv_handle_t *)&seat->poll);
  else
    uv_unref((uv_handle_t *)&seat->poll);
}

bool slip_seat_rest(struct slip_seat *seat) {
  end_rest(seat); /* one whose loop was stopped */
  if (slip_team_rest(seat->team, seat->place))
    return true;
  seat->is_resting = true;
  slip_seat_keep_alive(seat, true);
  return false;
}
