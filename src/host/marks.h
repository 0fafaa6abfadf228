#ifndef SLIP_HOST_MARKS_H
#define SLIP_HOST_MARKS_H
/*
 * Marks: who has something to do or to send, in the order in which they said so, worked off round
 * by round.
 *
 * Pure. Marks are embedded in what they belong to and borrowed while set. All is O(1).
 */
#include <stdbool.h>
#include <stdint.h>

struct slip_mark {
  struct slip_mark *previous;
  struct slip_mark *next;
  uint32_t round; /* the round of work in which it was set */
  bool is_set;
  void (*work)(struct slip_mark *mark); /* it is unset by then, and may be set again */
};

struct slip_marks {
  struct slip_mark *first; /* NULL: none is set */
  struct slip_mark *last;
  uint32_t round; /* which round of work what is set now belongs to */
};

void slip_marks_set(struct slip_marks *m, struct slip_mark *mark);
void slip_marks_unset(struct slip_marks *m, struct slip_mark *mark);
/* One round, each once: what is set meanwhile is of the next one, so that none can starve the
 * others. */
void slip_marks_work(struct slip_marks *m);

#endif
