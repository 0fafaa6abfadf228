#include "core/large.h"

#include <stdint.h>
#include <sys/mman.h>

enum { PAGE = 4096 }; /* where pages are larger, the hints are refused: no harm is done */

static size_t before_page(const void *memory) {
  return -(uintptr_t)memory % PAGE;
}

void slip_large_prepare(void *memory, size_t size) {
  if (size < SLIP_LARGE_FROM)
    return;
  size_t before = before_page(memory);
  (void)madvise((char *)memory + before, size - before, MADV_HUGEPAGE);
}

void slip_large_forget(void *memory, size_t size) {
  if (size < SLIP_LARGE_FROM)
    return;
  size_t before = before_page(memory);
  (void)madvise((char *)memory + before, (size - before) / PAGE * PAGE, MADV_FREE);
}
