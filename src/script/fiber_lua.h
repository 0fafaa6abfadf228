#ifndef SLIP_SCRIPT_FIBER_LUA_H
#define SLIP_SCRIPT_FIBER_LUA_H
/*
 * Fiber_lua: functions that may wait, in coroutines that are used again.
 * lua/slipstream/fiber.lua says what a fiber is.
 *
 *   core.begin(owner, fn, ...)   runs fn(...) as the owner's fiber →
 *     nothing                                 it has returned nothing
 *     "done", results …                       it has returned
 *     "raised", caught                        it has raised; the handler made this of it
 *     "interrupted", has_yielded, value       its coroutine, the owner's `_fiber`, has not returned
 *   core.go_on(owner)            the same of one that has yielded
 *   core.owner()                 → whose fiber runs; false: nobody's
 *   core.on_error(fn)            the message handler of all fibers
 *   core.on_outcome(fn)          fn(socket, state, …) hears what came of a callback that was called
 *                                here, as from core.begin, unless that was nothing
 *   core.observe(what, is_observed)
 *     "all"                                   whether anybody wants to hear of each callback and
 * event "topics", "log"                         or of what becomes of topics, for telemetry or the
 * log
 */
#include <lua.h>
#include <stdbool.h>

struct slip_fibers; /* of a Lua state; lives as long */

/* Adds the functions to the module table on top of the stack; those of live_lua.h are there.
 * Raises. */
void slip_fiber_open(lua_State *L);
/* NULL: there are none. */
struct slip_fibers *slip_fibers_of(lua_State *L);
/* What core.observe was told last: of "all", and of either of the others. */
bool slip_fibers_are_observed(const struct slip_fibers *fibers);
bool slip_fibers_topics_are_observed(const struct slip_fibers *fibers);

#endif
