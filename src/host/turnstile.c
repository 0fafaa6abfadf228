#include "host/turnstile.h"

#include <assert.h>

void slip_turnstile_init(struct slip_turnstile *t, size_t limit) {
  *t = (struct slip_turnstile){.limit = limit};
}

static void line_up(struct slip_turnstile *t, struct slip_pass *pass) {
  pass->state = SLIP_PASS_WAITING;
  pass->previous = t->last;
  pass->next = NULL;
  if (t->last != NULL)
    t->last->next = pass;
  else
    t->first = pass;
  t->last = pass;
}

static void leave_line(struct slip_turnstile *t, struct slip_pass *pass) {
  if (pass->previous != NULL)
    pass->previous->next = pass->next;
  else
    t->first = pass->next;
  if (pass->next != NULL)
    pass->next->previous = pass->previous;
  else
    t->last = pass->previous;
}

static void let_in(struct slip_turnstile *t, struct slip_pass *pass) {
  pass->state = SLIP_PASS_IN;
  t->count++;
  if (t->count > t->most)
    t->most = t->count;
}

static void admit_next(struct slip_turnstile *t) {
  while (t->first != NULL && t->count < t->limit) {
    struct slip_pass *pass = t->first;
    leave_line(t, pass);
    let_in(t, pass);
    pass->admit(pass);
  }
}

bool slip_turnstile_ask(struct slip_turnstile *t, struct slip_pass *pass) {
  assert(pass->state == SLIP_PASS_NONE);
  bool has_room = t->count < t->limit; /* then nobody waits */
  if (has_room)
    let_in(t, pass);
  else
    line_up(t, pass);
  return has_room;
}

void slip_turnstile_leave(struct slip_turnstile *t, struct slip_pass *pass) {
  enum slip_pass_state state = pass->state;
  pass->state = SLIP_PASS_NONE;
  if (state == SLIP_PASS_WAITING)
    leave_line(t, pass);
  if (state != SLIP_PASS_IN)
    return;
  t->count--;
  admit_next(t);
}

void slip_turnstile_set_limit(struct slip_turnstile *t, size_t limit) {
  t->limit = limit;
  admit_next(t);
}

bool slip_turnstile_take_lull(struct slip_turnstile *t) {
  if (t->count > 0)
    return false;
  bool was_rush = t->most >= SLIP_TURNSTILE_RUSH;
  t->most = 0;
  return was_rush;
}
