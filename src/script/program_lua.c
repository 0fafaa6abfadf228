#include "script/program_lua.h"

#include "script/core_lua.h"

#include <lauxlib.h>
#include <lualib.h>
#include <luv/luv.h>
#include <stdlib.h>
#include <string.h>

/* Where the registry keeps what the program carries. */
static const char the_modules = 0;

const struct slip_embedded *slip_program_modules(lua_State *L) {
  (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &the_modules);
  const struct slip_embedded *modules = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return modules;
}

static const struct slip_embedded *find_embedded(lua_State *L, const char *name) {
  for (const struct slip_embedded *e = slip_program_modules(L); e->name != NULL; e++) {
    if (strcmp(e->name, name) == 0)
      return e;
  }
  return NULL;
}

/* A searcher of `require`: what the program carries. */
static int search_embedded(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  const struct slip_embedded *found = find_embedded(L, name);
  if (found == NULL) {
    lua_pushfstring(L, "no module '%s' inside the program", name);
    return 1;
  }
  if (luaL_loadbufferx(L, (const char *)found->text, found->size, found->chunk, "t") != LUA_OK) {
    return lua_error(L);
  }
  lua_pushstring(L, found->chunk + 1);
  return 2;
}

/* A searcher of `require`: a folder. Upvalues: package.searchpath, the path to look in. */
static int search_folder(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, 1);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_call(L, 2, 2); /* file, or nil and where it is not */
  if (lua_isnil(L, -2))
    return 1;
  lua_pop(L, 1);
  if (luaL_loadfile(L, lua_tostring(L, -1)) != LUA_OK)
    return lua_error(L);
  lua_insert(L, -2); /* stack: loader, file */
  return 2;
}

/* Takes the searcher on top of the stack; makes it the one that is asked right after
 * package.preload. `package` is at index 1. */
static void add_searcher(lua_State *L) {
  lua_getfield(L, 1, "searchers");
  for (lua_Integer i = luaL_len(L, -1); i >= 2; i--) {
    lua_geti(L, -1, i);
    lua_seti(L, -2, i + 1);
  }
  lua_pushvalue(L, -2);
  lua_seti(L, -2, 2);
  lua_pop(L, 2);
}

/* For development: Lua files of this folder stand in front of those inside the program. */
static void add_folder(lua_State *L, const char *folder) {
  lua_getfield(L, 1, "searchpath");
  lua_pushfstring(L, "%s/?.lua;%s/?/init.lua", folder, folder);
  lua_pushcclosure(L, search_folder, 2);
  add_searcher(L);
}

void slip_program_open(lua_State *L, const struct slip_embedded *modules) {
  lua_pushlightuserdata(L, (void *)modules);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &the_modules);
  luaL_openlibs(L);
  lua_settop(L, 0);
  lua_getglobal(L, "package");
  lua_getfield(L, 1, "preload");
  lua_pushcfunction(L, luaopen_luv);
  lua_setfield(L, -2, "luv");
  lua_pushcfunction(L, slip_core_open);
  lua_setfield(L, -2, "slipstream.core");
  lua_pushcfunction(L, search_embedded);
  add_searcher(L);
  const char *folder = getenv("SLIPSTREAM_LUA_PATH");
  if (folder != NULL && *folder != '\0')
    add_folder(L, folder);
  lua_settop(L, 0);
}

void slip_program_push_main(lua_State *L, const char *module) {
  lua_getglobal(L, "require");
  lua_pushstring(L, module);
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "main");
  lua_remove(L, -2);
}
