#ifndef SLIP_SCRIPT_WATCHDOG_LUA_H
#define SLIP_SCRIPT_WATCHDOG_LUA_H
/*
 * Watchdog_lua: slices: stretches of a script's code that run from one return to the loop to the
 * next.
 *
 *   core.resume(co, ...)   exactly coroutine.resume's results
 *   core.close(co)         exactly coroutine.close's results
 */
#include <lua.h>

/* Adds the functions to the module table on top of the stack. Raises. */
void slip_watchdog_open(lua_State *L);

#endif
