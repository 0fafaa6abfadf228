#ifndef SLIP_SCRIPT_MASK_LUA_H
#define SLIP_SCRIPT_MASK_LUA_H
/*
 * Mask_lua: `core.ws_mask(bytes, key)`: the bytes under a key of four bytes, or freed from it.
 */
#include <lua.h>

/* Adds `ws_mask` to the module table on top of the stack. */
void slip_mask_open(lua_State *L);

#endif
