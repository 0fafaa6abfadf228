#include "host/marks.h"

#include <stddef.h>

void slip_marks_set(struct slip_marks *m, struct slip_mark *mark) {
  if (mark->is_set)
    return;
  mark->is_set = true;
  mark->round = m->round;
  mark->previous = m->last;
  mark->next = NULL;
  if (m->last != NULL)
    m->last->next = mark;
  else
    m->first = mark;
  m->last = mark;
}

void slip_marks_unset(struct slip_marks *m, struct slip_mark *mark) {
  if (!mark->is_set)
    return;
  if (mark->previous != NULL)
    mark->previous->next = mark->next;
  else
    m->first = mark->next;
  if (mark->next != NULL)
    mark->next->previous = mark->previous;
  else
    m->last = mark->previous;
  mark->is_set = false;
}

void slip_marks_work(struct slip_marks *m) {
  uint32_t next_round = ++m->round;
  while (m->first != NULL && m->first->round != next_round) {
    struct slip_mark *mark = m->first;
    slip_marks_unset(m, mark);
    mark->work(mark);
  }
}
