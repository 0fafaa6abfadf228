#ifndef SLIP_SCRIPT_CONFIG_LUA_H
#define SLIP_SCRIPT_CONFIG_LUA_H
/*
 * Config_lua: the table that `host:client` is given, as the session's numbers. What is absent keeps
 * its default.
 */
#include "core/session.h"

#include <lua.h>

/* Reads the table at `index` (nil: all defaults). lua/slipstream/config.lua has explained a user's
 * mistakes before; what is wrong here all the same raises. */
void slip_config_read(lua_State *L, int index, struct slip_session_config *out);

#endif
