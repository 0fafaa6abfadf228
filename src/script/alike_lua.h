#ifndef SLIP_SCRIPT_ALIKE_LUA_H
#define SLIP_SCRIPT_ALIKE_LUA_H
/*
 * Alike_lua: whether two tables say the same, for lua/slipstream/alike.lua, which asks it of the
 * config of each client that connects.
 */
#include <lua.h>

/*
 * Sets core.are_alike(a, b, by_value) in the table on top. Values that are tables are the same when
 * they are one, or where `by_value` has their key when they hold the same in turn. No metamethods.
 */
void slip_alike_open(lua_State *L);

#endif
