#ifndef SLIP_SCRIPT_POOL_H
#define SLIP_SCRIPT_POOL_H
/*
 * Pool: small blocks of memory that were given back, kept for who asks for such a one next.
 *
 * Pure but for malloc. A script's values come and go by the dozen with each message, all of them
 * small, and malloc takes several times as long for each. Owns what it keeps, which is
 * SLIP_POOL_MOST at most; what is taken is the caller's. For one thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>

enum {
  SLIP_POOL_GRAIN = 8,     /* blocks have a multiple of so many bytes */
  SLIP_POOL_LARGEST = 256, /* larger ones are not kept */
  SLIP_POOL_MOST = 1 << 20 /* bytes */
};

/* All zero: nothing is kept yet. */
struct slip_pool {
  struct slip_pool_block *free[SLIP_POOL_LARGEST / SLIP_POOL_GRAIN + 1];
  size_t kept; /* bytes */
};

/* A block of at least so many bytes, 1 to SLIP_POOL_LARGEST; NULL: no memory. */
void *slip_pool_take(struct slip_pool *pool, size_t size);
/* Takes back a block that `slip_pool_take` gave for a size of as many multiples of the grain, or
 * malloc for the very same. */
void slip_pool_give(struct slip_pool *pool, void *block, size_t size);
/* Whether blocks of both sizes are the same to the pool. */
static inline bool slip_pool_is_same(size_t one, size_t other) {
  return (one + SLIP_POOL_GRAIN - 1) / SLIP_POOL_GRAIN ==
         (other + SLIP_POOL_GRAIN - 1) / SLIP_POOL_GRAIN;
}
/* Frees what it keeps. */
void slip_pool_clear(struct slip_pool *pool);

#endif
