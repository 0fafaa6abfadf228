#ifndef SLIP_SCRIPT_REASON_LUA_H
#define SLIP_SCRIPT_REASON_LUA_H
/*
 * Reason_lua: reasons as Lua tables: { kind = "closed_by_remote", code = 1012, text = "…" }.
 */
#include "core/reason.h"

#include <lua.h>

/* The name of their metatable in the registry. */
#define SLIP_REASON_TYPE "slipstream.reason"

/* Pushes the metatable of reasons; lua/slipstream/reason.lua gives it its methods. May raise. */
void slip_reason_push_metatable(lua_State *L);
/* Pushes the reason as a table, nil for NULL. May raise. */
void slip_reason_push(lua_State *L, const struct slip_reason *reason);

#endif
