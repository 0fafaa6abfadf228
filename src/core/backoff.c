#include "core/backoff.h"

#include <assert.h>

uint32_t slip_backoff_wait(const struct slip_backoff *b, unsigned attempt, uint32_t luck) {
  assert(b->count >= 1 && b->count <= SLIP_BACKOFF_STEPS_MAX && b->jitter <= 1000);
  uint32_t step = b->steps[attempt < b->count ? attempt : b->count - 1];
  uint64_t share = (uint64_t)step * b->jitter / 1000;
  uint64_t least = step - share;
  uint64_t random_part = b->jitter > 0 && share < b->spread ? b->spread : share;
  uint64_t wait = least + random_part - random_part * luck / UINT32_MAX;
  return wait > 0 ? (uint32_t)wait : 1;
}

unsigned slip_backoff_longest(const struct slip_backoff *b) {
  unsigned longest = 0;
  for (unsigned i = 1; i < b->count; i++)
    if (b->steps[i] > b->steps[longest])
      longest = i;
  return longest;
}
