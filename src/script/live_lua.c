#include "script/live_lua.h"

#include <lauxlib.h>

void slip_live_open(lua_State *L) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, SLIP_LIVE);
  lua_pop(L, 1);
}

void slip_live_set(lua_State *L, int index, bool is_live) {
  const void *address = lua_touserdata(L, index);
  if (is_live)
    lua_pushvalue(L, index);
  else
    lua_pushnil(L);
  lua_getfield(L, LUA_REGISTRYINDEX, SLIP_LIVE);
  lua_insert(L, -2); /* stack: live, userdata or nil */
  lua_rawsetp(L, -2, address);
  lua_pop(L, 1);
}

void slip_live_take(lua_State *L, const void *address) {
  lua_getfield(L, LUA_REGISTRYINDEX, SLIP_LIVE);
  lua_rawgetp(L, -1, address);
  lua_pushnil(L); /* stack: live, userdata, nil */
  lua_rawsetp(L, -3, address);
  lua_remove(L, -2);
}
