#ifndef SLIP_HOST_TEAM_H
#define SLIP_HOST_TEAM_H
/*
 * Team: threads that exchange parcels of bytes, by value; nothing else is shared. It has `count`
 * places, 0 to count - 1, in each of which a thread may work, and a lead, which starts them and
 * hears how they end.
 *
 * A place takes parcels from the beginning, also before its thread has been started or looks at
 * them, until that thread ends or the place is given up; and again once it is started anew. What
 * one posts to another arrives in order, its end last.
 *
 * A thread that has nothing to do rests until a parcel comes. When all places rest or have ended,
 * nothing can come any more: the team is over, for good, and all are told. A place whose thread has
 * not been started yet counts as busy, so that nothing is over too soon, and so does one whose
 * thread has failed, until it is started again or given up.
 *
 * The lead's thread makes it, starts, gives up and frees; a place is taken from, and rests, in its
 * own thread. Everything else may be called anywhere. One lock, held for a few assignments at a
 * time.
 */
#include "host/inbox.h"
#include "host/names.h"

enum { SLIP_LEAD = -1, SLIP_TEAM_MAX = 1024 };

struct slip_team; /* opaque */

/* What a thread does at its place. What it leaves in *outcome the lead will be told. */
struct slip_task {
  void (*run)(struct slip_team *team, int place, struct slip_outcome *outcome, void *context);
  void *context;
};

/* Tells the thread of a place, from any thread and with the team's lock held, that it should look:
 * a parcel has come, or the team is over. Not again before that thread has taken all, to the NULL.
 * Must not call back. */
struct slip_bell {
  void (*ring)(void *context);
  void *context;
};

/* `count`: 1 to SLIP_TEAM_MAX. SLIP_ENOMEM. The caller frees it. */
SLIP_CHECKED enum slip_err slip_team_new(int count, struct slip_team **out);
/* NULL is fine. With threads still at work it stays as long as they do, and they are not waited
 * for. */
void slip_team_free(struct slip_team *team);
int slip_team_count(const struct slip_team *team);

/* Starts a thread at a place that has none. SLIP_ENOMEM; SLIP_ESTATE: there is one; SLIP_EIO: the
 * system has no thread left. */
SLIP_CHECKED enum slip_err slip_team_start(struct slip_team *team, int place,
                                           struct slip_task task);
/* Nothing will be started at that place (again). Nothing when a thread is there. */
void slip_team_give_up(struct slip_team *team, int place);
/* How many threads were started whose end the lead has not taken. */
size_t slip_team_running(const struct slip_team *team);

/* From now on the bell is rung when there is something to look at, at once if there is already;
 * NULL: not any more. */
void slip_team_set_bell(struct slip_team *team, int place, const struct slip_bell *bell);

/* Copies the bytes. SLIP_ECLOSED: there is no such place, or nobody is there any more; SLIP_EFULL;
 * SLIP_ENOMEM; SLIP_ETOOBIG. */
SLIP_CHECKED enum slip_err slip_team_post(struct slip_team *team, int from, int to,
                                          struct slip_span bytes, bool is_urgent);
/* The next parcel for that place, to be freed; NULL: there is none. The thread whose outcome the
 * lead takes is gone by then, and may be started again. */
struct slip_parcel *slip_team_take(struct slip_team *team, int place);
/* The thread at that place has nothing to do until its bell is rung, unless a parcel is there
 * already. True: the team is over. */
bool slip_team_rest(struct slip_team *team, int place);

/* Whether nothing can come any more. */
bool slip_team_is_over(struct slip_team *team);

/* See names.h; all names of a place are released when its thread ends. */
SLIP_CHECKED enum slip_err slip_team_claim(struct slip_team *team, struct slip_span name,
                                           struct slip_holder holder);
void slip_team_release(struct slip_team *team, struct slip_span name, int place);
bool slip_team_find(struct slip_team *team, struct slip_span name, struct slip_holder *out);

#endif
