#include "script/mask_lua.h"

#include "core/ws_frame.h"
#include "script/result.h"

#include <lauxlib.h>
#include <string.h>

static int core_ws_mask(lua_State *L) {
  struct slip_span bytes = slip_result_check_span(L, 1);
  struct slip_span key = slip_result_check_span(L, 2);
  uint32_t mask;
  luaL_argcheck(L, key.size == sizeof mask, 2, "four bytes expected");
  memcpy(&mask, key.at, sizeof mask);
  luaL_Buffer buffer;
  char *room = luaL_buffinitsize(L, &buffer, bytes.size);
  slip_ws_mask(room, bytes.at, bytes.size, mask);
  luaL_pushresultsize(&buffer, bytes.size);
  return 1;
}

void slip_mask_open(lua_State *L) {
  lua_pushcfunction(L, core_ws_mask);
  lua_setfield(L, -2, "ws_mask");
}
