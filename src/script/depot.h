#ifndef SLIP_SCRIPT_DEPOT_H
#define SLIP_SCRIPT_DEPOT_H
/*
 * Depot: large blocks of memory that were given back, kept for who asks for such a one next.
 *
 * Pure but for malloc and large.h. The strings of large messages come and go, and new memory for
 * each costs half as much again as to copy it there: its pages come by faults, and are cleared.
 * Those of a block that is kept stay where they are, until the system is short and takes them. Owns
 * what it keeps; what is taken is the caller's. For one thread at a time.
 */
#include "core/large.h"

/* Smaller blocks do not belong here, */
#define SLIP_DEPOT_SMALLEST SLIP_LARGE_FROM
/* and larger ones are not kept. */
#define SLIP_DEPOT_LARGEST (32u * 1024 * 1024)

/* A message's string is garbage when that of the next is there, so both are given back at once. */
enum { SLIP_DEPOT_BLOCKS = 2 };

/* All zero: nothing is kept yet. */
struct slip_depot {
  void *blocks[SLIP_DEPOT_BLOCKS]; /* the latest first */
};

/* A block of at least so many bytes, SLIP_DEPOT_SMALLEST or more; NULL: no memory. It may be given
 * to realloc and free as well. */
void *slip_depot_take(struct slip_depot *depot, size_t size);
/* Takes a block that malloc gave for SLIP_DEPOT_SMALLEST or more; of too many it frees the oldest.
 */
void slip_depot_give(struct slip_depot *depot, void *block);
/* Frees what it keeps. */
void slip_depot_clear(struct slip_depot *depot);

#endif
