#ifndef SLIP_SCRIPT_METER_LUA_H
#define SLIP_SCRIPT_METER_LUA_H
/*
 * Meter_lua: the meter (host/meter.h) of a host, as methods of hosts.
 *
 *   host:measure()    from now on what happens is counted and timed, from nought
 *   host:measures() → what was: joins, leaves, timeouts; disconnects, reconnects, topics_closed,
 *                     unanswered: counts by the kind of the reason; replies, slices: { histogram =
 * bytes, usec = sum }, see histogram_lua.h. nil: nothing is measured
 *
 * The registry keeps the meter, one in a Lua state, for as long as that lives.
 */
#include <lua.h>

/* host:measure(). */
int slip_meter_start(lua_State *L);
/* host:measures(). */
int slip_meter_push(lua_State *L);

#endif
