#ifndef SLIP_SCRIPT_TLS_ENGINE_LUA_H
#define SLIP_SCRIPT_TLS_ENGINE_LUA_H
/*
 * Tls_engine_lua: TLS over a socket of luv's: `core.tls_engine(tls, host)`, with settings of
 * `core.tls`, makes an engine (net/tls_engine.h), which knows no socket:
 *
 * - engine:feed(bytes) → plain bytes, "shaking"|"open"|"over"; or nil, text, "io"
 * - engine:write(bytes) → true; or nil, text, code
 * - engine:take() → the bytes to be sent, after any other call
 * - engine:finish() says close_notify
 */
#include <lua.h>

/* Adds `tls_engine` to the module table on top of the stack. */
void slip_tls_engine_open(lua_State *L);

#endif
