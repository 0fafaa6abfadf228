#ifndef SLIP_SCRIPT_BYTES_LUA_H
#define SLIP_SCRIPT_BYTES_LUA_H
/*
 * Bytes_lua: strings from strings, for which Lua would take long:
 *
 * - core.ws_mask(bytes, key): under a key of four bytes (RFC 6455), or freed from it
 * - core.ws_accept(key): what a server answers to a Sec-WebSocket-Key
 * - core.to_hex(bytes): two digits each, in lower case
 * - core.from_hex(text) → bytes; nil for what is no such text
 */
#include <lua.h>

/* Adds them to the module table on top of the stack. */
void slip_bytes_open(lua_State *L);

#endif
