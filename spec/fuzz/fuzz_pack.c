/* The law: what unpack accepts, pack writes, and unpack reads that as a value that is packed into
 * as many bytes. Shared objects are resolved to what stands for them. */
#include "script/pack.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdlib.h>

#define MUST(condition) ((condition) ? (void)0 : abort())

/* resolve(value): an object that stands for it. */
static int resolve(lua_State *L) {
  lua_newtable(L);
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, 1);
  luaL_setmetatable(L, "object");
  return 1;
}

/* refer(object): what it stands for; true, since nil is refused. */
static int refer(lua_State *L) {
  if (lua_rawgeti(L, 1, 1) == LUA_TNIL)
    lua_pushboolean(L, 1);
  return 1;
}

/* Calls the function of the module table at 1 with the value on top, which its first result
 * replaces. */
static void apply(lua_State *L, const char *name, lua_CFunction callback) {
  lua_getfield(L, 1, name);
  lua_insert(L, -2); /* stack: function, value */
  lua_pushcfunction(L, callback);
  lua_call(L, 2, 1);
}

static lua_State *new_state(void) {
  lua_State *L = luaL_newstate();
  luaL_newmetatable(L, "object");
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, "__shared");
  lua_settop(L, 0);
  lua_newtable(L);
  slip_pack_open(L);
  return L;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lua_State *L = new_state();
  lua_pushlstring(L, (const char *)data, size);
  apply(L, "unpack", resolve);
  apply(L, "pack", refer); /* of nil, when those bytes are no value */
  MUST(lua_type(L, -1) == LUA_TSTRING);
  lua_Unsigned first = lua_rawlen(L, -1);
  apply(L, "unpack", resolve);
  apply(L, "pack", refer);
  MUST(lua_type(L, -1) == LUA_TSTRING && lua_rawlen(L, -1) == first);
  lua_close(L);
  return 0;
}
