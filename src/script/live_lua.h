#ifndef SLIP_SCRIPT_LIVE_LUA_H
#define SLIP_SCRIPT_LIVE_LUA_H
/*
 * Live_lua: the registry's table `slipstream.live`, from address to userdata: what the loop will
 * come back to, and the collector must therefore leave alone.
 */
#include <lua.h>
#include <stdbool.h>

#define SLIP_LIVE "slipstream.live"

/* Makes the table, if there is none yet. */
void slip_live_open(lua_State *L);
/* Enters or removes the userdata at `index`. Entering may raise, for want of memory; removing what
 * is there doesn't. */
void slip_live_set(lua_State *L, int index, bool is_live);
/* Pushes the userdata at that address and removes it: from here on the stack alone holds it. */
void slip_live_take(lua_State *L, const void *address);

#endif
