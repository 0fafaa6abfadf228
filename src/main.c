/*
 * The program `slipstream`: a Lua state, the arguments and the exit code. The commands themselves
 * are Lua: lua/slipstream/cli.
 */
#include "embedded.h"
#include "net/files.h"
#include "script/memory_lua.h"
#include "script/result.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

struct arguments {
  int count;
  char **list;
};

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
  slip_program_open(L, slip_embedded);
  slip_program_push_main(L, "slipstream.cli");
  push_arguments(L, arguments);
  lua_call(L, 1, 1);
  return 1;
}

/* The commands catch what a user can get wrong, so this is for want of memory, or ours. */
static void complain(lua_State *L) {
  const char *whose = slip_result_is_no_memory(L, -1) ? "" : "a defect of slipstream itself: ";
  (void)fprintf(stderr, "slipstream: %s%s\n", whose, lua_tostring(L, -1));
}

int main(int argc, char **argv) {
  slip_files_fill_standard();
  slip_files_raise_limit();
  slip_files_outlive_peers();
  struct slip_memory_account account = {.limit = 0};
  lua_State *L = slip_memory_new_state(&account);
  if (L == NULL) {
    fputs("slipstream: not enough memory\n", stderr);
    return EXIT_FAILURE;
  }
  struct arguments arguments = {argc, argv};
  lua_pushcfunction(L, slip_result_add_traceback);
  lua_pushcfunction(L, run);
  lua_pushlightuserdata(L, &arguments);
  int code = EXIT_FAILURE;
  if (lua_pcall(L, 1, 1, 1) == LUA_OK)
    code = (int)lua_tointeger(L, -1);
  else
    complain(L);
  slip_memory_close_state(L, &account);
  return code;
}
