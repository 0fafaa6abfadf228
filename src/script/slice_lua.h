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
#include "script/watch.h"

#include <lua.h>

/* A coroutine that is resumed. */
struct slip_slice {
  struct slip_watch *watch;
  lua_State *co;
  int arguments;   /* so many it has got, and the function before them when it is to begin */
  bool is_inside;  /* it is no slice of its own */
  lua_State *from; /* whose it is stays on this one's stack meanwhile, at `owner`; NULL: nobody's */
  int owner;
  int status; /* what came of it, from here on */
  int results;
  bool is_cut;
};

/* Adds the functions to the module table on top of the stack. Raises. */
void slip_slice_open(lua_State *L);
/* Resumes it and fills in the rest; its results, or its error, are on its stack still. Raises
 * nothing. */
void slip_slice_resume(lua_State *L, struct slip_slice *slice);
/* In a function whose first upvalue is the watch: pushes the results and answers how many (250 at
 * most), or pushes the error and answers -1. */
int slip_slice_take(lua_State *L, const struct slip_slice *slice);
/* Both, for the owner at that index; 0: nobody's. */
int slip_slice_run(lua_State *L, lua_State *co, int arguments, int owner);

#endif
