#ifndef SLIP_CORE_PENDING_H
#define SLIP_CORE_PENDING_H
/*
 * Pending: the requests of one session that wait for a reply, by ref and by deadline.
 *
 * Pure. Owns its tables (a hash by ref over a heap by deadline), which it has from the second
 * request until the last is answered: one at a time needs no memory, and an idle session has none.
 * Every operation is O(log n) or better. At most SLIP_PENDING_MAX entries.
 */
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum slip_pending_kind {
  SLIP_PENDING_PUSH,
  SLIP_PENDING_JOIN,
  SLIP_PENDING_LEAVE,
  SLIP_PENDING_HEARTBEAT,
  SLIP_PENDING_BUFFERED, /* a push that is not sent yet, so no end of a join or link is its own */
};

#define SLIP_NEVER UINT64_MAX /* a deadline that does not come */

struct slip_pending_entry {
  uint64_t ref;
  uint64_t join_ref; /* the join that it belongs to; 0 for a heartbeat, or before it is sent */
  uint64_t deadline; /* msec on the session's clock */
  enum slip_pending_kind kind : 8;
  uint8_t why;       /* given to `expire` or `end`; 0 otherwise */
  uint16_t patience; /* msec from the request to the deadline; 0: more than it can say, or nobody
                        wants to know */
  uint32_t slot;     /* its place in the hash: nobody else's business */
};

struct slip_pending {
  union {
    struct slip_pending_entry only; /* when `room` is 0 */
    struct {
      struct slip_pending_entry *heap;
      uint32_t *slots; /* hash by ref: position in the heap + 1, 0 for free */
    };
  };
  uint32_t count;
  uint32_t room; /* of the heap; the hash has twice as many slots, a power of two */
};

void slip_pending_init(struct slip_pending *p);
void slip_pending_clear(struct slip_pending *p);
/* SLIP_EFULL at SLIP_PENDING_MAX, SLIP_ENOMEM. The ref must not be in it. */
SLIP_CHECKED enum slip_err slip_pending_add(struct slip_pending *p,
                                            const struct slip_pending_entry *entry);
/*
 * The entry with that ref, NULL when there is none; borrowed until the next call. Its `kind` and
 * `join_ref` may be changed, nothing else.
 */
struct slip_pending_entry *slip_pending_find(struct slip_pending *p, uint64_t ref);
/* Takes the entry with that ref out; false when there is none. */
bool slip_pending_take(struct slip_pending *p, uint64_t ref, struct slip_pending_entry *out);
/*
 * Takes out one entry whose deadline is at or before `now`, the earliest first and of equals the
 * lowest ref; false when there is none.
 */
bool slip_pending_take_due(struct slip_pending *p, uint64_t now, struct slip_pending_entry *out);
/*
 * Lets every request of that join be due at once (`join_ref` 0: every request that was sent), with
 * `why` noted in it: its deadline becomes 0, so that `take_due` gives it before all others, the
 * lowest ref first. O(n log n).
 */
void slip_pending_expire(struct slip_pending *p, uint64_t join_ref, uint8_t why);
/* The same for the request with that ref, if there is one. */
void slip_pending_end(struct slip_pending *p, uint64_t ref, uint8_t why);
/* Whether there is a request of that kind with a ref below `before`. O(n). */
bool slip_pending_has(const struct slip_pending *p, enum slip_pending_kind kind, uint64_t before);
/* The earliest deadline; SLIP_NEVER when empty. */
uint64_t slip_pending_deadline(const struct slip_pending *p);

#endif
