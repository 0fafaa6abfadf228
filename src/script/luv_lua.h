#ifndef SLIP_SCRIPT_LUV_LUA_H
#define SLIP_SCRIPT_LUV_LUA_H
/*
 * Luv_lua: luv, whose loop is ours: kept for as long as the Lua state lives, and kept from being
 * run twice.
 */
#include <lua.h>

/*
 * Requires luv, the first time. From then on `uv.run` inside a callback raises: libuv's loop cannot
 * be entered again from inside (docs.libuv.org, uv_run), and what it was about to do when it called
 * us would be done twice.
 */
void slip_luv_require(lua_State *L);

#endif
