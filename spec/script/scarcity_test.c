/* What clients do with each other when there is no memory at some point of it: scarcity.lua, with
 * the Lua modules of the tree. */
#include "script/program_lua.h"
#include "script/result.h"

#include "spec/support/check.h"
#include "spec/support/scarce_lua.h"

#include <lauxlib.h>

/* Upvalue: how many allocations are left. */
static int grant(lua_State *L) {
  long *left = lua_touserdata(L, lua_upvalueindex(1));
  *left = luaL_optinteger(L, 1, -1);
  return 0;
}

static int run(lua_State *L) {
  static const struct slip_embedded none = {NULL};
  slip_program_open(L, &none);
  if (luaL_loadfile(L, "spec/script/scarcity.lua") != LUA_OK)
    return lua_error(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushcclosure(L, grant, 1);
  lua_call(L, 1, 0);
  return 0;
}

static void tells_who_wanted_it_and_harms_nobody(void **state) {
  (void)state;
  long left = -1;
  lua_State *L = lua_newstate(scarce_allocate, &left);
  lua_pushcfunction(L, slip_result_add_traceback);
  lua_pushlightuserdata(L, &left);
  lua_pushcclosure(L, run, 1);
  if (lua_pcall(L, 0, 0, 1) != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
  lua_close(L);
}

int main(void) {
  setenv("SLIPSTREAM_LUA_PATH", "lua", 1);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tells_who_wanted_it_and_harms_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
