/*
 * The law: however its bytes are cut, a server makes the same client of ours do the same, and
 * whatever it sends, the session stays in order: it drains, it wants to be woken, what it sends has
 * its masks, and each push has one answer.
 */
#include "core/session.h"

#include <stdlib.h>

#define CHECK(x)                                                                                   \
  if (!(x))                                                                                        \
  abort()

/* Pushes that may wait; more of them than that prove nothing more. */
#define PUSHES_MAX 64u

struct pushes {
  uint64_t refs[PUSHES_MAX];
  size_t count;
};

static void push(struct slip_session *s, struct pushes *open) {
  struct slip_push push = {.topic = SLIP_SPAN("room:1"),
                           .event = SLIP_SPAN("hi"),
                           .payload = {SLIP_JSON, SLIP_SPAN("{}")},
                           .may_wait = true};
  if (open->count < PUSHES_MAX && slip_session_push(s, &push, &open->refs[open->count]) == SLIP_OK)
    open->count++;
}

/* It was not answered before. */
static void answer(struct pushes *open, uint64_t ref) {
  size_t i = 0;
  while (i < open->count && open->refs[i] != ref)
    i++;
  CHECK(i < open->count);
  open->refs[i] = open->refs[--open->count];
}

static void dial(struct slip_session *s) {
  struct slip_upgrade_request request = {.host = SLIP_SPAN("h"), .target = SLIP_SPAN("/")};
  const char *fault;
  CHECK(slip_session_dial(s, &request, &fault) == SLIP_OK);
}

/* Pushes at every event but the first, so that the join has ref 1. The link that a redirect leads
 * to never comes up: how much of the bytes is for it depends on how they are cut. */
static void react(struct slip_session *s, const struct slip_event *event, struct pushes *open) {
  if (event->kind == SLIP_EVENT_CONNECTED)
    return;
  if (event->kind == SLIP_EVENT_REDIRECTED)
    dial(s);
  if (event->kind == SLIP_EVENT_JOIN_DUE)
    (void)!slip_session_send_join(
        s, event->topic, (struct slip_payload){.format = SLIP_JSON, .bytes = SLIP_SPAN("{}")});
  if (event->kind == SLIP_EVENT_MESSAGE)
    (void)!slip_session_ping(s);
  if (event->kind == SLIP_EVENT_REPLY)
    answer(open, event->ref);
  push(s, open);
}

/* A sum over everything that the session does. */
static uint64_t run(const uint8_t *data, size_t size, size_t cut) {
  struct slip_luck luck = {0};
  struct slip_session *s;
  struct slip_action a;
  uint64_t sum = 0;
  CHECK(slip_session_new(&slip_session_defaults, &luck, &s) == SLIP_OK);
  CHECK(slip_session_connect(s) == SLIP_OK && slip_session_next(s, &a));
  dial(s);
  CHECK(slip_session_next(s, &a));
  CHECK(slip_session_join(s, SLIP_SPAN("room:1")) == SLIP_OK);
  struct pushes open = {0};
  slip_session_link_up(s);
  for (size_t at = 0; at < size; at += cut) {
    slip_session_feed(
        s, (struct slip_span){(const char *)data + at, size - at < cut ? size - at : cut});
    while (slip_session_next(s, &a)) {
      luck.used = 0;
      sum = sum * 31 + (uint64_t)a.kind * 16 + (uint64_t)a.event.kind + a.event.payload.bytes.size;
      if (a.kind == SLIP_DO_TELL)
        react(s, &a.event, &open);
    }
  }
  uint64_t ref;
  while (slip_session_take_unanswered(s, &ref))
    answer(&open, ref);
  CHECK(open.count == 0);
  slip_session_free(s);
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  CHECK(run(data, size, size + 1) == run(data, size, 1));
  return 0;
}
