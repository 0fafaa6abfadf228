#ifndef SLIP_SCRIPT_HOST_LUA_H
#define SLIP_SCRIPT_HOST_LUA_H
/*
 * Host_lua: the host as a userdata: the loop that its clients and timers share, and the Lua state
 * in which their events arrive.
 *
 * `core.host()` is the one on luv's loop; `core.pretend([seed])` makes hosts whose clock and
 * network are pretended, for specs.
 */
#include "host/loop.h"

#include <lua.h>

#define SLIP_HOST_TYPE "slipstream.host"

/* The user value of a host. */
enum { SLIP_HOST_TURN = 1 }; /* the function that `wake` asks for, see turn_lua.h */

struct slip_host_box {
  struct slip_loop *loop;     /* NULL: closed */
  lua_State *L;               /* the main state */
  struct slip_fibers *fibers; /* of the state */
  struct slip_mark mark;      /* its wake */
  bool is_telling;            /* a handler of one of its clients runs, or a function of its own */
};

/* Adds `host` and `pretend` to the module table on top of the stack. */
void slip_host_open(lua_State *L);
/* The open host at `index`; raises when it is something else or closed. */
struct slip_host_box *slip_host_check(lua_State *L, int index);
/* Raises while a handler runs: for what drives a pretended host, and would run its clients inside
 * themselves. */
void slip_host_check_outside(lua_State *L, const struct slip_host_box *box);
/* Calls `body`, which calls a function of our own Lua files, behind the door. That function guards
 * itself; when it raises all the same, stderr says so. The host may be gone afterwards. */
void slip_host_call(struct slip_host_box *box, lua_CFunction body, void *context);

#endif
