#ifndef SLIP_CORE_ROSTER_H
#define SLIP_CORE_ROSTER_H
/*
 * Roster: the topics of one session, in the order in which they were first asked for.
 *
 * Pure. Owns its topics. Looking one up compares hashes along an array: a socket has few topics
 * (Phoenix allows 100), and an array of pointers is what an idle client can afford.
 */
#include "core/channel.h"
#include "core/span.h"

#include <stdbool.h>
#include <stdint.h>

struct slip_topic {
  uint64_t join_ref;  /* of the current or last join; 0 before the first */
  uint64_t rejoin_at; /* when the back-off is over; SLIP_NEVER when none runs */
  enum slip_channel_state state;
  uint32_t hash;
  uint16_t rejoins;  /* steps of the back-off taken since the last join that went well */
  bool is_due_told;  /* JOIN_DUE is out, unanswered */
  bool is_forgotten; /* left: goes at the next sweep unless it is asked for again */
  uint32_t size;
  char name[];
};

struct slip_roster {
  union {
    struct slip_topic *only; /* when `room` is 0: most sockets have one */
    struct slip_topic **topics;
  };
  uint16_t count;
  uint16_t room;      /* of the array */
  bool has_forgotten; /* there is something to sweep */
};

void slip_roster_clear(struct slip_roster *r);
/* NULL when it is not there. Borrowed until it is swept. */
struct slip_topic *slip_roster_find(const struct slip_roster *r, struct slip_span name);
/* The topic whose current join has that ref; NULL when none has. */
struct slip_topic *slip_roster_find_join(const struct slip_roster *r, uint64_t join_ref);
/* Finds or adds, CLOSED. SLIP_ETOOBIG: SLIP_TOPICS_MAX of them, or a name over 64 KiB. SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_roster_add(struct slip_roster *r, struct slip_span name,
                                           struct slip_topic **out);
/* Lets the topic go at the next sweep: events that are under way may still name it. */
void slip_roster_forget(struct slip_roster *r, struct slip_topic *topic);
/* Frees what was forgotten and not added again. */
void slip_roster_sweep(struct slip_roster *r);

/* The one at a place under `count`. Borrowed until it is swept. */
static inline struct slip_topic *slip_roster_at(const struct slip_roster *r, uint32_t place) {
  return r->room == 0 ? r->only : r->topics[place];
}

static inline struct slip_span slip_topic_name(const struct slip_topic *t) {
  return (struct slip_span){t->name, t->size};
}

#endif
