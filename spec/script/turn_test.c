/* The functions of a host's own: its turn and its timers. */
#include "script/core_lua.h"

#include "spec/support/check.h"
#include "spec/support/memory_failure.h"
#include "spec/support/scarce_lua.h"

#include <lauxlib.h>
#include <lualib.h>
#include <luv/luv.h>
#include <unistd.h>

/* Timers set, moved, unset and due, a turn of their making; `core` is its argument. What it cannot
 * do for want of memory raises; a call that could not be made is missing. */
static const char LIFE[] = "local core = ...\n"
                           "local host = assert(core.pretend())\n"
                           "local heard = 0\n"
                           "host:on_turn(function() heard = heard + 1 end)\n"
                           "local function due(owner, timer)\n"
                           "  heard = heard + #owner\n"
                           "  host:wake()\n"
                           "  if heard < 3 then assert(timer:set(10)) end\n"
                           "end\n"
                           "local timers = {}\n"
                           "for i = 1, 20 do timers[i] = host:timer(due, 'x') end\n"
                           "for i = 1, 20 do assert(timers[i]:set(i * 100)) end\n"
                           "for i = 2, 19 do timers[i]:unset() end\n"
                           "timers[1]:set(10)\n"
                           "host:advance(20)\n"
                           "assert(heard == 4, 'not called')\n"
                           "host:close()\n";

/* A timer is set and the host woken when the state ends. */
static const char OPEN[] = "local core = ...\n"
                           "for _, host in ipairs { core.pretend(), core.host() } do\n"
                           "  host:on_turn(print)\n"
                           "  host:wake()\n"
                           "  for i = 1, 20 do host:timer(print):set(i) end\n"
                           "end\n";

/* A loop with nothing else on it lives as long as something is set, whichever way it is run. */
static const char ON_LIBUV[] =
    "local core = ...\n"
    "local uv = require 'luv'\n"
    "local host = core.host()\n"
    "local heard = {}\n"
    "local function note(owner) heard[#heard + 1] = owner end\n"
    "host:on_turn(function() note 'turn' end)\n"
    "uv.run()\n"
    "assert(not uv.loop_alive() and #heard == 0)\n"
    "host:wake()\n"
    "assert(uv.loop_alive())\n"
    "uv.run()\n"
    "assert(not uv.loop_alive() and table.concat(heard, ' ') == 'turn')\n"
    "host:timer(note, 5):set(5)\n"
    "host:timer(note, 15):set(15)\n"
    "uv.run()\n"
    "assert(not uv.loop_alive() and table.concat(heard, ' ') == 'turn 5 15')\n"
    "host:timer(note, 6):set(6)\n"
    "host:timer(note, 16):set(16)\n"
    "while uv.loop_alive() do uv.run 'once' end\n"
    "assert(table.concat(heard, ' ') == 'turn 5 15 6 16')\n"
    "local long = host:timer(note)\n"
    "long:set(3600000)\n"
    "long:unset()\n"
    "assert(not uv.loop_alive())\n"
    "long:set(3600000)\n"
    "host:close()\n"
    "uv.run()\n";

/* All but the last raise. */
static const char DEFECTS[] = "local core = ...\n"
                              "local host = core.pretend()\n"
                              "host:on_turn(function() error 'a turn' end)\n"
                              "host:wake()\n"
                              "host:timer(function() error 'a timer' end):set(10)\n"
                              "host:timer(function() error({}) end):set(10)\n"
                              "host:timer(function() host:wake() end):set(10)\n"
                              "host:timer(function() is_called = true end):set(20)\n"
                              "host:advance(20)\n"
                              "assert(is_called)\n"
                              "host:close()\n";

/* A state with the chunk and its argument on the stack. */
static lua_State *new_state(const char *chunk, long *left) {
  *left = -1;
  lua_State *L = lua_newstate(scarce_allocate, left);
  luaL_openlibs(L);
  luaL_requiref(L, "luv", luaopen_luv, 0);
  luaL_requiref(L, "slipstream.core", slip_core_open, 0);
  assert_int_equal(luaL_loadstring(L, chunk), LUA_OK);
  lua_insert(L, -2); /* stack: luv, chunk, core */
  return L;
}

static void run(const char *chunk) {
  long left;
  lua_State *L = new_state(chunk, &left);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
  lua_close(L);
}

static void lives_when_there_is_memory(void **state) {
  (void)state;
  run(LIFE);
}

/* Whatever happened, closing the state must leave nothing behind, which the sanitizer sees. */
static bool lives_with(long granted) {
  long left;
  lua_State *L = new_state(LIFE, &left);
  left = granted;
  int status = lua_pcall(L, 1, 0, 0);
  left = -1;
  lua_close(L);
  return status == LUA_OK;
}

static void leaves_nothing_behind_when_lua_has_no_memory(void **state) {
  (void)state;
  long granted = 0;
  while (!lives_with(granted))
    granted++;
  assert_true(granted > 40);
}

/* The same for the memory of everything below Lua. */
static void leaves_nothing_behind_when_an_allocation_fails(void **state) {
  (void)state;
  unsigned number = 0;
  bool has_failed = true;
  for (; has_failed; number++) {
    long left;
    lua_State *L = new_state(LIFE, &left);
    lua_gc(L, LUA_GCSTOP); /* Lua's own allocations would be tried again after a collection */
    memory_fails_at(number);
    (void)lua_pcall(L, 1, 0, 0);
    has_failed = memory_has_failed();
    lua_close(L);
  }
  assert_true(number > 40);
}

/* One timer more than there is room for; the chunk answers it. */
static const char NINE[] = "local core = ...\n"
                           "local host = core.pretend()\n"
                           "local timers = {}\n"
                           "for i = 1, 9 do timers[i] = host:timer(print) end\n"
                           "for i = 1, 8 do timers[i]:set(1) end\n"
                           "return timers[9].set, timers[9], 1\n";

/* Whoever waits for it would wait for ever, so it must be heard of. What Lua itself has no memory
 * for it asks for again. */
static void a_timer_that_cannot_be_set_raises(void **state) {
  (void)state;
  unsigned number = 0, raised = 0;
  bool has_failed = true;
  for (; has_failed; number++) {
    long left;
    lua_State *L = new_state(NINE, &left);
    assert_int_equal(lua_pcall(L, 1, 3, 0), LUA_OK);
    lua_gc(L, LUA_GCSTOP);
    memory_fails_at(number);
    int status = lua_pcall(L, 2, 1, 0);
    has_failed = memory_has_failed();
    if (status == LUA_OK) {
      assert_true(lua_toboolean(L, -1));
    } else {
      assert_string_equal(lua_tostring(L, -1), "not enough memory");
      raised++;
    }
    lua_close(L);
  }
  assert_int_equal(raised, 1);
}

static void ends_with_the_state_whatever_is_set(void **state) {
  (void)state;
  run(OPEN);
}

static void keeps_libuv_alive_while_something_is_set(void **state) {
  (void)state;
  run(ON_LIBUV);
}

/* Fills `text` with what `work` writes to stderr. */
static void overhear(void (*work)(void), char *text, size_t size) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  int kept = dup(STDERR_FILENO);
  assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
  work();
  assert_true(dup2(kept, STDERR_FILENO) >= 0);
  close(kept);
  close(ends[1]);
  size_t filled = 0;
  ssize_t got;
  while ((got = read(ends[0], text + filled, size - 1 - filled)) > 0)
    filled += (size_t)got;
  text[filled] = '\0';
  close(ends[0]);
}

static void run_defects(void) {
  run(DEFECTS);
}

static unsigned count(const char *text, const char *part) {
  unsigned found = 0;
  for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
    found++;
  return found;
}

static void says_on_stderr_what_raises_and_goes_on(void **state) {
  (void)state;
  char text[8192];
  overhear(run_defects, text, sizeof text);
  /* two timers and, since a third one wakes the host again, two turns */
  assert_int_equal(count(text, "slipstream: a defect of slipstream itself: "), 4);
  assert_int_equal(count(text, "a turn\n"), 2);
  assert_int_equal(count(text, "a timer\n"), 1);
  assert_int_equal(count(text, "table: "), 1);
  assert_int_equal(count(text, "stack traceback:"), 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lives_when_there_is_memory),
      cmocka_unit_test(leaves_nothing_behind_when_lua_has_no_memory),
      cmocka_unit_test(leaves_nothing_behind_when_an_allocation_fails),
      cmocka_unit_test(a_timer_that_cannot_be_set_raises),
      cmocka_unit_test(ends_with_the_state_whatever_is_set),
      cmocka_unit_test(keeps_libuv_alive_while_something_is_set),
      cmocka_unit_test(says_on_stderr_what_raises_and_goes_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
