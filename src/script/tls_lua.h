#ifndef SLIP_SCRIPT_TLS_LUA_H
#define SLIP_SCRIPT_TLS_LUA_H
/*
 * Tls_lua: TLS settings as a userdata that many clients share: `core.tls{ ca_file=, … }`.
 */
#include "net/tls.h"

#include <lua.h>

/* Adds `tls` to the module table on top of the stack. */
void slip_tls_open(lua_State *L);
/* The settings at `index`, borrowed from the userdata; NULL for nil. Raises for anything else. */
struct slip_tls_config *slip_tls_opt(lua_State *L, int index);

#endif
