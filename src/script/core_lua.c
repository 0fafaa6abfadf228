#include "script/core_lua.h"

#include "net/files.h"
#include "script/alike_lua.h"
#include "script/bytes_lua.h"
#include "script/dial_lua.h"
#include "script/fiber_lua.h"
#include "script/histogram_lua.h"
#include "script/host_lua.h"
#include "script/json.h"
#include "script/luv_lua.h"
#include "script/memory_lua.h"
#include "script/message_lua.h"
#include "script/pack.h"
#include "script/payload_lua.h"
#include "script/push_lua.h"
#include "script/reason_lua.h"
#include "script/scale_lua.h"
#include "script/server_lua.h"
#include "script/slice_lua.h"
#include "script/team_lua.h"
#include "script/tls_engine_lua.h"
#include "script/tls_lua.h"
#include "script/uri_lua.h"

/* The values that Lua and C must agree on. */
static void set_values(lua_State *L) {
  lua_pushliteral(L, SLIP_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushinteger(L, (lua_Integer)slip_files_limit());
  lua_setfield(L, -2, "max_files");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  slip_json_push_array_mt(L);
  lua_setfield(L, -2, "array_mt");
  slip_payload_push_binary_metatable(L);
  lua_setfield(L, -2, "binary_mt");
  slip_reason_push_metatable(L);
  lua_setfield(L, -2, "reason_mt");
}

int slip_core_open(lua_State *L) {
  slip_luv_require(L);
  lua_newtable(L);
  set_values(L);
  lua_pushcfunction(L, slip_luv_catch);
  lua_setfield(L, -2, "catch");
  lua_pushcfunction(L, slip_luv_raise);
  lua_setfield(L, -2, "fail");
  lua_pushcfunction(L, slip_json_open);
  lua_call(L, 0, 1);
  lua_setfield(L, -2, "json");
  slip_uri_open(L);
  slip_tls_open(L);
  slip_dial_open(L);
  slip_tls_engine_open(L);
  slip_bytes_open(L);
  slip_alike_open(L);
  slip_message_open(L);
  slip_host_open(L);
  slip_push_open(L);
  slip_slice_open(L);
  slip_fiber_open(L);
  slip_pack_open(L);
  slip_memory_open(L);
  slip_scale_open(L);
  slip_histogram_open(L);
  slip_team_open(L);
  slip_server_open(L);
  lua_setfield(L, -2, "http_server");
  return 1;
}
