#include "script/luv_lua.h"

#include "script/result.h"

#include <assert.h>
#include <lauxlib.h>
#include <luv/luv.h>
#include <stdbool.h>

#define LUV "slipstream.luv"

/* Where the registry keeps the run, so that nothing need be allocated to find it. */
static const char the_run = 0;

/* How the loop runs: a userdata. */
struct run {
  uv_loop_t *loop;
  bool is_running;
  bool has_failed;
};

/* The user values of a run. */
enum { ERROR = 1, HANDLER, USER_VALUES = HANDLER }; /* why it stopped; what catches errors */

/* Pushes it; NULL, and nil: luv has not been required. Allocates nothing. */
static struct run *push_run(lua_State *L) {
  (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &the_run);
  return lua_touserdata(L, -1);
}

/* Takes the error, the first one alone, and clears it. */
static int raise_failure(lua_State *L, struct run *run) {
  run->has_failed = false;
  (void)lua_getiuservalue(L, lua_upvalueindex(2), ERROR);
  lua_pushnil(L);
  (void)lua_setiuservalue(L, lua_upvalueindex(2), ERROR);
  return lua_error(L);
}

/* Upvalues: luv's run, the run. */
static int run_once(lua_State *L) {
  struct run *run = lua_touserdata(L, lua_upvalueindex(2));
  if (run->is_running)
    return luaL_error(L, "uv.run: the loop runs already; what comes later goes into a callback");
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  run->is_running = true;
  int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  run->is_running = false;
  if (status != LUA_OK)
    return lua_error(L);
  return run->has_failed ? raise_failure(L, run) : lua_gettop(L);
}

void slip_luv_fail(lua_State *L) {
  struct run *run = push_run(L);
  if (run == NULL || run->has_failed) {
    lua_pop(L, 2);
    return;
  }
  run->has_failed = true;
  lua_insert(L, -2); /* stack: run, error */
  (void)lua_setiuservalue(L, -2, ERROR);
  lua_pop(L, 1);
  uv_stop(run->loop);
}

/* Pushes the message handler of callbacks. */
static void push_handler(lua_State *L) {
  (void)push_run(L);
  (void)lua_getiuservalue(L, -1, HANDLER);
  lua_remove(L, -2);
}

/* Calls a callback of luv's, which would end the process at an error. A luv_CFpcall: takes the
 * function and its arguments, answers how many results it leaves, or -status. */
static int call_back(lua_State *L, int arguments, int results, int flags) {
  (void)flags;
  int at = lua_gettop(L) - arguments;
  bool has_room = lua_checkstack(L, 4);
  assert(has_room); /* inside of libuv's run, which leaves most of LUA_MINSTACK */
  (void)has_room;
  push_handler(L);
  lua_insert(L, at); /* stack: handler, function, arguments */
  int status = lua_pcall(L, arguments, results, at);
  lua_remove(L, at);
  if (status == LUA_OK)
    return lua_gettop(L) - at + 1;
  slip_luv_fail(L);
  return -status;
}

int slip_luv_catch(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  (void)push_run(L);
  lua_pushvalue(L, 1);
  (void)lua_setiuservalue(L, -2, HANDLER);
  return 0;
}

int slip_luv_raise(lua_State *L) {
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  slip_luv_fail(L);
  return 0;
}

/* Replaces `run` of the module table on top. */
static void guard_run(lua_State *L) {
  lua_getfield(L, -1, "run");
  struct run *run = lua_newuserdatauv(L, sizeof *run, USER_VALUES);
  *run = (struct run){.loop = luv_loop(L)};
  lua_pushcfunction(L, slip_result_add_traceback);
  (void)lua_setiuservalue(L, -2, HANDLER);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &the_run);
  lua_pushcclosure(L, run_once, 2);
  lua_setfield(L, -2, "run");
  luv_set_callback(L, call_back);
}

/* Whether the value on top is one of luv's handles: the table at index 2 has their metatables, as
 * luv itself has it. */
static bool is_handle(lua_State *L) {
  if (lua_type(L, -1) != LUA_TUSERDATA || !lua_getmetatable(L, -1))
    return false;
  bool is_known = lua_rawget(L, 2) == LUA_TBOOLEAN;
  lua_pop(L, 1);
  return is_known;
}

/* Pushes a table whose keys are the handles that luv has, which it keeps in the registry. */
static void push_handles(lua_State *L) {
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, LUA_REGISTRYINDEX) != 0;) {
    if (is_handle(L)) {
      lua_pushboolean(L, 1);
      lua_rawset(L, 3); /* stack: fn, metatables, handles, key */
    } else {
      lua_pop(L, 1);
    }
  }
}

/* uv.walk: luv's own takes every handle of the loop for one of luv's, and falls over ours. */
static int walk(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  luaL_getmetatable(L, "uv_handle");
  push_handles(L);
  for (lua_pushnil(L); lua_next(L, 3) != 0;) {
    lua_pop(L, 1);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_call(L, 1, 0);
  }
  return 0;
}

/* luv makes the loop; first, so that at the end of the state it goes last. The loop lives only as
 * long as the first module table that luv made, and package.loaded may lose that (busted empties it
 * between files), so the registry keeps it. */
void slip_luv_require(lua_State *L) {
  if (lua_getfield(L, LUA_REGISTRYINDEX, LUV) == LUA_TNIL) {
    lua_getglobal(L, "require");
    lua_pushliteral(L, "luv");
    lua_call(L, 1, 1);
    guard_run(L);
    lua_pushcfunction(L, walk);
    lua_setfield(L, -2, "walk");
    lua_setfield(L, LUA_REGISTRYINDEX, LUV);
  }
  lua_pop(L, 1);
}
