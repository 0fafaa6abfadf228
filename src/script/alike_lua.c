#include "script/alike_lua.h"

#include <lauxlib.h>
#include <stdbool.h>

static size_t count_of(lua_State *L, int table) {
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
    count++;
  return count;
}

static bool are_alike(lua_State *L, int a, int b, int by_value);

/* Both values on top are tables, and their key, below them, is one of `by_value`. */
static bool is_compared(lua_State *L, int by_value) {
  if (by_value == 0 || !lua_istable(L, -1) || !lua_istable(L, -2))
    return false;
  lua_pushvalue(L, -3);
  bool is_listed = lua_rawget(L, by_value) != LUA_TNIL;
  lua_pop(L, 1);
  return is_listed;
}

/* On top are a key and its value; whether the table `other` has the same there. */
static bool is_in(lua_State *L, int other, int by_value) {
  lua_pushvalue(L, -2);
  (void)lua_rawget(L, other);
  bool is_same = lua_rawequal(L, -1, -2) != 0;
  if (!is_same && is_compared(L, by_value))
    is_same = are_alike(L, lua_gettop(L) - 1, lua_gettop(L), 0);
  lua_pop(L, 1);
  return is_same;
}

/* `by_value` is 0 for tables in tables, where nothing is compared any deeper. */
static bool are_alike(lua_State *L, int a, int b, int by_value) {
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, a) != 0; lua_pop(L, 1)) {
    if (!is_in(L, b, by_value)) {
      lua_pop(L, 2);
      return false;
    }
    count++;
  }
  return count == count_of(L, b);
}

static int core_are_alike(lua_State *L) {
  for (int i = 1; i <= 3; i++)
    luaL_checktype(L, i, LUA_TTABLE);
  bool is_alike = are_alike(L, 1, 2, 3);
  lua_pushboolean(L, is_alike);
  return 1;
}

void slip_alike_open(lua_State *L) {
  lua_pushcfunction(L, core_are_alike);
  lua_setfield(L, -2, "are_alike");
}
