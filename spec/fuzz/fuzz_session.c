/*
 * The law: however its bytes are cut, a server makes the same client of ours do the same, and
 * whatever it sends, the session stays in order: it drains, it wants to be woken, and what it sends
 * has its masks.
 */
#include "core/session.h"

#include <stdlib.h>

#define CHECK(x)                                                                                   \
  if (!(x))                                                                                        \
  abort()

/* A sum over everything that the session does. */
static uint64_t run(const uint8_t *data, size_t size, size_t cut) {
  struct slip_luck luck = {0};
  struct slip_session *s;
  struct slip_action a;
  struct slip_upgrade_request request = {.host = SLIP_SPAN("h"), .target = SLIP_SPAN("/")};
  const char *fault;
  uint64_t sum = 0;
  CHECK(slip_session_new(&slip_session_defaults, &luck, &s) == SLIP_OK);
  CHECK(slip_session_connect(s) == SLIP_OK && slip_session_next(s, &a));
  CHECK(slip_session_dial(s, &request, &fault) == SLIP_OK && slip_session_next(s, &a));
  CHECK(slip_session_join(s, SLIP_SPAN("room:1")) == SLIP_OK);
  slip_session_link_up(s);
  for (size_t at = 0; at < size; at += cut) {
    slip_session_feed(
        s, (struct slip_span){(const char *)data + at, size - at < cut ? size - at : cut});
    while (slip_session_next(s, &a)) {
      luck.used = 0;
      sum = sum * 31 + (uint64_t)a.kind * 16 + (uint64_t)a.event.kind + a.event.payload.bytes.size;
      if (a.kind == SLIP_DO_TELL && a.event.kind == SLIP_EVENT_JOIN_DUE)
        (void)!slip_session_send_join(s, a.event.topic,
                                      (struct slip_payload){SLIP_JSON, SLIP_SPAN("{}")});
      if (a.kind == SLIP_DO_TELL && a.event.kind == SLIP_EVENT_MESSAGE)
        (void)!slip_session_ping(s);
    }
  }
  slip_session_free(s);
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  CHECK(run(data, size, size + 1) == run(data, size, 1));
  return 0;
}
