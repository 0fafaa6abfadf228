#include "script/watchdog_lua.h"

#include <lauxlib.h>
#include <lualib.h>

void slip_watchdog_open(lua_State *L) {
  luaL_requiref(L, LUA_COLIBNAME, luaopen_coroutine, 0);
  lua_getfield(L, -1, "resume");
  lua_setfield(L, -3, "resume");
  lua_getfield(L, -1, "close");
  lua_setfield(L, -3, "close");
  lua_pop(L, 1);
}
