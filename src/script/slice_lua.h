#ifndef SLIP_SCRIPT_SLICE_LUA_H
#define SLIP_SCRIPT_SLICE_LUA_H
/*
 * Slice_lua: how lua/slipstream runs the slices of scripts, so that a runaway one is noticed.
 *
 *   core.thread()          → a coroutine without a function
 *   core.run(co, ...)      resumes a coroutine; one without a function, or whose function has
 *                          returned, begins with the function that comes first → 0 when it has
 *                          returned, 1 when it has yielded, and the values (250 at most); -1 and
 *                          the error. A slice while it runs
 *   core.close(co)         exactly coroutine.close's results; a slice as well
 *   core.watch(fn)         → true | nil, text, code; watch.h says how and when fn(elapsed_msec,
 *                          where, before_msec) → text | nil is called
 *
 * Inside a slice a script may run coroutines of its own, so `resume`, `wrap` and `close` of the
 * library coroutine are replaced by ones that do the same and say who runs. Those that somebody
 * took out of the table before do not, and coroutines that they run are not interrupted.
 */
#include <lua.h>

/* Adds the functions to the module table on top of the stack. Raises. */
void slip_slice_open(lua_State *L);
/*
 * In a function whose first upvalue is the watch: resumes `co`, which has got so many arguments,
 * and the function before them when it is to begin, as a slice of the value at `owner`, which stays
 * there meanwhile; 0: nobody's. Pushes the results and answers how many (250 at most), or pushes
 * the error and answers -1.
 */
int slip_slice_run(lua_State *L, lua_State *co, int arguments, int owner);

#endif
