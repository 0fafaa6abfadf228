#ifndef SLIP_SCRIPT_MEMORY_LUA_H
#define SLIP_SCRIPT_MEMORY_LUA_H
/*
 * Memory_lua: Lua states whose memory is counted, and may be limited: over the limit Lua collects
 * its garbage, and if that is not enough, raises "not enough memory" where it is asked for.
 *
 *   core.memory() → used, limit, peak: bytes; a limit of 0: none. nil in a state of others
 *
 * Counted is what Lua itself allocates, not what C does for its clients.
 */
#include <lua.h>
#include <stddef.h>

struct slip_memory_account {
  size_t used;
  size_t peak;
  size_t limit; /* 0: none */
};

/* A state as luaL_newstate makes it, that takes its memory from the account, which must outlive it;
 * NULL: no memory. */
lua_State *slip_memory_new_state(struct slip_memory_account *account);
/* Adds `memory` to the module table on top of the stack. */
void slip_memory_open(lua_State *L);

#endif
