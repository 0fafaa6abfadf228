#include "host/timers.h"

#include <stdlib.h>

#define ROOM_FIRST 8u

/* `heap[i]` has place i + 1, and its children have the places 2 (i + 1) and 2 (i + 1) + 1. */

void slip_timers_init(struct slip_timers *t) {
  *t = (struct slip_timers){0};
}

void slip_timers_clear(struct slip_timers *t) {
  for (size_t i = 0; i < t->count; i++)
    t->heap[i]->place = 0;
  free(t->heap);
  slip_timers_init(t);
}

static struct slip_timer *at_place(const struct slip_timers *t, size_t place) {
  return t->heap[place - 1];
}

static void put_at(struct slip_timers *t, size_t place, struct slip_timer *timer) {
  t->heap[place - 1] = timer;
  timer->place = (uint32_t)place;
}

static bool is_earlier(const struct slip_timer *a, const struct slip_timer *b) {
  if (a->deadline != b->deadline)
    return a->deadline < b->deadline;
  return (int32_t)(a->order - b->order) <
         0; /* the count of sets may have begun anew between them */
}

/* Moves a timer towards the front until none before it is later. */
static void sift_up(struct slip_timers *t, struct slip_timer *timer) {
  size_t place = timer->place;
  for (; place > 1 && is_earlier(timer, at_place(t, place / 2)); place /= 2)
    put_at(t, place, at_place(t, place / 2));
  put_at(t, place, timer);
}

/* Moves a timer towards the back until none behind it is earlier. */
static void sift_down(struct slip_timers *t, struct slip_timer *timer) {
  size_t place = timer->place;
  for (size_t child = 2 * place; child <= t->count; child = 2 * place) {
    if (child < t->count && is_earlier(at_place(t, child + 1), at_place(t, child)))
      child++;
    if (is_earlier(timer, at_place(t, child)))
      break;
    put_at(t, place, at_place(t, child));
    place = child;
  }
  put_at(t, place, timer);
}

static enum slip_err grow(struct slip_timers *t) {
  size_t room = t->room == 0 ? ROOM_FIRST : t->room * 2;
  struct slip_timer **heap = realloc(t->heap, room * sizeof *heap);
  if (heap == NULL)
    return SLIP_ENOMEM;
  t->heap = heap;
  t->room = room;
  return SLIP_OK;
}

enum slip_err slip_timers_set(struct slip_timers *t, struct slip_timer *timer, uint64_t deadline) {
  if (timer->place == 0) {
    if (t->count == t->room) {
      enum slip_err err = grow(t);
      if (err != SLIP_OK)
        return err;
    }
    put_at(t, ++t->count, timer);
  }
  timer->deadline = deadline;
  timer->order = t->sets++;
  sift_up(t, timer);
  sift_down(t, timer);
  return SLIP_OK;
}

void slip_timers_unset(struct slip_timers *t, struct slip_timer *timer) {
  if (timer->place == 0)
    return;
  struct slip_timer *last = at_place(t, t->count--);
  if (last != timer) {
    put_at(t, timer->place, last);
    sift_up(t, last);
    sift_down(t, last);
  }
  timer->place = 0;
}

struct slip_timer *slip_timers_take_due(struct slip_timers *t, uint64_t now) {
  if (t->count == 0 || t->heap[0]->deadline > now)
    return NULL;
  struct slip_timer *timer = t->heap[0];
  slip_timers_unset(t, timer);
  return timer;
}

uint64_t slip_timers_deadline(const struct slip_timers *t) {
  return t->count == 0 ? UINT64_MAX : t->heap[0]->deadline;
}
