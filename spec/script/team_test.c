/* Workers in threads, as core.team starts them, with Lua modules that the specs carry. */
#include "script/memory_lua.h"
#include "script/program_lua.h"
#include "script/result.h"
#include "script/team_lua.h"

#include "spec/support/check.h"

#include <lauxlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* A worker: does what its bytes say. */
static const char WORKER[] =
    "local core, uv = require 'slipstream.core', require 'luv'\n"
    "local M, mine = {}, core.team.mine()\n"
    "local function fill() local t = {} for i = 1, math.huge do t[i] = ('x'):rep(1000) .. i end "
    "end\n"
    "local jobs = {}\n"
    "function jobs.rest() end\n"
    "function jobs.fail() error 'boom' end\n"
    "function jobs.fill() fill() end\n"
    "function jobs.fill_later() uv.new_timer():start(0, 0, fill) end\n"
    "function jobs.fail_later() uv.new_timer():start(0, 0, jobs.fail) end\n"
    "function jobs.claim() assert(mine:claim('lobby', 7)) end\n"
    "function M.main(bytes)\n"
    "  mine:on_parcel(function(got, from) assert(mine:post(from, got .. mine:index())) end)\n"
    "  jobs[bytes]()\n"
    "  repeat uv.run() until mine:rest() == 'over'\n"
    "  return 40 + mine:index(), 'text of ' .. mine:index()\n"
    "end\n"
    "return M\n";

/* What all leads begin with. */
static const char LEAD[] =
    "local core, uv = require 'slipstream.core', require 'luv'\n"
    "local team = core.team.new(2)\n"
    "local ends, heard = {}, {}\n"
    "team:on_end(function(index, ok, code, text)\n"
    "  ends[index] = { ok = ok, code = code, text = text or '' }\n"
    "end)\n"
    "team:on_parcel(function(bytes, from) heard[#heard + 1] = bytes .. ' from ' .. from end)\n"
    "local function spawn(index, job, limit) assert(team:spawn(index, 'worker', job, limit)) end\n";

/* Runs the lead, in a state as the program's. */
static int run_lead(lua_State *L) {
  const char *body = lua_touserdata(L, 1);
  static const struct slip_embedded modules[] = {
      {"worker", "@worker.lua", (const unsigned char *)WORKER, sizeof WORKER - 1},
      {NULL},
  };
  slip_program_open(L, modules);
  lua_pushstring(L, LEAD);
  lua_pushstring(L, body);
  lua_concat(L, 2);
  if (luaL_loadbufferx(L, lua_tostring(L, -1), lua_rawlen(L, -1), "=lead", "t") != LUA_OK)
    return lua_error(L);
  lua_call(L, 0, 0);
  return 0;
}

static void run(lua_CFunction fn, const char *text) {
  struct slip_memory_account account = {.limit = 0};
  lua_State *L = slip_memory_new_state(&account);
  lua_pushcfunction(L, slip_result_add_traceback);
  lua_pushcfunction(L, fn);
  lua_pushlightuserdata(L, (void *)text);
  if (lua_pcall(L, 1, 0, 1) != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
  slip_memory_close_state(L, &account);
  assert_int_equal(account.used, 0);
}

static void lead(const char *body) {
  run(run_lead, body);
}

static void tells_what_main_returned(void **state) {
  (void)state;
  lead("spawn(0, 'rest') spawn(1, 'rest')\n"
       "uv.run()\n"
       "for i = 0, 1 do\n"
       "  assert(ends[i].ok and ends[i].code == 40 + i and ends[i].text == 'text of ' .. i)\n"
       "end\n");
}

static void exchanges_parcels(void **state) {
  (void)state;
  lead("assert(team:post(1, 'early '))\n"
       "assert(team:post(0, 'a\\0b', true))\n"
       "spawn(0, 'rest') spawn(1, 'rest')\n"
       "uv.run()\n"
       "table.sort(heard)\n"
       "assert(heard[1] == 'a\\0b0 from 0' and heard[2] == 'early 1 from 1' and #heard == 2)\n"
       "local ok, text, code = team:post(0, 'late')\n"
       "assert(not ok and text == 'noproc' and code == 'noproc')\n"
       "assert(select(3, team:post(2, 'nowhere')) == 'noproc')\n"
       "assert(select(3, team:post(-2, 'nowhere')) == 'noproc')\n");
}

static void says_that_a_queue_is_full(void **state) {
  (void)state;
  lead("for _ = 1, 100000 do assert(team:post(0, '')) end\n"
       "local ok, text, code = team:post(0, '')\n"
       "assert(not ok and text == 'queue_full' and code == 'queue_full')\n"
       "assert(team:post(0, '', true))\n"
       "assert(select(3, team:post(1, ('x'):rep((64 << 20) + 1))) == 'too_big')\n");
}

static void tells_of_an_error_with_its_traceback(void **state) {
  (void)state;
  lead("for _, job in ipairs { 'fail', 'fail_later' } do\n"
       "  spawn(0, job)\n"
       "  uv.run()\n"
       "  assert(not ends[0].ok and ends[0].text:find('worker.lua:6: boom', 1, true))\n"
       "  assert(ends[0].text:find 'stack traceback:')\n"
       "end\n");
}

static void want_of_memory_ends_one_worker_alone(void **state) {
  (void)state;
  lead("for _, job in ipairs { 'fill', 'fill_later' } do\n"
       "  spawn(0, 'rest') spawn(1, job, 4 << 20)\n"
       "  local begins_again = uv.new_timer()\n"
       "  team:on_end(function(index, ok, code, text)\n"
       "    ends[index] = { ok = ok, code = code, text = text }\n"
       "    if ok then return end\n"
       "    assert(index == 1 and text:find '^not enough memory')\n"
       "    begins_again:start(10, 0, function() spawn(1, 'rest') begins_again:close() end)\n"
       "  end)\n"
       "  uv.run()\n"
       "  assert(ends[0].ok and ends[1].ok)\n"
       "  ends = {}\n"
       "end\n");
}

static void a_place_may_be_given_up(void **state) {
  (void)state;
  lead("spawn(0, 'rest') spawn(1, 'fail')\n"
       "team:on_end(function(index, ok)\n"
       "  ends[index] = { ok = ok }\n"
       "  if not ok then team:give_up(index) end\n"
       "end)\n"
       "uv.run()\n"
       "assert(ends[0].ok and not ends[1].ok)\n");
}

static void names_are_those_of_all(void **state) {
  (void)state;
  lead("assert(team:find 'lobby' == nil)\n"
       "assert(team:claim('lead', 1) and team:claim('lead', 1) and not team:claim('lead', 2))\n"
       "local index, id = team:find 'lead'\n"
       "assert(index == -1 and id == 1)\n"
       "team:release 'lead'\n"
       "assert(not team:find 'lead')\n"
       "spawn(0, 'claim')\n"
       "local poll = uv.new_timer()\n"
       "poll:start(1, 1, function()\n"
       "  index, id = team:find 'lobby'\n"
       "  if not index then return end\n"
       "  assert(index == 0 and id == 7 and not team:claim('lobby', 7))\n"
       "  poll:close()\n"
       "  team:give_up(1)\n"
       "end)\n"
       "uv.run()\n"
       "assert(ends[0].ok and not team:find 'lobby')\n");
}

static void refuses_what_only_the_other_end_may(void **state) {
  (void)state;
  lead("assert(core.team.mine() == team and team:index() == -1 and team:count() == 2)\n"
       "assert(not pcall(team.rest, team))\n"
       "assert(not pcall(core.team.new, 2))\n"
       "assert(not pcall(team.spawn, team, 2, 'worker', ''))\n"
       "assert(not pcall(team.give_up, team, -1))\n"
       "team:give_up(1)\n"
       "spawn(0, 'rest')\n"
       "local ok, text, code = team:spawn(0, 'worker', 'rest')\n"
       "assert(not ok and code == 'running')\n"
       "uv.run()\n");
}

static void counts_the_memory_of_a_state(void **state) {
  (void)state;
  lead("local used, limit, peak = core.memory()\n"
       "assert(used > 10000 and limit == 0 and peak >= used)\n"
       "local text = ('x'):rep(1 << 20)\n"
       "assert(core.memory() >= used + #text)\n");
}

/* The lead's state ends, and its workers are not waited for. */
static void may_be_left_while_workers_are_at_work(void **state) {
  (void)state;
  lead("spawn(0, 'rest')\n"
       "spawn(1, 'rest')\n");
}

/* Where no file can be opened. */

static rlim_t limit_files(rlim_t count) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  rlim_t former = limit.rlim_cur;
  limit.rlim_cur = count;
  setrlimit(RLIMIT_NOFILE, &limit);
  return former;
}

/* lua_pcall of what has no arguments and up to three results. */
static int call_without_files(lua_State *L) {
  int next = dup(STDERR_FILENO);
  close(next);
  rlim_t former = limit_files((rlim_t)next);
  int status = lua_pcall(L, 0, 3, 0);
  limit_files(former);
  return status;
}

/* The state has a loop, as luv falls without one, and no modules of the program's. */
static void open_state(lua_State *L) {
  static const struct slip_embedded none = {NULL};
  slip_program_open(L, &none);
  if (luaL_dostring(L, "core = require 'slipstream.core'") != LUA_OK)
    lua_error(L);
}

static const char NO_FILE[] = "the system has no file descriptor left";

static int lead_again(lua_State *L) {
  open_state(L);
  luaL_loadstring(L, "return core.team.new(2)");
  assert_int_equal(call_without_files(L), LUA_OK);
  assert_true(lua_isnil(L, -3));
  assert_string_equal(lua_tostring(L, -2), NO_FILE);
  assert_string_equal(lua_tostring(L, -1), "io");
  return luaL_dostring(L, "assert(not core.team.mine() and core.team.new(2))") ? lua_error(L) : 0;
}

static void a_lead_that_was_refused_may_try_again(void **state) {
  (void)state;
  run(lead_again, NULL);
}

static int join(lua_State *L) {
  slip_team_push_mine(L, lua_touserdata(L, lua_upvalueindex(1)), 0);
  return 1;
}

static int join_without_files(lua_State *L) {
  struct slip_team *team;
  open_state(L);
  CHECK_OK(slip_team_new(1, &team));
  lua_pushlightuserdata(L, team);
  lua_pushcclosure(L, join, 1);
  assert_int_equal(call_without_files(L), LUA_ERRRUN);
  assert_string_equal(lua_tostring(L, -1), NO_FILE);
  slip_team_free(team);
  return 0;
}

static void a_worker_without_a_file_says_so(void **state) {
  (void)state;
  run(join_without_files, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(may_be_left_while_workers_are_at_work),
      cmocka_unit_test(tells_what_main_returned),
      cmocka_unit_test(exchanges_parcels),
      cmocka_unit_test(says_that_a_queue_is_full),
      cmocka_unit_test(tells_of_an_error_with_its_traceback),
      cmocka_unit_test(want_of_memory_ends_one_worker_alone),
      cmocka_unit_test(a_place_may_be_given_up),
      cmocka_unit_test(names_are_those_of_all),
      cmocka_unit_test(refuses_what_only_the_other_end_may),
      cmocka_unit_test(counts_the_memory_of_a_state),
      cmocka_unit_test(a_lead_that_was_refused_may_try_again),
      cmocka_unit_test(a_worker_without_a_file_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
