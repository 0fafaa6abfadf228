#ifndef SLIP_SCRIPT_URI_LUA_H
#define SLIP_SCRIPT_URI_LUA_H
/*
 * Uri_lua: core.uri_read(text) → { secure=, host=, port=, path=, query=, unix_path= }
 *                              | nil, "scheme must be ws or wss, got http"
 */
#include <lua.h>

/* Adds `uri_read` to the module table on top of the stack. */
void slip_uri_open(lua_State *L);

#endif
