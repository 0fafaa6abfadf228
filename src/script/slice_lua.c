#include "script/slice_lua.h"

#include "script/memory_lua.h"
#include "script/result.h"
#include "script/watch.h"

#include <lauxlib.h>
#include <uv.h>

/* All functions here have the watch as their first upvalue. */
static struct slip_watch *watch_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

static lua_State *check_coroutine(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co != NULL, 1, "thread");
  return co;
}

/* Moves `count` values, or pushes what is wrong and answers false. */
static bool hand_over(lua_State *from, lua_State *to, int count, lua_State *L,
                      const char *failure) {
  if (!lua_checkstack(to, count + 1)) { /* one more for `true` */
    lua_pop(from, count);
    lua_pushstring(L, failure);
    return false;
  }
  lua_xmove(from, to, count);
  return true;
}

static const char TOO_MANY[] = "too many arguments to resume";

/* Whether `co` has nothing to go on with: new and without a function, or ended well. */
static bool is_empty(lua_State *co) {
  return lua_status(co) == LUA_OK && lua_gettop(co) == 0;
}

/* 0: it is not to be timed. */
static uint64_t begin_timing(const struct slip_watch *watch, const struct slip_run *run) {
  return watch->timing != NULL && run->outer == NULL ? uv_hrtime() : 0;
}

void slip_slice_resume(lua_State *L, struct slip_slice *slice) {
  struct slip_run here;
  slip_watch_enter(slice->watch, &here, slice->co, !slice->is_inside);
  if (slice->from != NULL)
    slip_watch_set_owner(&here, slice->from, slice->owner);
  bool was_slice = slip_memory_set_slice(L, true);
  uint64_t began = begin_timing(slice->watch, &here);
  slice->status = lua_resume(slice->co, L, slice->arguments, &slice->results);
  slip_watch_leave(slice->watch, &here); /* first: it may have put an allocator before ours */
  if (began != 0)
    slip_timing_add(slice->watch->timing, (uv_hrtime() - began) / 1000);
  (void)slip_memory_set_slice(L, was_slice);
  slice->is_cut = here.is_cut;
}

/* Answers how many results it has pushed, or pushes the error and answers -1. */
static int take(lua_State *L, const struct slip_slice *slice) {
  if (slice->is_cut) {
    slip_watch_push_cut(L, lua_upvalueindex(1));
    return -1;
  }
  if (slice->status != LUA_OK && slice->status != LUA_YIELD) {
    lua_xmove(slice->co, L, 1);
    return -1;
  }
  bool is_handed_over = hand_over(slice->co, L, slice->results, L, "too many results to resume");
  return is_handed_over ? slice->results : -1;
}

/* Runs the `<close>` variables of `co`; answers its status, and pushes the error when it has one.
 */
static int reset(lua_State *L, lua_State *co, bool is_slice) {
  struct slip_run here;
  slip_watch_enter(watch_of(L), &here, co, is_slice);
  here.is_closing = true;
  bool was_slice = slip_memory_set_slice(L, true);
  int status = lua_resetthread(co);
  slip_watch_leave(watch_of(L), &here); /* first, as above */
  (void)slip_memory_set_slice(L, was_slice);
  if (status == LUA_OK)
    return status;
  lua_xmove(co, L, 1);
  if (here.is_cut) {
    lua_pop(L, 1);
    slip_watch_push_cut(L, lua_upvalueindex(1));
  }
  return status;
}

/* Puts what is on top before the `results` below it, or before the error when they are -1; answers
 * how many values that makes. */
static int put_before(lua_State *L, int results) {
  int count = results < 0 ? 1 : results;
  lua_insert(L, -1 - count);
  return 1 + count;
}

/* More than this would overflow the stack of the one who goes on with them. */
enum { MOST_RESULTS = 250 };

/* Takes the `results` on top for an error when they are too many. */
static int limit(lua_State *L, int results) {
  if (results <= MOST_RESULTS)
    return results;
  lua_pop(L, results);
  lua_pushfstring(L, "returned %d values; %d are the most", results, MOST_RESULTS);
  return -1;
}

int slip_slice_take(lua_State *L, const struct slip_slice *slice) {
  return limit(L, take(L, slice));
}

int slip_slice_run(lua_State *L, lua_State *co, int arguments, int owner) {
  struct slip_slice slice = {.watch = watch_of(L),
                             .co = co,
                             .arguments = arguments,
                             .from = owner == 0 ? NULL : L,
                             .owner = owner};
  slip_slice_resume(L, &slice);
  return slip_slice_take(L, &slice);
}

static int run_slice(lua_State *L) {
  lua_State *co = check_coroutine(L);
  int count = lua_gettop(L) - 1;
  bool begins = is_empty(co);
  if (begins)
    luaL_checktype(L, 2, LUA_TFUNCTION);
  int results = -1;
  if (hand_over(L, co, count, L, TOO_MANY))
    results = slip_slice_run(L, co, begins ? count - 1 : count, 0);
  lua_pushinteger(L, results < 0 ? -1 : lua_status(co));
  return put_before(L, results);
}

static int new_thread(lua_State *L) {
  (void)lua_newthread(L);
  return 1;
}

/* Raises when `co` runs, or has resumed the one that does. */
static void check_still(lua_State *L, lua_State *co) {
  lua_Debug ar;
  if (co == L)
    (void)luaL_error(L, "cannot close a running coroutine");
  if (lua_status(co) == LUA_OK && lua_getstack(co, 0, &ar))
    (void)luaL_error(L, "cannot close a normal coroutine");
}

static int close_as(lua_State *L, bool is_slice) {
  lua_State *co = check_coroutine(L);
  check_still(L, co);
  int status = reset(L, co, is_slice);
  lua_pushboolean(L, status == LUA_OK);
  if (status == LUA_OK)
    return 1;
  lua_insert(L, -2);
  return 2;
}

static int close_slice(lua_State *L) {
  return close_as(L, true);
}

/* Resumes a coroutine of the script's with the `count` values on top. */
static int run_inside(lua_State *L, lua_State *co, int count) {
  struct slip_slice slice = {.watch = watch_of(L), .co = co, .arguments = count, .is_inside = true};
  if (!hand_over(L, co, count, L, TOO_MANY))
    return -1;
  slip_slice_resume(L, &slice);
  return take(L, &slice);
}

static int resume(lua_State *L) {
  lua_State *co = check_coroutine(L);
  int results = run_inside(L, co, lua_gettop(L) - 1);
  lua_pushboolean(L, results >= 0);
  return put_before(L, results);
}

static int close_coroutine(lua_State *L) {
  return close_as(L, false);
}

/* Raises the error on top as coroutine.wrap does: with the place of the call before a text. */
static int raise_wrapped(lua_State *L, lua_State *co) {
  int status = lua_status(co);
  if (status != LUA_OK &&
      status != LUA_YIELD) { /* it died of the error: `<close>` may replace it */
    lua_pop(L, 1);
    status = reset(L, co, false);
  }
  if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

/* Upvalues: the watch, the coroutine. */
static int resume_wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(2));
  int results = run_inside(L, co, lua_gettop(L));
  return results < 0 ? raise_wrapped(L, co) : results;
}

static int wrap(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, resume_wrapped, 2);
  return 1;
}

static int watch(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  return slip_result_push(L, slip_watch_start(L), "busy");
}

/* Sets the functions in the table on top, with the watch. */
static void set_functions(lua_State *L, const luaL_Reg *functions) {
  (void)slip_watch_push(L);
  luaL_setfuncs(L, functions, 1);
}

/* A host program may leave the library out. */
static void replace_library(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"resume", resume}, {"wrap", wrap}, {"close", close_coroutine}, {NULL, NULL}};
  if (lua_getglobal(L, "coroutine") == LUA_TTABLE)
    set_functions(L, functions);
  lua_pop(L, 1);
}

void slip_slice_open(lua_State *L) {
  static const luaL_Reg functions[] = {{"thread", new_thread},
                                       {"run", run_slice},
                                       {"close", close_slice},
                                       {"watch", watch},
                                       {NULL, NULL}};
  set_functions(L, functions);
  replace_library(L);
}
