#ifndef SLIP_SCRIPT_PAYLOAD_LUA_H
#define SLIP_SCRIPT_PAYLOAD_LUA_H
/*
 * Payload_lua: payloads as Lua values: decoded JSON, or { bytes = "…" } with the metatable of
 * binaries.
 */
#include "script/client_lua.h"

/* Pushes the metatable of binaries, SLIP_JSON_BINARY. */
void slip_payload_push_binary_metatable(lua_State *L);
/*
 * Pushes the payload as a value, nil when there is none, and answers true; or pushes an error and
 * answers false: it cannot be decoded. The client's userdata is at index 2. May raise.
 */
bool slip_payload_push(lua_State *L, const struct slip_client_box *box,
                       struct slip_payload payload);

#endif
