#ifndef SLIP_SCRIPT_SERVER_LUA_H
#define SLIP_SCRIPT_SERVER_LUA_H
/*
 * Server_lua: the embedded HTTP and WebSocket server for Lua, on luv's loop. What is said over it
 * is lua/slipstream/server's.
 *
 * core.http_server(settings, handlers) → server | nil, text, code
 *   settings: host, port, subprotocol, max_message_bytes, max_queue_bytes, max_connections,
 *             idle_timeout_msec; all are needed
 *   server:port() · server:stop() ends when its connections have · server:close() drops them
 * conn:send(bytes, is_binary) → true | nil, text, code · conn:close(code[, text]) · conn:drop()
 * conn:header(name) → string | nil, while the request is being answered
 *
 * Handlers, through the door:
 *   request(conn, { method, path, version, is_upgrade, arguments = {"key=value", …} }) → nil to
 *     accept an upgrade, else the bytes of an HTTP response; it answers 500 when this raises
 *   opened(conn) · message(conn, bytes, is_binary) · refused(conn, code, why) ·
 *   closed(conn, code, text) · starved(why) · stopped()
 *   failed(name, traceback) when one of them raised: a bug of ours
 *
 * The registry table `slipstream.live` keeps a server until it has stopped.
 */
#include <lua.h>

/* Pushes `http_server`. Raises. */
int slip_server_open(lua_State *L);

#endif
