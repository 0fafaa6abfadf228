#include "script/host_lua.h"

#include "script/client_lua.h"
#include "script/config_lua.h"
#include "script/door.h"
#include "script/fiber_lua.h"
#include "script/live_lua.h"
#include "script/meter_lua.h"
#include "script/peer_lua.h"
#include "script/result.h"
#include "script/timer_lua.h"
#include "script/turn_lua.h"
#include "script/type.h"

#include <lauxlib.h>
#include <luv/luv.h>

/* Where the registry keeps the host on luv's loop: one per Lua state. */
static const char the_host = 0;

struct slip_host_box *slip_host_check(lua_State *L, int index) {
  struct slip_host_box *box = luaL_checkudata(L, index, SLIP_HOST_TYPE);
  if (box->loop == NULL)
    luaL_error(L, "attempt to use a closed host");
  return box;
}

void slip_host_check_outside(lua_State *L, const struct slip_host_box *box) {
  if (box->is_telling)
    luaL_error(L, "attempt to drive a pretended host from inside an event");
}

void slip_host_call(struct slip_host_box *box, lua_CFunction body, void *context) {
  /* One on libuv may be closed inside, and collected; whoever drives a pretended one holds it. */
  bool is_pretended = slip_loop_memory(box->loop) != NULL;
  if (is_pretended)
    box->is_telling = true;
  slip_door(box->L, body, slip_door_defect, context);
  if (is_pretended)
    box->is_telling = false;
}

static struct slip_host_box *check_pretended(lua_State *L) {
  struct slip_host_box *box = slip_host_check(L, 1);
  luaL_argcheck(L, slip_loop_memory(box->loop) != NULL, 1, "a pretended host is needed");
  return box;
}

/* Pushes a host that is still closed. */
static struct slip_host_box *push_host(lua_State *L) {
  struct slip_host_box *box = lua_newuserdatauv(L, sizeof *box, SLIP_HOST_TURN);
  /* closed, so that __gc is safe from here on */
  *box = (struct slip_host_box){
      .loop = NULL, .fibers = slip_fibers_of(L), .mark.work = slip_turn_work};
  luaL_setmetatable(L, SLIP_HOST_TYPE);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  box->L = lua_tothread(L, -1);
  lua_pop(L, 1);
  return box;
}

static int core_host(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &the_host) == LUA_TUSERDATA) {
    struct slip_host_box *known = lua_touserdata(L, -1);
    if (known->loop != NULL)
      return 1;
  }
  struct slip_host_box *box = push_host(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &the_host);
  enum slip_err err = slip_loop_open(luv_loop(L), &box->loop);
  return err == SLIP_OK ? 1 : slip_result_push(L, err, NULL);
}

static int core_pretend(lua_State *L) {
  lua_Integer seed = luaL_optinteger(L, 1, 1);
  struct slip_host_box *box = push_host(L);
  enum slip_err err = slip_loop_pretend((uint32_t)seed, &box->loop);
  return err == SLIP_OK ? 1 : slip_result_push(L, err, NULL);
}

static int host_now(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)slip_loop_now(slip_host_check(L, 1)->loop));
  return 1;
}

/* In msec with their fractions, read anew: how long a callback took is to be seen. */
static int host_clock(lua_State *L) {
  struct slip_loop *loop = slip_host_check(L, 1)->loop;
  if (slip_loop_memory(loop) != NULL)
    lua_pushinteger(L, (lua_Integer)slip_loop_now(loop));
  else
    lua_pushnumber(L, (lua_Number)uv_hrtime() / 1e6);
  return 1;
}

/* How many connections may be in the making at once, of all its clients; 0: no more are made. */
static int host_set_max_dials(lua_State *L) {
  struct slip_host_box *box = slip_host_check(L, 1);
  lua_Integer limit = luaL_checkinteger(L, 2);
  luaL_argcheck(L, limit >= 0, 2, "at least 0 expected");
  slip_turnstile_set_limit(slip_loop_turnstile(box->loop), (size_t)limit);
  return 0;
}

/* Answers whether all came to rest. */
static int host_advance(lua_State *L) {
  struct slip_host_box *box = check_pretended(L);
  lua_Integer msec = luaL_checkinteger(L, 2);
  luaL_argcheck(L, msec >= 0, 2, "time does not go back");
  slip_host_check_outside(L, box);
  lua_pushboolean(L, slip_loop_advance(box->loop, (uint64_t)msec));
  return 1;
}

static int host_is_pretended(lua_State *L) {
  lua_pushboolean(L, slip_loop_memory(slip_host_check(L, 1)->loop) != NULL);
  return 1;
}

/* Answers the msec until something happens by itself; nil: nothing will. */
static int host_due(lua_State *L) {
  const struct slip_loop *loop = check_pretended(L)->loop;
  uint64_t deadline = slip_loop_deadline(loop), now = slip_loop_now(loop);
  if (deadline == UINT64_MAX)
    return 0;
  lua_pushinteger(L, deadline > now ? (lua_Integer)(deadline - now) : 0);
  return 1;
}

static int host_waiting(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)slip_memory_waiting(slip_loop_memory(check_pretended(L)->loop)));
  return 1;
}

static int host_peer(lua_State *L) {
  return slip_peer_push(L, check_pretended(L));
}

static int host_close(lua_State *L) {
  struct slip_host_box *box = luaL_checkudata(L, 1, SLIP_HOST_TYPE);
  struct slip_loop *loop = box->loop;
  if (loop == NULL)
    return 0;
  if (slip_loop_memory(loop) != NULL) /* it goes at once; one on libuv stays for this turn */
    slip_host_check_outside(L, box);
  slip_client_close_all(L, box);
  slip_timer_unset_all(L, box);
  slip_turn_forget(L, 1);
  box->loop = NULL;
  slip_loop_close(loop);
  return 0;
}

static const luaL_Reg methods[] = {
    {"now", host_now},
    {"clock", host_clock},
    {"client", slip_client_push},
    {"tally", slip_client_push_tally},
    {"census", slip_client_push_census},
    {"measure", slip_meter_start},
    {"measures", slip_meter_push},
    {"set_max_dials", host_set_max_dials},
    {"on_turn", slip_turn_on},
    {"wake", slip_turn_wake},
    {"timer", slip_timer_push},
    {"advance", host_advance},
    {"is_pretended", host_is_pretended},
    {"due", host_due},
    {"waiting", host_waiting},
    {"peer", host_peer},
    {"close", host_close},
    {"__gc", host_close},
    {"__close", host_close},
    {"__index", NULL},
    {NULL, NULL},
};

void slip_host_open(lua_State *L) {
  slip_type_make(L, SLIP_HOST_TYPE, methods);
  lua_pushcfunction(L, core_host);
  lua_setfield(L, -2, "host");
  lua_pushcfunction(L, core_pretend);
  lua_setfield(L, -2, "pretend");
  slip_live_open(L);
  slip_timer_open(L);
  slip_peer_open(L);
  slip_config_open(L);
  slip_client_open(L);
}
