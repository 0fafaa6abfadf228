#include "core/large.h"

#include <stdint.h>
#include <sys/mman.h>

enum { PAGE = 4096 }; /* where pages are larger, the hint is refused: no harm is done */

void slip_large_prepare(void *memory, size_t size) {
  if (size < SLIP_LARGE_FROM)
    return;
  size_t before = -(uintptr_t)memory % PAGE;
  (void)madvise((char *)memory + before, size - before, MADV_HUGEPAGE);
}
