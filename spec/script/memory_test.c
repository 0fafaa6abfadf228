/* Lua states whose memory is counted, where their limit meets what runs scripts. */
#include "script/memory_lua.h"

#include "script/program_lua.h"
#include "spec/support/check.h"

#include <lauxlib.h>

static const struct slip_embedded no_modules[] = {{NULL}};

static int open_program(lua_State *L) {
  slip_program_open(L, no_modules);
  return 0;
}

static void run(lua_State *L, const char *text) {
  if (luaL_dostring(L, text) != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
}

/* A state with the core in the global `core`. */
static lua_State *new_state(struct slip_memory_account *account) {
  lua_State *L = slip_memory_new_state(account);
  assert_non_null(L);
  lua_pushcfunction(L, open_program);
  assert_int_equal(lua_pcall(L, 0, 0, 0), LUA_OK);
  run(L, "core = require 'slipstream.core'");
  return L;
}

/* It is ended by an allocator that stands before ours, since it cannot yield there. */
static void has_all_of_its_limit_again_when_a_runaway_slice_is_ended(void **state) {
  (void)state;
  struct slip_memory_account account = {.limit = 0};
  lua_State *L = new_state(&account);
  run(L, "core.watch(function() return 'too long' end)\n"
         "local function forever() while true do local _ = {} end end\n"
         "local status, err = core.run(core.thread(), table.sort, { 1, 2 }, forever)\n"
         "assert(status == -1 and err:find 'too long', err)");
  assert_false(account.is_slice);
  slip_memory_close_state(L, &account);
}

static int is_slice(lua_State *L) {
  const struct slip_memory_account *account = lua_touserdata(L, lua_upvalueindex(1));
  lua_pushboolean(L, account->is_slice);
  return 1;
}

static void has_no_more_than_a_slice_may_while_a_runaway_one_cleans_up(void **state) {
  (void)state;
  struct slip_memory_account account = {.limit = 0};
  lua_State *L = new_state(&account);
  lua_pushlightuserdata(L, &account);
  lua_pushcclosure(L, is_slice, 1);
  lua_setglobal(L, "is_slice");
  run(L, "core.watch(function() return 'too long' end)\n"
         "local function forever() while true do local _ = {} end end\n"
         "local seen = {}\n"
         "core.run(core.thread(), function()\n"
         "  pcall(table.sort, { 1, 2 }, forever)\n"
         "  coroutine.wrap(is_slice)()\n"
         "  seen[1] = is_slice()\n"
         "end)\n"
         "assert(seen[1] == true)");
  assert_false(account.is_slice);
  slip_memory_close_state(L, &account);
}

/* Calls core.begin with more arguments than there is memory for in its coroutine. */
static int begin_with_many(lua_State *L) {
  enum { MANY = 10000 };
  struct slip_memory_account *account = lua_touserdata(L, 1);
  luaL_checkstack(L, MANY + 100, NULL);
  (void)lua_getglobal(L, "core");
  (void)lua_getfield(L, -1, "begin");
  (void)lua_getglobal(L, "owner");
  (void)lua_getglobal(L, "print");
  for (int i = 0; i < MANY; i++)
    lua_pushinteger(L, i);
  account->limit = account->used + 8192;
  int status = lua_pcall(L, MANY + 2, 0, 0);
  account->limit = 0;
  lua_pushinteger(L, status);
  return 1;
}

static void is_nobodys_fiber_that_could_not_begin(void **state) {
  (void)state;
  struct slip_memory_account account = {.limit = 0};
  lua_State *L = new_state(&account);
  run(L, "owner = { _fiber = false }\n"
         "core.on_error(function(err) return err end)\n"
         "core.begin(owner, function() first = coroutine.running() end)");
  lua_pushcfunction(L, begin_with_many);
  lua_pushlightuserdata(L, &account);
  lua_call(L, 1, 1);
  assert_int_equal(lua_tointeger(L, -1), LUA_ERRRUN);
  run(L, "assert(owner._fiber == false)\n"
         "core.begin(owner, function() again = coroutine.running() end)\n"
         "assert(first == again)");
  slip_memory_close_state(L, &account);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(has_all_of_its_limit_again_when_a_runaway_slice_is_ended),
      cmocka_unit_test(has_no_more_than_a_slice_may_while_a_runaway_one_cleans_up),
      cmocka_unit_test(is_nobodys_fiber_that_could_not_begin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
