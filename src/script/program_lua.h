#ifndef SLIP_SCRIPT_PROGRAM_LUA_H
#define SLIP_SCRIPT_PROGRAM_LUA_H
/*
 * Program_lua: what a Lua state of the program can require: luv, the core, and the Lua modules that
 * the program carries inside, so that the one file can be copied. SLIPSTREAM_LUA_PATH, a folder,
 * comes before those.
 */
#include <lua.h>
#include <stddef.h>

/* A Lua module inside the program. */
struct slip_embedded {
  const char *name;  /* what `require` asks for */
  const char *chunk; /* "@slipstream/x.lua": by it our own frames are told from the user's */
  const unsigned char *text;
  size_t size;
};

/* Opens the standard libraries and prepares `require`. `modules` is constant; the last one has no
 * name. Raises; the stack is empty afterwards. */
void slip_program_open(lua_State *L, const struct slip_embedded *modules);
/* What this state was opened with; NULL: it is not the program's. */
const struct slip_embedded *slip_program_modules(lua_State *L);
/* Requires the module and pushes its function `main`. Raises. */
void slip_program_push_main(lua_State *L, const char *module);

#endif
