#ifndef SLIP_SCRIPT_TYPE_H
#define SLIP_SCRIPT_TYPE_H
/*
 * Type: the metatable of a kind of userdata.
 */
#include <lauxlib.h>

/* Makes it, by its name in the registry; the methods may be metamethods. Raises. */
void slip_type_make(lua_State *L, const char *name, const luaL_Reg *methods);

#endif
