#ifndef SLIP_SCRIPT_LUV_LUA_H
#define SLIP_SCRIPT_LUV_LUA_H
/*
 * Luv_lua: luv, whose loop is ours: kept for as long as the Lua state lives, kept from being run
 * twice, and left when a callback fails. Our handles on it `uv.walk` passes over.
 */
#include <lua.h>

/*
 * Requires luv, the first time. From then on `uv.run` inside a callback raises: libuv's loop cannot
 * be entered again from inside (docs.libuv.org, uv_run), and what it was about to do when it called
 * us would be done twice.
 *
 * An error in a callback of luv's stops the loop, and `uv.run` raises it, with the traceback of
 * where it was; luv by itself would end the process, and with it the threads of others.
 */
void slip_luv_require(lua_State *L);
/* core.catch(handler): the message handler for callbacks of luv's, instead of one that adds a
 * traceback. */
int slip_luv_catch(lua_State *L);
/* core.fail(error): as if a callback of luv's had raised it, where it would reach somebody else. */
int slip_luv_raise(lua_State *L);
/* Pops an error: what this state shares may be half done, so the loop stops and `uv.run` raises it.
 * Allocates nothing; needs two slots of the stack. */
void slip_luv_fail(lua_State *L);

#endif
