#include "script/core_lua.h"

#include "spec/support/check.h"
#include "spec/support/memory_failure.h"
#include "spec/support/scarce_lua.h"

#include <lauxlib.h>
#include <lualib.h>
#include <luv/luv.h>

/* A life: made, connected, joined, refused, ended; `core` is its argument. What it cannot do for
 * want of memory raises; an event that could not be told is missing. */
static const char LIFE[] =
    "local core = ...\n"
    "local host = assert(core.pretend())\n"
    "local heard = {}\n"
    "local handlers = {}\n"
    "function handlers.connect_due(socket)\n"
    "  local headers = { { 'x-one', '1' }, { 'x-two', '2' } }\n"
    "  assert(socket.client:dial { uri = 'ws://phoenix.test/socket', headers = headers })\n"
    "end\n"
    "function handlers.disconnected(socket, reason) heard[#heard + 1] = reason.kind end\n"
    "function handlers.failed(socket, name, text) heard[#heard + 1] = name end\n"
    "local socket = {}\n"
    "socket.client = assert(host:client(handlers, socket, { jitter = 0, decode = print }))\n"
    "assert(socket.client:connect())\n"
    "assert(socket.client:join('room:1'))\n"
    "host:advance(0)\n"
    "local peer = assert(host:peer(), 'nobody dialled')\n"
    "peer:accept()\n"
    "host:advance(0)\n"
    "assert(#peer:take() > 0)\n"
    "assert(peer:send('HTTP/1.1 403 Forbidden\\r\\nContent-Length: 2\\r\\n\\r\\nno'))\n"
    "host:advance(0)\n"
    "assert(heard[1] == 'connect_failed')\n"
    "local other = assert(host:client({}, {}))\n"
    "socket.client:close()\n"
    "host:close()\n";

/* A state with the life and its argument on the stack. */
static lua_State *new_state(long *left) {
  *left = -1;
  lua_State *L = lua_newstate(scarce_allocate, left);
  luaL_openlibs(L);
  luaL_requiref(L, "luv", luaopen_luv, 0);
  luaL_requiref(L, "slipstream.core", slip_core_open, 0);
  assert_int_equal(luaL_loadstring(L, LIFE), LUA_OK);
  lua_insert(L, -2); /* stack: luv, life, core */
  return L;
}

static void lives_when_there_is_memory(void **state) {
  (void)state;
  long left;
  lua_State *L = new_state(&left);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
  lua_close(L);
}

/* Whether `granted` allocations of Lua's are enough for a life; whatever happened, closing the
 * state must leave nothing behind, which the sanitizer sees. */
static bool lives_with(long granted) {
  long left;
  lua_State *L = new_state(&left);
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
    lua_State *L = new_state(&left);
    lua_gc(L, LUA_GCSTOP); /* Lua's own allocations would be tried again after a collection */
    memory_fails_at(number);
    (void)lua_pcall(L, 1, 0, 0);
    has_failed = memory_has_failed();
    lua_close(L);
  }
  assert_true(number > 40);
}

/* `lua_close` finds running clients, a host and a peer; nobody closed them. */
static void closes_what_is_open_with_the_state(void **state) {
  (void)state;
  static const char open[] = "local core = ...\n"
                             "host = core.pretend()\n"
                             "client = host:client({ connect_due = function(socket)\n"
                             "  client:dial { uri = 'ws://phoenix.test/socket' } end }, {})\n"
                             "client:connect()\n"
                             "host:advance(0)\n"
                             "peer = host:peer()\n"
                             "peer:accept()\n"
                             "core.host():client({}, {})\n";
  long left;
  lua_State *L = new_state(&left);
  assert_int_equal(luaL_loadstring(L, open), LUA_OK);
  lua_replace(L, -3);
  assert_int_equal(lua_pcall(L, 1, 0, 0), LUA_OK);
  lua_close(L);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lives_when_there_is_memory),
      cmocka_unit_test(leaves_nothing_behind_when_lua_has_no_memory),
      cmocka_unit_test(leaves_nothing_behind_when_an_allocation_fails),
      cmocka_unit_test(closes_what_is_open_with_the_state),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
