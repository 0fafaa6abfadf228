/* The law: what decode accepts, encode writes, and decode reads that as an equal value. */
#include "script/json.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdlib.h>

static bool is_equal(lua_State *L, int a, int b);

static int count_of(lua_State *L, int index) {
  int count = 0;
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1))
    count++;
  return count;
}

/* Whether all that the table `a` holds, `b` holds too. */
static bool is_within(lua_State *L, int a, int b) {
  luaL_checkstack(L, 8, NULL);
  for (lua_pushnil(L); lua_next(L, a) != 0; lua_pop(L, 2)) {
    lua_pushvalue(L, -2);
    lua_rawget(L, b);
    if (!is_equal(L, lua_gettop(L) - 1, lua_gettop(L)))
      return false;
  }
  return lua_getmetatable(L, a) == lua_getmetatable(L, b);
}

static bool is_equal(lua_State *L, int a, int b) {
  int top = lua_gettop(L);
  bool same = lua_rawequal(L, a, b) != 0 && lua_isinteger(L, a) == lua_isinteger(L, b);
  if (lua_type(L, a) == LUA_TTABLE && lua_type(L, b) == LUA_TTABLE)
    same = count_of(L, a) == count_of(L, b) && is_within(L, a, b);
  lua_settop(L, top);
  return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lua_State *L = luaL_newstate();
  if (slip_json_push(L, (struct slip_span){(const char *)data, size})) {
    struct slip_span text;
    if (!slip_json_encode(L, 1))
      abort();
    text.at = lua_tolstring(L, 2, &text.size);
    if (!slip_json_push(L, text) || !is_equal(L, 1, 3))
      abort();
  }
  lua_close(L);
  return 0;
}
