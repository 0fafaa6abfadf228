#include "script/payload_lua.h"

#include "script/json.h"

#include <lauxlib.h>

void slip_payload_push_binary_metatable(lua_State *L) {
  luaL_newmetatable(L, SLIP_JSON_BINARY);
}

static void push_binary(lua_State *L, struct slip_span bytes) {
  lua_createtable(L, 0, 1);
  lua_pushlstring(L, bytes.at, bytes.size);
  lua_setfield(L, -2, "bytes");
  slip_payload_push_binary_metatable(L);
  lua_setmetatable(L, -2);
}

/* The decoder that the script chose, on top of the stack: it may raise or answer nil and why not.
 */
static bool push_decoded(lua_State *L, struct slip_span text) {
  int top = lua_gettop(L) - 1;
  lua_pushlstring(L, text.at, text.size);
  bool is_good = lua_pcall(L, 1, 2, 0) == LUA_OK;
  if (is_good && lua_isnil(L, -2)) {
    is_good = lua_isnil(L, -1);
    lua_remove(L, -2);
  }
  lua_settop(L, top + 1);
  return is_good;
}

bool slip_payload_push(lua_State *L, const struct slip_client_box *box,
                       struct slip_payload payload) {
  if (slip_span_is_absent(payload.bytes)) {
    lua_pushnil(L);
    return true;
  }
  if (box->has_serializer) {
    lua_getiuservalue(L, 2, SLIP_CLIENT_AT_HAND);
    return true;
  }
  if (payload.format == SLIP_BINARY) {
    push_binary(L, payload.bytes);
    return true;
  }
  if (!box->has_decoder)
    return slip_json_push_known(L, payload.bytes, payload.plain);
  lua_getiuservalue(L, 2, SLIP_CLIENT_CODEC);
  return push_decoded(L, payload.bytes);
}
