#ifndef SLIP_SCRIPT_PEER_LUA_H
#define SLIP_SCRIPT_PEER_LUA_H
/*
 * Peer_lua: the server's end of a connection over the pretended network, for specs:
 *
 * - peer:target() → host, port, is_tls
 * - peer:accept(), peer:finish([stage, text]), peer:window(bytes)
 * - peer:send(bytes) → true, or nil, "closed"
 * - peer:take() → bytes
 * - peer:closed() → nil, "graceful" or "abort"
 *
 * Not from inside a client's event: accept, finish, window, send.
 */
#include "script/host_lua.h"

/* Makes the metatable. */
void slip_peer_open(lua_State *L);
/* Pushes the peer of the dial that waits longest at the pretended host at index 1, or of the dial
 * of the client at index 2, when there is one; nil when none waits. Returns 1. */
int slip_peer_push(lua_State *L, struct slip_host_box *host);

#endif
