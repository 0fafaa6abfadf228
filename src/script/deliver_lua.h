#ifndef SLIP_SCRIPT_DELIVER_LUA_H
#define SLIP_SCRIPT_DELIVER_LUA_H
/*
 * Deliver_lua: the shortest way from an event to its callback: straight into the spare coroutine of
 * the fibers, where all that may raise is done, what the event brings is decoded, and the callback
 * is called.
 */
#include "script/fiber_lua.h"
#include "script/slice_lua.h"

/* An event that a callback is called for. */
struct slip_delivery {
  /* The table of what is live (live_lua.h) is on top: puts the client in its place, and pushes the
   * socket and the callback's name. */
  void (*find)(lua_State *L, const struct slip_delivery *delivery);
  /* Pushes the arguments behind the socket and answers how many; -1: the handler is to see to it.
   * The client is at 2. */
  int (*push)(lua_State *L, const struct slip_delivery *delivery);
  lua_CFunction failed;    /* of the door (door.h); its context is the delivery */
  struct slip_slice slice; /* filled in */
  bool is_left;            /* likewise: to the handler */
};

/* Pushes nothing; the upvalues of fiber_private.h are on top. Raises. */
void slip_deliver_open(lua_State *L);
/*
 * Calls the callback as the socket's fiber, and tells what came of it. L is the host's main state.
 * False: nothing was done, as the socket has a mailbox or a time-out, callbacks are observed, no
 * coroutine was to be had without memory, or the delivery said so; the handler is to be called.
 */
bool slip_deliver(struct slip_fibers *fibers, lua_State *L, struct slip_delivery *delivery);

#endif
