#ifndef SLIP_SCRIPT_SCALE_LUA_H
#define SLIP_SCRIPT_SCALE_LUA_H
/*
 * Scale_lua: weighs what can be reached from values: how much memory each of several owners holds
 * that no other of them holds.
 *
 *   core.scale()             → a scale
 *   scale:put(owner, value)  adds all that is reached from the value to what that owner holds; an
 *                            integer from 1. What another one holds, too, is nobody's
 *   scale:leave_out(value)   it weighs nothing, and what is reached only by way of it neither
 *   scale:weight(owner)      → bytes
 *
 * Reached are strings, tables with keys and values, functions with upvalues, userdata, and what the
 * functions of a coroutine that waits hold. Not so metatables, weak tables, and tables whose
 * metatable has a true field `__shared`. Sizes of tables are estimates: Lua does not tell them.
 *
 * What it remembers is in C's heap, until the scale is closed or collected.
 */
#include <lua.h>

/* Adds the function to the module table on top of the stack. Raises. */
void slip_scale_open(lua_State *L);

#endif
