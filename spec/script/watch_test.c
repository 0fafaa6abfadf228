#include "script/watch.h"

#include "script/slice_lua.h"
#include "spec/support/check.h"
#include "spec/support/scarce_lua.h"

#include <lauxlib.h>
#include <lualib.h>

/* A state with the functions in the global `core`. */
static lua_State *prepared(lua_State *L) {
  luaL_openlibs(L);
  lua_newtable(L);
  slip_slice_open(L);
  lua_setglobal(L, "core");
  return L;
}

static void run(lua_State *L, const char *text) {
  if (luaL_dostring(L, text) != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
}

static const char told[] = "told = 0\n"
                           "core.watch(function() told = told + 1 end)\n"
                           "function work(seconds)\n"
                           "  local limit = os.clock() + seconds\n"
                           "  while os.clock() < limit do local _ = {} end\n"
                           "end\n";

static void closes_a_state_that_is_being_watched(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    lua_State *L = prepared(luaL_newstate());
    run(L, told);
    run(L, "core.run(core.thread(), work, 0.12) assert(told > 0)");
    lua_close(L);
  }
  lua_State *L = prepared(luaL_newstate()); /* a tick of the closed ones would strike here */
  run(L, told);
  run(L, "work(0.12) assert(told == 0)");
  lua_close(L);
}

static int close_state(lua_State *L) {
  lua_close(lua_touserdata(L, 1));
  return 0;
}

/* A script may own the state of another one. */
static void closes_another_state_inside_a_slice(void **state) {
  (void)state;
  lua_State *L = prepared(luaL_newstate());
  lua_State *other = prepared(luaL_newstate());
  run(other, told);
  run(other, "core.run(core.thread(), work, 0.06)");
  run(L, told);
  lua_pushcfunction(L, close_state);
  lua_setglobal(L, "close_state");
  lua_pushlightuserdata(L, other);
  lua_setglobal(L, "other");
  run(L, "core.run(core.thread(), function() close_state(other) work(0.15) end)\n"
         "assert(told > 0)");
  lua_close(L);
}

static void watches_two_states_apart(void **state) {
  (void)state;
  lua_State *one = prepared(luaL_newstate());
  lua_State *two = prepared(luaL_newstate());
  run(one, told);
  run(two, told);
  run(one, "core.run(core.thread(), work, 0.12) assert(told > 0)");
  run(two, "assert(told == 0)");
  lua_close(one);
  lua_close(two);
}

static void keeps_one_watch_when_opened_again(void **state) {
  (void)state;
  lua_State *L = luaL_newstate();
  const struct slip_watch *watch = slip_watch_push(L);
  assert_ptr_equal(slip_watch_push(L), watch);
  lua_close(L);
}

static void needs_no_coroutine_library(void **state) {
  (void)state;
  lua_State *L = luaL_newstate();
  lua_newtable(L);
  slip_slice_open(L);
  assert_int_equal(lua_gettop(L), 1);
  assert_int_equal(lua_getfield(L, 1, "run"), LUA_TFUNCTION);
  lua_close(L);
}

/* Lua makes these answers where nobody catches an error. */
static void refuses_without_memory(void **state) {
  (void)state;
  long left = -1;
  lua_State *L = prepared(lua_newstate(scarce_allocate, &left));
  run(L, "resume, dead = coroutine.resume, coroutine.create(function() end) resume(dead)");
  assert_int_equal(luaL_loadstring(L, "return resume(dead)"), LUA_OK);
  lua_gc(L, LUA_GCSTOP);
  left = 0;
  int status = lua_pcall(L, 0, 2, 0);
  left = -1;
  assert_int_equal(status, LUA_OK);
  assert_false(lua_toboolean(L, -2));
  assert_string_equal(lua_tostring(L, -1), "cannot resume dead coroutine");
  lua_close(L);
}

static int open_all(lua_State *L) {
  lua_newtable(L);
  slip_slice_open(L);
  return 0;
}

static void opens_or_raises_when_memory_is_scarce(void **state) {
  (void)state;
  int status = LUA_ERRMEM;
  for (long granted = 0; status != LUA_OK; granted++) {
    long left = -1;
    lua_State *L = lua_newstate(scarce_allocate, &left);
    lua_pushcfunction(L, open_all);
    left = granted;
    status = lua_pcall(L, 0, 0, 0);
    left = -1;
    assert_true(status == LUA_OK || status == LUA_ERRMEM);
    lua_close(L);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(closes_a_state_that_is_being_watched),
      cmocka_unit_test(closes_another_state_inside_a_slice),
      cmocka_unit_test(watches_two_states_apart),
      cmocka_unit_test(keeps_one_watch_when_opened_again),
      cmocka_unit_test(needs_no_coroutine_library),
      cmocka_unit_test(refuses_without_memory),
      cmocka_unit_test(opens_or_raises_when_memory_is_scarce),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
