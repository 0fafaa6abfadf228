#include "script/depot.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Without much that lies idle meanwhile. */
static bool fits(void *block, size_t size) {
  size_t room = malloc_usable_size(block); /* 0 of NULL */
  return room >= size && room - size <= size / 4;
}

void *slip_depot_take(struct slip_depot *depot, size_t size) {
  for (size_t i = 0; i < SLIP_DEPOT_BLOCKS; i++) {
    void *block = depot->blocks[i];
    if (fits(block, size)) {
      depot->blocks[i] = NULL;
      return block;
    }
  }
  return malloc(size);
}

void slip_depot_give(struct slip_depot *depot, void *block) {
  size_t size = malloc_usable_size(block);
  if (size > SLIP_DEPOT_LARGEST) {
    free(block);
    return;
  }
  slip_large_forget(block, size);
  if (depot->blocks[0] != NULL) {
    free(depot->blocks[SLIP_DEPOT_BLOCKS - 1]);
    memmove(depot->blocks + 1, depot->blocks, sizeof depot->blocks - sizeof depot->blocks[0]);
  }
  depot->blocks[0] = block;
}

void slip_depot_clear(struct slip_depot *depot) {
  for (size_t i = 0; i < SLIP_DEPOT_BLOCKS; i++)
    free(depot->blocks[i]);
  *depot = (struct slip_depot){0};
}
