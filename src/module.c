/*
 * The module `slipstream.core` for a plain lua5.4: `slipstream/core.so` on package.cpath.
 */
#include "script/core_lua.h"

int luaopen_slipstream_core(lua_State *L);

__attribute__((visibility("default"))) int luaopen_slipstream_core(lua_State *L) {
  return slip_core_open(L);
}
