#ifndef SLIP_SCRIPT_FIBER_LUA_H
#define SLIP_SCRIPT_FIBER_LUA_H
/*
 * Fiber_lua: functions that may wait, in coroutines that are used again; and the shortest way from
 * an event to its callback. lua/slipstream/fiber.lua says what a fiber is.
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
 *   core.observe(is_observed)    whether anybody wants to hear of each callback
 */
#include "script/slice_lua.h"

#include <lua.h>
#include <stdbool.h>

struct slip_fibers; /* of a Lua state; lives as long */

/* An event that a callback is called for. */
struct slip_delivery {
  /* The table of what is live (live_lua.h) is on top: puts the client in its place, and pushes the
   * socket and the callback's name; false: the handler is to see to it. */
  bool (*find)(lua_State *L, const struct slip_delivery *delivery);
  /* Pushes the arguments behind the socket and answers how many; -1 as above. The client is at 2.
   */
  int (*push)(lua_State *L, const struct slip_delivery *delivery);
  lua_CFunction failed;    /* of the door (door.h); its context is the delivery */
  struct slip_slice slice; /* filled in */
  bool is_left;            /* likewise: to the handler */
};

/* Adds the functions to the module table on top of the stack; those of live_lua.h are there.
 * Raises. */
void slip_fiber_open(lua_State *L);
/* NULL: there are none. */
struct slip_fibers *slip_fibers_of(lua_State *L);
/*
 * Calls the callback as the socket's fiber, and tells what came of it. L is the host's main state.
 * False: nothing was done, as the socket has a mailbox or a time-out, callbacks are observed, no
 * coroutine was to be had without memory, or the delivery said so; the handler is to be called.
 */
bool slip_fiber_deliver(struct slip_fibers *fibers, lua_State *L, struct slip_delivery *delivery);

#endif
