#ifndef SLIP_SCRIPT_FIBER_PRIVATE_H
#define SLIP_SCRIPT_FIBER_PRIVATE_H
/*
 * Fiber_private: what fiber_lua.c and deliver_lua.c share: the coroutines of a Lua state, and the
 * fields of those who own what runs in them.
 */
#include "script/fiber_lua.h"
#include "script/slice_lua.h"

/* The upvalues of all functions there, the watch being what slip_slice_take wants. */
enum {
  SLIP_FIBER_WATCH = 1,
  SLIP_FIBER_FIBERS,
  SLIP_FIBER_LIVE,
  SLIP_FIBER_FIBER_KEY,
  SLIP_FIBER_MAILBOX_KEY,
  SLIP_FIBER_TIMEOUT_KEY,
  SLIP_FIBER_CALLBACK_KEY,
  SLIP_FIBER_UPVALUES = SLIP_FIBER_CALLBACK_KEY
};

/* The user values of the fibers. */
enum {
  SLIP_FIBER_ON_ERROR = 1,
  SLIP_FIBER_ON_OUTCOME,
  SLIP_FIBER_SPARE,
  SLIP_FIBER_IDLE,
  SLIP_FIBER_SHELF,
  SLIP_FIBER_USER_VALUES = SLIP_FIBER_SHELF
};

/* What is observed, a bit each; core.observe calls them in this order. */
enum { SLIP_OBSERVE_ALL = 1, SLIP_OBSERVE_TOPICS = 2, SLIP_OBSERVE_LOG = 4 };

/* A coroutine that returns is the spare one again, so most callbacks are run by the same. */
struct slip_fibers {
  lua_State *spare; /* NULL: none */
  bool is_spare_busy;
  int idle; /* how many others there are without work */
  unsigned observed;
  lua_State *shelf; /* never runs: has on its stack what is wanted where nothing may raise */
  struct slip_watch *watch;
};

static inline struct slip_fibers *slip_fiber_fibers(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(SLIP_FIBER_FIBERS));
}

/* Fields of the owner, a table; the key is an upvalue. */
bool slip_fiber_has(lua_State *L, int owner, int key);
/* Sets it to what is at `value`. */
void slip_fiber_set(lua_State *L, int owner, int key, int value);
void slip_fiber_set_none(lua_State *L, int owner);
/* The results, or the error, of the coroutine at `thread` are on top; pushes what tells what came
 * of it, and answers how many values that is. */
int slip_fiber_take_outcome(lua_State *L, int owner, int thread, int results);

#endif
