#include "script/door.h"

#include "script/luv_lua.h"
#include "script/result.h"

#include <assert.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>

/* Pops the error; gives it to `failed`. */
static void report(lua_State *L, lua_CFunction failed, void *context, bool is_memory) {
  lua_pushcfunction(L, failed);
  lua_insert(L, -2);
  lua_pushlightuserdata(L, context);
  lua_insert(L, -2); /* stack: failed, context, text */
  lua_pushboolean(L, is_memory);
  if (lua_pcall(L, 3, 0, 0) != LUA_OK)
    slip_luv_fail(L);
}

enum slip_err slip_door(lua_State *L, lua_CFunction body, lua_CFunction failed, void *context) {
  int top = lua_gettop(L);
  bool has_room = lua_checkstack(L, 5);
  assert(has_room); /* or there would be nobody to tell */
  (void)has_room;
  lua_pushcfunction(L, slip_result_add_traceback); /* these three pushes allocate nothing */
  lua_pushcfunction(L, body);
  lua_pushlightuserdata(L, context);
  int status = lua_pcall(L, 1, 0, top + 1);
  bool is_memory = status != LUA_OK && slip_result_is_no_memory(L, -1);
  if (status != LUA_OK && failed != NULL)
    report(L, failed, context, is_memory);
  lua_settop(L, top);
  if (is_memory)
    return SLIP_ENOMEM;
  return status == LUA_OK ? SLIP_OK : SLIP_ESCRIPT;
}

/* Arguments: the context, the text, whether it is want of memory. */
int slip_door_defect(lua_State *L) {
  if (lua_toboolean(L, 3)) {
    lua_settop(L, 2);
    return lua_error(L);
  }
  (void)fprintf(stderr, "slipstream: a defect of slipstream itself: %s\n", lua_tostring(L, 2));
  return 0;
}
