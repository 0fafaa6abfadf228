#ifndef SLIP_SCRIPT_DIAL_LUA_H
#define SLIP_SCRIPT_DIAL_LUA_H
/*
 * Dial_lua: the script's answer to connect_due and redirected: where to dial and what to ask for.
 *
 *   client:dial{ uri=, headers={{name, value}, …}, protocols=text|nil, tls=userdata|nil,
 *               local_address=text|nil, proxy={host=, port=, credentials=text|nil}|nil }
 *   client:dial_failed(text)    the attempt ends with connect_failed
 */
#include <lua.h>

int slip_dial(lua_State *L);
int slip_dial_failed(lua_State *L);

#endif
