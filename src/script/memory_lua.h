#ifndef SLIP_SCRIPT_MEMORY_LUA_H
#define SLIP_SCRIPT_MEMORY_LUA_H
/*
 * Memory_lua: Lua states whose memory is counted, and may be limited: over the limit Lua collects
 * its garbage, and if that is not enough, raises "not enough memory" where it is asked for.
 *
 *   core.memory() → used, limit, peak: bytes; a limit of 0: none. nil in a state of others
 *   core.unlimited(fn, ...) → …        calls it while the limit does not hold, nor is collected but
 *                                      by order: to find what to free
 *
 * Counted is what Lua itself allocates, not what C does for its clients, nor what pool
 * and depot keep.
 *
 * Slices of scripts (slice_lua.h) have a sixteenth less: when one has taken all, what sees to it
 * that its client ends has still something to work with.
 */
#include "script/depot.h"
#include "script/pool.h"

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

struct slip_memory_account {
  size_t used;
  size_t peak;
  size_t limit;  /* 0: none */
  bool is_slice; /* a script runs */
  struct slip_pool pool;
  struct slip_depot depot;
};

/* A state as luaL_newstate makes it, that takes its memory from the account, which must outlive it;
 * NULL: no memory. */
lua_State *slip_memory_new_state(struct slip_memory_account *account);
void slip_memory_close_state(lua_State *L, struct slip_memory_account *account);
/* Says whether a script runs from now on; answers whether one did. Allocates nothing. */
bool slip_memory_set_slice(lua_State *L, bool is_slice);
/* Adds the functions to the module table on top of the stack. */
void slip_memory_open(lua_State *L);

#endif
