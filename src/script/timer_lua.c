#include "script/timer_lua.h"

#include "script/live_lua.h"
#include "script/result.h"
#include "script/type.h"

#include <lauxlib.h>
#include <stddef.h>

/* What a float counts exactly, so that no one who computes a wait has to mind its type. */
#define MSEC_MAX (INT64_C(1) << 53)

/* The user values of a timer. */
enum { FN = 1, OWNER, HOST, USER_VALUES = HOST };

/* It owns nothing, so it needs no __gc: while the loop's timers have it, it is live. */
struct timer_box {
  struct slip_timer timer;
  struct slip_host_box *host; /* a user value, so it is there as long as this */
};

static struct timer_box *check_timer(lua_State *L) {
  return luaL_checkudata(L, 1, SLIP_TIMER_TYPE);
}

static bool is_set(const struct timer_box *box) {
  return box->timer.place != 0;
}

/* Behind the door. */
static int call_fn(lua_State *L) {
  slip_live_take(L, lua_touserdata(L, 1)); /* stays at 2 */
  lua_getiuservalue(L, 2, FN);
  lua_getiuservalue(L, 2, OWNER);
  lua_pushvalue(L, 2); /* stack: fn, owner, timer */
  lua_call(L, 2, 0);
  return 0;
}

static void due(struct slip_timer *timer) {
  struct timer_box *box = (struct timer_box *)((char *)timer - offsetof(struct timer_box, timer));
  slip_host_call(box->host, call_fn, box);
}

/* Arguments: host, fn, owner. */
int slip_timer_push(lua_State *L) {
  struct slip_host_box *host = slip_host_check(L, 1);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 3);
  struct timer_box *box = lua_newuserdatauv(L, sizeof *box, USER_VALUES);
  *box = (struct timer_box){.timer.due = due, .host = host};
  luaL_setmetatable(L, SLIP_TIMER_TYPE);
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, 4, FN);
  lua_pushvalue(L, 3);
  lua_setiuservalue(L, 4, OWNER);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 4, HOST);
  return 1;
}

static int timer_set(lua_State *L) {
  struct timer_box *box = check_timer(L);
  lua_Integer msec = luaL_checkinteger(L, 2);
  luaL_argcheck(L, msec >= 0 && msec <= MSEC_MAX, 2, "out of range");
  struct slip_loop *loop = box->host->loop;
  if (loop == NULL)
    return luaL_error(L, "attempt to use a closed host");
  if (!is_set(box))
    slip_live_set(L, 1, true); /* first: it may raise */
  uint64_t deadline = slip_loop_read_clock(loop) + (uint64_t)msec;
  enum slip_err err = slip_loop_set_timer(loop, &box->timer, deadline);
  if (err != SLIP_OK) {
    slip_live_set(L, 1, false);
    return slip_result_raise_no_memory(L);
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* Unsets the set timer at `index`. */
static void unset(lua_State *L, int index) {
  struct timer_box *box = lua_touserdata(L, index);
  slip_loop_unset_timer(box->host->loop, &box->timer);
  slip_live_set(L, index, false);
}

static int timer_unset(lua_State *L) {
  if (is_set(check_timer(L)))
    unset(L, 1);
  return 0;
}

static int timer_left(lua_State *L) {
  const struct timer_box *box = check_timer(L);
  if (!is_set(box)) {
    lua_pushnil(L);
    return 1;
  }
  uint64_t now = slip_loop_read_clock(box->host->loop);
  uint64_t deadline = box->timer.deadline;
  lua_pushinteger(L, deadline > now ? (lua_Integer)(deadline - now) : 0);
  return 1;
}

void slip_timer_unset_all(lua_State *L, const struct slip_host_box *host) {
  lua_getfield(L, LUA_REGISTRYINDEX, SLIP_LIVE);
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) { /* clearing fields while traversing is allowed */
    const struct timer_box *box = luaL_testudata(L, -1, SLIP_TIMER_TYPE);
    if (box != NULL && box->host == host)
      unset(L, lua_gettop(L));
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static const luaL_Reg methods[] = {{"set", timer_set},
                                   {"unset", timer_unset},
                                   {"left", timer_left},
                                   {"__close", timer_unset},
                                   {NULL, NULL}};

void slip_timer_open(lua_State *L) {
  slip_type_make(L, SLIP_TIMER_TYPE, methods);
}
