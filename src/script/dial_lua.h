#ifndef SLIP_SCRIPT_DIAL_LUA_H
#define SLIP_SCRIPT_DIAL_LUA_H
/*
 * Dial_lua: the script's answer to connect_due and redirected: where to dial and what to ask for.
 *
 *   client:dial{ uri=, headers={{name, value}, …}, protocols=text|nil, tls=userdata|nil,
 *               local_address=text|nil, proxy={host=, port=, credentials=text|nil}|nil,
 *               made=userdata|nil }
 *     made: what core.dial has made of the rest, for a table that is dialled often
 *   client:dial_failed(text)    the attempt ends with connect_failed
 */
#include <lua.h>

int slip_dial(lua_State *L);
int slip_dial_failed(lua_State *L);

/* Adds core.dial to the module table on top of the stack. */
void slip_dial_open(lua_State *L);

#endif
