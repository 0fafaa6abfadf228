#include "core/breaker.h"

static void add_drop(struct slip_breaker *b, uint32_t now) {
  b->drops[b->next] = now;
  b->next = (uint8_t)((b->next + 1) % SLIP_BREAKER_DROPS);
  if (b->count < SLIP_BREAKER_DROPS)
    b->count++;
  uint32_t oldest = b->drops[b->next]; /* of a full ring */
  if (b->count == SLIP_BREAKER_DROPS && now - oldest < SLIP_BREAKER_WINDOW_MSEC)
    b->is_open = true;
}

void slip_breaker_add(struct slip_breaker *b, uint64_t now, uint64_t uptime_msec, bool is_stable) {
  if (uptime_msec < SLIP_BREAKER_DROP_MSEC)
    add_drop(b, (uint32_t)now);
  else if (is_stable)
    *b = (struct slip_breaker){0};
}
