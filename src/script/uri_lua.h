#ifndef SLIP_SCRIPT_URI_LUA_H
#define SLIP_SCRIPT_URI_LUA_H
/*
 * Uri_lua: core.uri_read(text) → { secure=, host=, port=, path=, query=, unix_path= }
 *                              | nil, "scheme must be ws or wss, got http"
 *          core.is_address(text) → whether it is an IPv4 or IPv6 address
 *          core.address_bytes(text) → its 4 or 16 bytes | nil
 */
#include <lua.h>

/* Adds them to the module table on top of the stack. */
void slip_uri_open(lua_State *L);

#endif
