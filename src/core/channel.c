#include "core/channel.h"

#include <assert.h>
#include <stdbool.h>

struct row {
  bool legal;
  struct slip_channel_step step;
};

#define ROW(state, action)                                                                         \
  {                                                                                                \
    true, {                                                                                        \
      SLIP_CHANNEL_##state, SLIP_CHANNEL_##action                                                  \
    }                                                                                              \
  }

/* An empty cell is an input that cannot happen in that state. */
static const struct row table[SLIP_CHANNEL_STATE_COUNT][SLIP_CHANNEL_INPUT_COUNT] =
    {
        [SLIP_CHANNEL_CLOSED] =
            {
                [SLIP_CHANNEL_ASK_JOIN] = ROW(WAITING, ASK_PARAMS),
                [SLIP_CHANNEL_ASK_REJOIN] = ROW(WAITING, START_BACKOFF),
                [SLIP_CHANNEL_ASK_LEAVE] = ROW(CLOSED, NOTHING),
                [SLIP_CHANNEL_LINK_UP] = ROW(CLOSED, NOTHING),
                [SLIP_CHANNEL_LINK_LOST] = ROW(CLOSED, NOTHING),
            },
        [SLIP_CHANNEL_WAITING] =
            {
                /* asked again: cuts a back-off short */
                [SLIP_CHANNEL_ASK_JOIN] = ROW(WAITING, ASK_PARAMS),
                [SLIP_CHANNEL_ASK_REJOIN] = ROW(WAITING, NOTHING),
                [SLIP_CHANNEL_ASK_LEAVE] = ROW(CLOSED, TELL_LEFT),
                [SLIP_CHANNEL_SEND_JOIN] = ROW(JOINING, DO_JOIN),
                [SLIP_CHANNEL_REJOIN_DUE] = ROW(WAITING, ASK_PARAMS),
                [SLIP_CHANNEL_LINK_UP] = ROW(WAITING, ASK_PARAMS),
                [SLIP_CHANNEL_LINK_LOST] = ROW(WAITING, NOTHING),
            },
        [SLIP_CHANNEL_JOINING] =
            {
                [SLIP_CHANNEL_ASK_JOIN] = ROW(JOINING, NOTHING),
                [SLIP_CHANNEL_ASK_REJOIN] = ROW(JOINING, NOTHING),
                [SLIP_CHANNEL_ASK_LEAVE] = ROW(LEAVING, DO_LEAVE),
                [SLIP_CHANNEL_GOT_OK] = ROW(JOINED, TELL_JOINED),
                [SLIP_CHANNEL_GOT_REFUSAL] = ROW(CLOSED, TELL_REFUSED),
                [SLIP_CHANNEL_GOT_CLOSE] = ROW(CLOSED, TELL_CLOSED),
                [SLIP_CHANNEL_GOT_ERROR] = ROW(CLOSED, TELL_CRASHED),
                [SLIP_CHANNEL_TIMED_OUT] = ROW(CLOSED, TELL_TIMED_OUT),
                [SLIP_CHANNEL_LINK_LOST] = ROW(WAITING, NOTHING),
            },
        [SLIP_CHANNEL_JOINED] =
            {
                [SLIP_CHANNEL_ASK_JOIN] = ROW(JOINED, NOTHING),
                [SLIP_CHANNEL_ASK_REJOIN] = ROW(JOINED, NOTHING),
                [SLIP_CHANNEL_ASK_LEAVE] = ROW(LEAVING, DO_LEAVE),
                [SLIP_CHANNEL_GOT_CLOSE] = ROW(CLOSED, TELL_CLOSED),
                [SLIP_CHANNEL_GOT_ERROR] = ROW(CLOSED, TELL_CRASHED),
                [SLIP_CHANNEL_LINK_LOST] = ROW(WAITING, NOTHING),
            },
        [SLIP_CHANNEL_LEAVING] =
            {
                [SLIP_CHANNEL_ASK_JOIN] = ROW(WAITING, TELL_LEFT_AND_ASK_PARAMS),
                [SLIP_CHANNEL_ASK_REJOIN] = ROW(LEAVING, NOTHING),
                [SLIP_CHANNEL_ASK_LEAVE] = ROW(LEAVING, NOTHING),
                /* the answer to our join crossed our leave */
                [SLIP_CHANNEL_GOT_OK] = ROW(LEAVING, NOTHING),
                [SLIP_CHANNEL_GOT_REFUSAL] = ROW(CLOSED, TELL_LEFT),
                [SLIP_CHANNEL_GOT_LEFT] = ROW(CLOSED, TELL_LEFT),
                [SLIP_CHANNEL_GOT_CLOSE] = ROW(CLOSED, TELL_LEFT),
                [SLIP_CHANNEL_GOT_ERROR] = ROW(CLOSED, TELL_LEFT),
                [SLIP_CHANNEL_TIMED_OUT] = ROW(CLOSED, TELL_LEFT),
                [SLIP_CHANNEL_LINK_LOST] = ROW(CLOSED, TELL_LEFT),
            },
};

enum slip_err slip_channel_step(enum slip_channel_state state, enum slip_channel_input input,
                                struct slip_channel_step *out) {
  assert(state < SLIP_CHANNEL_STATE_COUNT && input < SLIP_CHANNEL_INPUT_COUNT);
  const struct row *row = &table[state][input];
  if (!row->legal)
    return SLIP_ESTATE;
  *out = row->step;
  return SLIP_OK;
}
