#ifndef SLIP_SCRIPT_HOST_LUA_H
#define SLIP_SCRIPT_HOST_LUA_H
/*
 * Host_lua: the host as a userdata: the loop that its clients share, and the Lua state in which
 * their events arrive.
 *
 * `core.host()` is the one on luv's loop; `core.pretend([seed])` makes hosts whose clock and
 * network are pretended, for specs.
 */
#include "host/loop.h"

#include <lua.h>

#define SLIP_HOST_TYPE "slipstream.host"

struct slip_host_box {
  struct slip_loop *loop; /* NULL: closed */
  lua_State *L;           /* the main state */
  bool is_telling;        /* a handler of one of its clients runs */
};

/* Adds `host` and `pretend` to the module table on top of the stack. */
void slip_host_open(lua_State *L);
/* The open host at `index`; raises when it is something else or closed. */
struct slip_host_box *slip_host_check(lua_State *L, int index);
/* Raises while a handler runs: for what drives a pretended host, and would run its clients inside
 * themselves. */
void slip_host_check_outside(lua_State *L, const struct slip_host_box *box);

#endif
