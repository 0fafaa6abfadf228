#include "script/luv_lua.h"

#include <lauxlib.h>
#include <stdbool.h>

#define LUV "slipstream.luv"

/* Upvalues: luv's run, whether it runs. */
static int run_once(lua_State *L) {
  bool *is_running = lua_touserdata(L, lua_upvalueindex(2));
  if (*is_running)
    return luaL_error(L, "uv.run: the loop runs already; what comes later goes into a callback");
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  *is_running = true;
  int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  *is_running = false;
  return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* Replaces `run` of the module table on top. */
static void guard_run(lua_State *L) {
  lua_getfield(L, -1, "run");
  bool *is_running = lua_newuserdatauv(L, sizeof *is_running, 0);
  *is_running = false;
  lua_pushcclosure(L, run_once, 2);
  lua_setfield(L, -2, "run");
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
    lua_setfield(L, LUA_REGISTRYINDEX, LUV);
  }
  lua_pop(L, 1);
}
