#ifndef SLIP_SCRIPT_PUSH_LUA_H
#define SLIP_SCRIPT_PUSH_LUA_H
/*
 * Push_lua: pushes, from the script's value to the bytes of the connection in one call:
 *
 *   core.push(socket, topic, event, payload, timeout, may_wait)
 *     → ref | nil, text, code | false: it is not for us, by what is no socket that has connected
 *       yet, by a topic or event that is no string, or for a config with a JSON or a
 *       serializer of its own
 *
 * `timeout` and `may_wait` may be absent.
 */
#include <lua.h>

/* Adds `push` to the module table on top of the stack; the metatable of clients is there. */
void slip_push_open(lua_State *L);
/* client:push(topic, event, bytes, is_binary, timeout, may_wait): the same with a payload that is
 * JSON text, or binary. */
int slip_push_bytes(lua_State *L);

#endif
