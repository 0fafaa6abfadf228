#ifndef SLIP_CORE_CHANNEL_H
#define SLIP_CORE_CHANNEL_H
/*
 * Channel: the states of one topic on one socket, as a table.
 *
 * Pure; owns nothing. `step` says what is to be done and does none of it; the session does.
 * Frames that carry another join_ref than the current one never get here.
 *
 *          ask_join            send_join            got_ok
 * CLOSED ───────────▶ WAITING ───────────▶ JOINING ───────▶ JOINED
 *    ▲                   ▲  link_lost, again  │                │
 *    │                   └────────────────────┴────────────────┤ ask_leave
 *    └──── refused, crashed, closed, timed out ◀── LEAVING ◀───┘
 */
#include "core/err.h"

enum slip_channel_state {
  SLIP_CHANNEL_CLOSED,  /* not joined and not meant to be */
  SLIP_CHANNEL_WAITING, /* meant to be joined: waits for the link, the back-off or the params */
  SLIP_CHANNEL_JOINING, /* phx_join is on its way */
  SLIP_CHANNEL_JOINED,
  SLIP_CHANNEL_LEAVING, /* phx_leave is on its way */
  SLIP_CHANNEL_STATE_COUNT
};

enum slip_channel_input {
  SLIP_CHANNEL_ASK_JOIN,    /* the script wants to be in; from any state */
  SLIP_CHANNEL_ASK_REJOIN,  /* the script wants to be in again, after the back-off */
  SLIP_CHANNEL_ASK_LEAVE,   /* the script wants to be out; from any state */
  SLIP_CHANNEL_SEND_JOIN,   /* the params are here, the link is open */
  SLIP_CHANNEL_REJOIN_DUE,  /* the back-off is over */
  SLIP_CHANNEL_GOT_OK,      /* the reply to our join: ok */
  SLIP_CHANNEL_GOT_REFUSAL, /* the reply to our join: any other status */
  SLIP_CHANNEL_GOT_LEFT,    /* the reply to our leave, whatever its status */
  SLIP_CHANNEL_GOT_CLOSE,   /* phx_close */
  SLIP_CHANNEL_GOT_ERROR,   /* phx_error */
  SLIP_CHANNEL_TIMED_OUT,   /* no reply to our join or leave in time */
  SLIP_CHANNEL_LINK_UP,
  SLIP_CHANNEL_LINK_LOST,
  SLIP_CHANNEL_INPUT_COUNT
};

enum slip_channel_action {
  SLIP_CHANNEL_NOTHING,
  SLIP_CHANNEL_ASK_PARAMS,    /* tell join_due, if the link is open */
  SLIP_CHANNEL_START_BACKOFF, /* wait, then REJOIN_DUE */
  SLIP_CHANNEL_DO_JOIN,       /* send phx_join under a new join_ref */
  SLIP_CHANNEL_DO_LEAVE,      /* send phx_leave */
  SLIP_CHANNEL_TELL_JOINED,
  SLIP_CHANNEL_TELL_REFUSED,
  SLIP_CHANNEL_TELL_CRASHED,   /* phx_error */
  SLIP_CHANNEL_TELL_CLOSED,    /* phx_close that nobody asked for */
  SLIP_CHANNEL_TELL_TIMED_OUT, /* and send phx_leave, as phoenix.js: the join may yet succeed */
  SLIP_CHANNEL_TELL_LEFT,
  SLIP_CHANNEL_TELL_LEFT_AND_ASK_PARAMS, /* a join overtakes the leave */
};

struct slip_channel_step {
  enum slip_channel_state next;
  enum slip_channel_action action;
};

/* clang-format off */
/*
 * One transition. SLIP_ESTATE: the input cannot happen in that state (an empty cell); *out
 * untouched. The rules, as phoenix.js settles the races (`-` is nothing to do):
 *
 *             CLOSED          WAITING        JOINING           JOINED          LEAVING
 * ASK_JOIN    WAITING,        ask params     -                 -               WAITING, tell left,
 *             ask params                                                       ask params
 * ASK_REJOIN  WAITING,        -              -                 -               -
 *             start back-off
 * ASK_LEAVE   -               CLOSED,        LEAVING,          LEAVING,        -
 *                             tell left      do leave          do leave
 * SEND_JOIN                   JOINING,
 *                             do join
 * REJOIN_DUE                  ask params
 * GOT_OK                                     JOINED,                           -
 *                                            tell joined
 * GOT_REFUSAL                                CLOSED,                           CLOSED, tell left
 *                                            tell refused
 * GOT_LEFT                                                                     CLOSED, tell left
 * GOT_CLOSE                                  CLOSED,           CLOSED,         CLOSED, tell left
 *                                            tell closed       tell closed
 * GOT_ERROR                                  CLOSED,           CLOSED,         CLOSED, tell left
 *                                            tell crashed      tell crashed
 * TIMED_OUT                                  CLOSED,                           CLOSED, tell left
 *                                            tell timed out
 * LINK_UP     -               ask params
 * LINK_LOST   -               -              WAITING           WAITING         CLOSED, tell left
 *
 * ASK_JOIN while WAITING cuts a back-off short. ASK_REJOIN never disturbs a topic that is joined
 * or on its way (no rejoin storms), and who leaves does not rejoin. GOT_OK while LEAVING is the
 * join's answer that crossed our leave.
 */
/* clang-format on */
SLIP_CHECKED enum slip_err slip_channel_step(enum slip_channel_state state,
                                             enum slip_channel_input input,
                                             struct slip_channel_step *out);

#endif
