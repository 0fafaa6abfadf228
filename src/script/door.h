#ifndef SLIP_SCRIPT_DOOR_H
#define SLIP_SCRIPT_DOOR_H
/*
 * Door: the one way from libuv's callbacks into Lua. Above a callback there is no protected call,
 * so an error there would end the process; behind the door it ends in `failed`.
 *
 * `L` is the host's main state, never the one that a method was called with (that may be a
 * coroutine, dead by then). It has five slots of its stack to spare, as it is inside of libuv's
 * run, or of a method, which leave most of LUA_MINSTACK.
 */
#include "core/err.h"

#include <lua.h>

/*
 * Calls `body` with `context` as a light userdata, protected; all pushing belongs inside it. When
 * it raises, `failed` is called, protected too, with `context`, the text with its traceback and
 * whether it was for want of memory; NULL: nobody wants to know. The stack is as before.
 *
 * SLIP_ESCRIPT, which may be ignored since `failed` has heard of it; SLIP_ENOMEM when Lua had no
 * memory, also when Lua code has caught that and raised it on. When that goes for `failed` as well,
 * or it raises, what `body` began may be half done for good: the loop stops, and `uv.run` raises it
 * (luv_lua.h).
 */
enum slip_err slip_door(lua_State *L, lua_CFunction body, lua_CFunction failed, void *context);
/* A `failed` for what calls our own Lua files, which guard themselves: what they raise all the same
 * is a defect, and stderr says so. Want of memory is raised on. */
int slip_door_defect(lua_State *L);

#endif
