#ifndef SLIP_SPEC_SCARCE_LUA_H
#define SLIP_SPEC_SCARCE_LUA_H
/*
 * Scarce_lua: a Lua state in which only so many allocations succeed, for specs that go through a
 * story again and again, with one more each time, until they are enough.
 */
#include <stdbool.h>
#include <stdlib.h>

/* The allocator: `context` is a `long *`, how many more are granted; a negative number: all. */
static inline void *scarce_allocate(void *context, void *old, size_t old_size, size_t size) {
  long *left = context;
  if (size == 0) {
    free(old);
    return NULL;
  }
  bool is_smaller = old != NULL && size <= old_size; /* this, Lua says, must not fail */
  if (!is_smaller && *left == 0)
    return NULL;
  if (!is_smaller && *left > 0)
    *left -= 1;
  return realloc(old, size);
}

#endif
