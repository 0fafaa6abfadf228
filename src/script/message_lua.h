#ifndef SLIP_SCRIPT_MESSAGE_LUA_H
#define SLIP_SCRIPT_MESSAGE_LUA_H
/*
 * Message_lua: channel messages for the embedded server:
 *
 *   core.message_read(bytes, is_binary, vsn) → { kind=, join_ref=, ref=, topic=, event=, payload=,
 * is_binary= } what a client sent; `payload` stays JSON text or bytes core.message_write{ vsn=,
 * kind="push"|"reply"|"broadcast", join_ref=, ref=, topic=, event=, status=, payload=, is_binary= }
 * → bytes, is_binary    what a server sends
 *
 * Both answer nil, text, code.
 */
#include <lua.h>

/* Adds both to the module table on top of the stack. */
void slip_message_open(lua_State *L);

#endif
