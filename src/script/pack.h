#ifndef SLIP_SCRIPT_PACK_H
#define SLIP_SCRIPT_PACK_H
/*
 * Pack: Lua values as bytes and back, for other Lua states of this process.
 *
 *   core.pack(value [, refer])      → bytes | nil, text
 *   core.unpack(bytes [, resolve])  → value | nil, text
 *
 * Packed are nil, booleans, integers, floats, strings, null, and tables with all they hold: as in
 * lua/slipstream/copy.lua, what was one table is one again, so shared references and cycles are
 * kept, metamethods are ignored, and tables lie at most 1000 deep within each other. Of metatables
 * array_mt, binary_mt and reason_mt are kept.
 *
 * A table whose metatable has a true field `__shared` goes by reference: refer(object) answers a
 * plain value that is packed in its place, or nil when it cannot be passed; in the other state
 * resolve(value) answers what stands there. Everything else (functions, coroutines, userdata,
 * other metatables) is an error: "a function cannot be passed to another worker".
 *
 * What `refer` and `resolve` raise is raised on.
 */
#include <lua.h>

/* The most bytes of a packed value. */
#define SLIP_PACK_MAX (64u * 1024 * 1024)
/* How many tables may lie within each other, as copy.lua has it. */
#define SLIP_PACK_DEPTH_MAX 1000

/* Adds `pack` and `unpack` to the module table on top of the stack. */
void slip_pack_open(lua_State *L);

#endif
