#ifndef SLIP_SCRIPT_TIMER_LUA_H
#define SLIP_SCRIPT_TIMER_LUA_H
/*
 * Timer_lua: timers as userdata:
 *
 * - host:timer(fn, owner) → timer, which is not set. When due it is unset, then fn(owner, timer)
 *   is called.
 * - timer:set(msec) → true: due in `msec` from now, 0 to 2^53; moves one that is set. Raises when
 *   there is no memory, since whoever waits for it would wait for ever
 * - timer:unset(): harmless when not set, also when its host is closed
 * - timer:left() → msec until due; nil when not set
 *
 * A set timer keeps itself, its host and libuv's loop alive.
 */
#include "script/host_lua.h"

#define SLIP_TIMER_TYPE "slipstream.timer"

/* Makes the metatable. */
void slip_timer_open(lua_State *L);
int slip_timer_push(lua_State *L);
/* Unsets every timer of the host. */
void slip_timer_unset_all(lua_State *L, const struct slip_host_box *host);

#endif
