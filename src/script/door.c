#include "script/door.h"

#include <lauxlib.h>

/* The message handler: the error as text, whatever it was, and where it came from. */
static int add_traceback(lua_State *L) {
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

/* Pops the error; gives it to `failed`. Without memory that fails too, and there is no third way.
 */
static void report(lua_State *L, lua_CFunction failed, void *context) {
  lua_pushcfunction(L, failed);
  lua_insert(L, -2);
  lua_pushlightuserdata(L, context);
  lua_insert(L, -2); /* stack: failed, context, text */
  (void)lua_pcall(L, 2, 0, 0);
}

enum slip_err slip_door(lua_State *L, lua_CFunction body, lua_CFunction failed, void *context) {
  int top = lua_gettop(L);
  if (!lua_checkstack(L, 4)) /* answers 0, does not raise */
    return SLIP_ENOMEM;
  lua_pushcfunction(L, add_traceback); /* these three pushes allocate nothing */
  lua_pushcfunction(L, body);
  lua_pushlightuserdata(L, context);
  int status = lua_pcall(L, 1, 0, top + 1);
  if (status != LUA_OK && failed != NULL)
    report(L, failed, context);
  lua_settop(L, top);
  if (status == LUA_ERRMEM)
    return SLIP_ENOMEM;
  return status == LUA_OK ? SLIP_OK : SLIP_ESCRIPT;
}
