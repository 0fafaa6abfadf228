#include "script/bytes_lua.h"

#include "core/upgrade.h"
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

static int core_ws_accept(lua_State *L) {
  unsigned char accept[SLIP_UPGRADE_ACCEPT_SIZE + 1];
  slip_upgrade_accept(slip_result_check_span(L, 1), accept);
  lua_pushlstring(L, (const char *)accept, SLIP_UPGRADE_ACCEPT_SIZE);
  return 1;
}

static int core_to_hex(lua_State *L) {
  static const char digits[] = "0123456789abcdef";
  struct slip_span bytes = slip_result_check_span(L, 1);
  luaL_argcheck(L, bytes.size <= SIZE_MAX / 2, 1, "too long");
  luaL_Buffer buffer;
  char *room = luaL_buffinitsize(L, &buffer, 2 * bytes.size);
  for (size_t i = 0; i < bytes.size; i++) {
    room[2 * i] = digits[(unsigned char)bytes.at[i] >> 4];
    room[2 * i + 1] = digits[(unsigned char)bytes.at[i] & 15];
  }
  luaL_pushresultsize(&buffer, 2 * bytes.size);
  return 1;
}

/* Of a digit; negative: it is none. */
static int value_of(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  char lower = (char)(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool read_hex(struct slip_span text, char *room) {
  for (size_t i = 0; i < text.size / 2; i++) {
    int high = value_of(text.at[2 * i]);
    int low = value_of(text.at[2 * i + 1]);
    if (high < 0 || low < 0)
      return false;
    room[i] = (char)(high << 4 | low);
  }
  return text.size % 2 == 0;
}

static int core_from_hex(lua_State *L) {
  struct slip_span text = slip_result_check_span(L, 1);
  luaL_Buffer buffer;
  char *room = luaL_buffinitsize(L, &buffer, text.size / 2);
  bool is_hex = read_hex(text, room);
  luaL_pushresultsize(&buffer, text.size / 2);
  if (!is_hex)
    lua_pushnil(L);
  return 1;
}

void slip_bytes_open(lua_State *L) {
  lua_pushcfunction(L, core_ws_mask);
  lua_setfield(L, -2, "ws_mask");
  lua_pushcfunction(L, core_ws_accept);
  lua_setfield(L, -2, "ws_accept");
  lua_pushcfunction(L, core_to_hex);
  lua_setfield(L, -2, "to_hex");
  lua_pushcfunction(L, core_from_hex);
  lua_setfield(L, -2, "from_hex");
}
