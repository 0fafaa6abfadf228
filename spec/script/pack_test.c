/* What packing does without memory; what it makes is in spec/lua/pack_spec.lua. */
#include "script/core_lua.h"

#include "spec/support/check.h"
#include "spec/support/memory_failure.h"
#include "spec/support/scarce_lua.h"

#include <lauxlib.h>
#include <lualib.h>
#include <luv/luv.h>

/* There and back; `core` is its argument. */
static const char TRIP[] = "local core = ...\n"
                           "local handle = setmetatable({}, { __shared = true })\n"
                           "local list = {}\n"
                           "for i = 1, 50 do list[i] = { i, key = 'x' .. i, handle = handle } end\n"
                           "local bytes = assert(core.pack(list, function() return { 1 } end))\n"
                           "local made = core.unpack(bytes, function() return handle end)\n"
                           "assert(#made == 50 and made[50].handle == handle)\n"
                           "assert(not core.pack { list, print })\n"
                           "assert(not core.unpack(bytes:sub(1, -2), type))\n";

static lua_State *new_state(long *left) {
  *left = -1;
  lua_State *L = lua_newstate(scarce_allocate, left);
  luaL_openlibs(L);
  luaL_requiref(L, "luv", luaopen_luv, 0);
  luaL_requiref(L, "slipstream.core", slip_core_open, 0);
  assert_int_equal(luaL_loadstring(L, TRIP), LUA_OK);
  lua_insert(L, -2); /* stack: luv, chunk, core */
  return L;
}

static bool travels_with(long granted) {
  long left;
  lua_State *L = new_state(&left);
  left = granted;
  int status = lua_pcall(L, 1, 0, 0);
  left = -1;
  assert_true(status == LUA_OK || granted >= 0);
  lua_close(L);
  return status == LUA_OK;
}

static void travels_when_there_is_memory(void **state) {
  (void)state;
  assert_true(travels_with(-1));
}

static void leaves_nothing_behind_when_lua_has_no_memory(void **state) {
  (void)state;
  long granted = 0;
  while (!travels_with(granted))
    granted++;
  assert_true(granted > 40);
}

static void leaves_nothing_behind_when_an_allocation_fails(void **state) {
  (void)state;
  unsigned number = 0;
  bool has_failed = true;
  for (; has_failed; number++) {
    long left;
    lua_State *L = new_state(&left);
    memory_fails_at(number);
    int status = lua_pcall(L, 1, 0, 0);
    has_failed = memory_has_failed();
    assert_true(status == LUA_OK || has_failed);
    lua_close(L);
  }
  assert_true(number > 40);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(travels_when_there_is_memory),
      cmocka_unit_test(leaves_nothing_behind_when_lua_has_no_memory),
      cmocka_unit_test(leaves_nothing_behind_when_an_allocation_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
