#ifndef SLIP_SCRIPT_CORE_LUA_H
#define SLIP_SCRIPT_CORE_LUA_H
/*
 * Core_lua: the module `slipstream.core`: what lua/slipstream is built on. Its users are our own
 * Lua files, so it is strict and terse; people use `require "slipstream"`.
 */
#include <lua.h>

/* A lua_CFunction for `require`: returns the module's table. Requires "luv", whose loop is ours. */
int slip_core_open(lua_State *L);

#endif
