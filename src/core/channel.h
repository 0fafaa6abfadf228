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

/*
 * One transition. SLIP_ESTATE: the input cannot happen in that state (an empty cell); *out
 * untouched. Rules, as phoenix.js settles the races: ASK_JOIN:   CLOSED → WAITING, ASK_PARAMS;
 * WAITING → same, ASK_PARAMS (cuts a back-off short); JOINING, JOINED: nothing; LEAVING → WAITING,
 * TELL_LEFT_AND_ASK_PARAMS. ASK_REJOIN: CLOSED → WAITING, START_BACKOFF; anywhere else nothing (no
 * rejoin storms of a joined topic). LEAVING: nothing: who leaves does not rejoin. ASK_LEAVE:
 * CLOSED: nothing; WAITING → CLOSED, TELL_LEFT; JOINING, JOINED → LEAVING, DO_LEAVE; LEAVING:
 * nothing. SEND_JOIN:  WAITING → JOINING, DO_JOIN; elsewhere illegal. REJOIN_DUE: WAITING → same,
 * ASK_PARAMS; elsewhere illegal. GOT_OK:     JOINING → JOINED, TELL_JOINED; LEAVING: nothing (the
 * join's answer crossed our leave); else illegal. GOT_REFUSAL: JOINING → CLOSED, TELL_REFUSED;
 * LEAVING → CLOSED, TELL_LEFT; else illegal. GOT_LEFT:   LEAVING → CLOSED, TELL_LEFT; else illegal.
 *   GOT_CLOSE:  JOINING, JOINED → CLOSED, TELL_CLOSED; LEAVING → CLOSED, TELL_LEFT; else illegal.
 *   GOT_ERROR:  JOINING, JOINED → CLOSED, TELL_CRASHED; LEAVING → CLOSED, TELL_LEFT; else illegal.
 *   TIMED_OUT:  JOINING → CLOSED, TELL_TIMED_OUT; LEAVING → CLOSED, TELL_LEFT; else illegal.
 *   LINK_UP:    WAITING → same, ASK_PARAMS; CLOSED: nothing; else illegal.
 *   LINK_LOST:  CLOSED, WAITING: nothing; JOINING, JOINED → WAITING, nothing; LEAVING → CLOSED,
 * TELL_LEFT.
 */
SLIP_CHECKED enum slip_err slip_channel_step(enum slip_channel_state state,
                                             enum slip_channel_input input,
                                             struct slip_channel_step *out);

#endif
