#include "script/pool.h"

#include <stdlib.h>

struct slip_pool_block {
  struct slip_pool_block *next;
};

static size_t grains_of(size_t size) {
  return (size + SLIP_POOL_GRAIN - 1) / SLIP_POOL_GRAIN;
}

void *slip_pool_take(struct slip_pool *pool, size_t size) {
  size_t grains = grains_of(size);
  struct slip_pool_block *block = pool->free[grains];
  if (block == NULL)
    return malloc(grains * SLIP_POOL_GRAIN);
  pool->free[grains] = block->next;
  pool->kept -= grains * SLIP_POOL_GRAIN;
  return block;
}

void slip_pool_give(struct slip_pool *pool, void *memory, size_t size) {
  size_t grains = grains_of(size);
  if (pool->kept >= SLIP_POOL_MOST) {
    free(memory);
    return;
  }
  struct slip_pool_block *block = memory;
  block->next = pool->free[grains];
  pool->free[grains] = block;
  pool->kept += grains * SLIP_POOL_GRAIN;
}

void slip_pool_clear(struct slip_pool *pool) {
  for (size_t grains = 0; grains < sizeof pool->free / sizeof pool->free[0]; grains++) {
    while (pool->free[grains] != NULL) {
      struct slip_pool_block *block = pool->free[grains];
      pool->free[grains] = block->next;
      free(block);
    }
  }
  pool->kept = 0;
}
