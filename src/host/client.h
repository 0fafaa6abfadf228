#ifndef SLIP_HOST_CLIENT_H
#define SLIP_HOST_CLIENT_H
/*
 * Client: one session and the stream that it speaks through: a shell without opinions.
 *
 * It calls `handler->event` from the loop, never from inside a call of yours on the client: the
 * outcome of a request comes in a later event. Requests are made on the session that
 * `slip_client_enter` answers (it tells the session the time), and are followed by
 * `slip_client_leave` (which sees to it that what comes of them is done this turn).
 */
#include "core/session.h"
#include "host/census.h"
#include "host/loop.h"

struct slip_client; /* opaque */

/* What is above, kept out of here (Lua is one). */
struct slip_handler {
  /* The event's spans hold until it returns. It may make requests and may close the client. */
  void (*event)(void *owner, const struct slip_event *event);
};

/* SLIP_ENOMEM. The caller closes it. `config->write_timeout_msec` and the like are the session's.
 */
SLIP_CHECKED enum slip_err slip_client_new(struct slip_loop *loop,
                                           const struct slip_session_config *config,
                                           const struct slip_handler *handler, void *owner,
                                           struct slip_client **out);
struct slip_session *slip_client_enter(struct slip_client *c);
void slip_client_leave(struct slip_client *c);
/* Where DO_DIAL goes: copied (target.h). Set it before `slip_session_dial`.
 * SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_client_set_target(struct slip_client *c,
                                                  const struct slip_target *target);
/*
 * Goes on, new, where `former` has left off, which is idle: with its refs, since answers to its
 * pushes may be on their way.
 */
void slip_client_succeed(struct slip_client *c, const struct slip_client *former);
/*
 * Closes for good: no event comes any more. An open connection that is not in its closing handshake
 * is cut; for a clean end ask for `slip_session_disconnect` first and wait for DISCONNECTED. Frees
 * the client once it is safe, also from inside its own event. NULL is fine.
 */
void slip_client_close(struct slip_client *c);

/* On a pretended loop only: the other end of its dial, as `slip_memory_take` has it; NULL: none
 * waits. */
struct slip_peer *slip_client_take_peer(struct slip_client *c);

struct slip_client_stats {
  struct slip_tally tally;
  uint64_t queued_bytes;    /* in the outbox now */
  uint64_t buffered_pushes; /* that wait for their topics now */
};
void slip_client_stats(const struct slip_client *c, struct slip_client_stats *out);
/* Adds what it is at now. */
void slip_client_add_to(const struct slip_client *c, struct slip_census *census);
/* Adds what it has done so far. */
void slip_client_count(const struct slip_client *c, struct slip_tally *tally);

#endif
