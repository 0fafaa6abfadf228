#ifndef SLIP_HOST_TURNSTILE_H
#define SLIP_HOST_TURNSTILE_H
/*
 * Turnstile: lets so many in at a time; who comes then waits in line, first come, first served.
 *
 * Pure. Passes are embedded in whom they belong to and borrowed from `ask` to `leave`. All is O(1)
 * for each pass.
 */
#include <stdbool.h>
#include <stddef.h>

enum slip_pass_state { SLIP_PASS_NONE, SLIP_PASS_WAITING, SLIP_PASS_IN };

struct slip_pass { /* all zero but `admit` at first */
  enum slip_pass_state state;
  struct slip_pass *previous;
  struct slip_pass *next;
  /* Its turn has come, in a `leave` or `set_limit` of somebody else's. It must not call back. */
  void (*admit)(struct slip_pass *pass);
};

/* So many at a time are a rush. */
#define SLIP_TURNSTILE_RUSH 128u

struct slip_turnstile {
  size_t limit;
  size_t count; /* who is in */
  size_t most;  /* were in at a time since the last lull */
  struct slip_pass *first;
  struct slip_pass *last;
};

void slip_turnstile_init(struct slip_turnstile *t, size_t limit);
/* True: it is in. False: it waits, and `admit` follows, unless it leaves before. It must have
 * left, or never have asked. */
bool slip_turnstile_ask(struct slip_turnstile *t, struct slip_pass *pass);
/* Leaves, or leaves the line; admits the next. Harmless for one that did not ask. */
void slip_turnstile_leave(struct slip_turnstile *t, struct slip_pass *pass);
/* At least 1. A higher one admits at once; with a lower one nobody has to go. */
void slip_turnstile_set_limit(struct slip_turnstile *t, size_t limit);
/* Whether the lull after a rush has come: nobody is in any more. Says so once for each. */
bool slip_turnstile_take_lull(struct slip_turnstile *t);

#endif
