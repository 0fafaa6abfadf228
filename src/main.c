/*
 * The program `slipstream`: a Lua state, the modules that it carries inside, the arguments and the
 * exit code. The commands themselves are Lua: lua/slipstream/cli.
 */
#include "embedded.h"
#include "script/core_lua.h"

#include <lauxlib.h>
#include <lualib.h>
#include <luv/luv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
  int count;
  char **list;
};

static const struct slip_embedded *find_embedded(const char *name) {
  for (const struct slip_embedded *e = slip_embedded; e->name != NULL; e++) {
    if (strcmp(e->name, name) == 0)
      return e;
  }
  return NULL;
}

/* A searcher of `require`: what the program carries. */
static int search_embedded(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  const struct slip_embedded *found = find_embedded(name);
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

static void open_modules(lua_State *L) {
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

/* Pushes the table of arguments; the program's own name is at 0, as Lua has it. */
static void push_arguments(lua_State *L, const struct arguments *arguments) {
  lua_createtable(L, arguments->count, 1);
  for (int i = 0; i < arguments->count; i++) {
    lua_pushstring(L, arguments->list[i]);
    lua_seti(L, -2, i);
  }
}

/* Runs protected: arguments in, exit code out. */
static int run(lua_State *L) {
  const struct arguments *arguments = lua_touserdata(L, 1);
  open_modules(L);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "slipstream.cli");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "main");
  push_arguments(L, arguments);
  lua_call(L, 1, 1);
  return 1;
}

static int add_traceback(lua_State *L) {
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  if (L == NULL) {
    fputs("slipstream: out of memory\n", stderr);
    return EXIT_FAILURE;
  }
  struct arguments arguments = {argc, argv};
  lua_pushcfunction(L, add_traceback);
  lua_pushcfunction(L, run);
  lua_pushlightuserdata(L, &arguments);
  int code = EXIT_FAILURE;
  if (lua_pcall(L, 1, 1, 1) == LUA_OK) {
    code = (int)lua_tointeger(L, -1);
  } else { /* the commands catch what a user can get wrong, so this one is ours */
    fprintf(stderr, "slipstream: a defect of slipstream itself: %s\n", lua_tostring(L, -1));
  }
  lua_close(L);
  return code;
}
