#include "script/fiber_lua.h"

#include "script/deliver_lua.h"
#include "script/fiber_private.h"
#include "script/live_lua.h"

#include <lauxlib.h>

/* More idle coroutines than ever run at a time would be garbage that is kept. */
enum { MOST_IDLE = 64 };

static const char FIBERS_KEY = 0; /* its address is the key in the registry */

/* Fields of the owner, a table. */

bool slip_fiber_has(lua_State *L, int owner, int key) {
  lua_pushvalue(L, lua_upvalueindex(key));
  (void)lua_rawget(L, owner); /* what is not there is false for all sockets */
  bool is_true = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is_true;
}

/* Sets the field to what is at `value`. */
void slip_fiber_set(lua_State *L, int owner, int key, int value) {
  lua_pushvalue(L, lua_upvalueindex(key));
  lua_pushvalue(L, value);
  lua_rawset(L, owner);
}

void slip_fiber_set_none(lua_State *L, int owner) {
  lua_pushvalue(L, lua_upvalueindex(SLIP_FIBER_FIBER_KEY));
  lua_pushboolean(L, false);
  lua_rawset(L, owner);
}

/* Coroutines without work. */

/* Pushes one. */
static lua_State *take_idle(lua_State *L, struct slip_fibers *fibers) {
  if (fibers->spare != NULL && !fibers->is_spare_busy) {
    (void)lua_getiuservalue(L, lua_upvalueindex(SLIP_FIBER_FIBERS), SLIP_FIBER_SPARE);
    fibers->is_spare_busy = true;
  } else if (fibers->idle > 0) {
    (void)lua_getiuservalue(L, lua_upvalueindex(SLIP_FIBER_FIBERS), SLIP_FIBER_IDLE);
    (void)lua_rawgeti(L, -1, fibers->idle);
    lua_pushnil(L);
    lua_rawseti(L, -3, fibers->idle--);
    lua_remove(L, -2);
  } else {
    (void)lua_newthread(L);
  }
  return lua_tothread(L, -1);
}

static void put_in_line(lua_State *L, struct slip_fibers *fibers, int thread) {
  if (fibers->idle == MOST_IDLE)
    return;
  (void)lua_getiuservalue(L, lua_upvalueindex(SLIP_FIBER_FIBERS), SLIP_FIBER_IDLE);
  lua_pushvalue(L, thread);
  lua_rawseti(L, -2, fibers->idle + 1);
  fibers->idle++; /* last, as what is above may raise */
  lua_pop(L, 1);
}

/* The one at `thread` has no work any more. */
static void put_idle(lua_State *L, struct slip_fibers *fibers, int thread) {
  lua_State *co = lua_tothread(L, thread);
  if (fibers->spare == NULL) {
    lua_pushvalue(L, thread);
    (void)lua_setiuservalue(L, lua_upvalueindex(SLIP_FIBER_FIBERS), SLIP_FIBER_SPARE);
    fibers->spare = co;
  }
  if (co == fibers->spare)
    fibers->is_spare_busy = false;
  else
    put_in_line(L, fibers, thread);
}

/* It has work that lasts: another one is to be the spare one. */
static void let_go(lua_State *L, struct slip_fibers *fibers, const lua_State *co) {
  if (co != fibers->spare)
    return;
  fibers->spare = NULL;
  lua_pushnil(L);
  (void)lua_setiuservalue(L, lua_upvalueindex(SLIP_FIBER_FIBERS), SLIP_FIBER_SPARE);
}

/* Running. */

/* The state goes before the `count` values on top; answers how many that makes. */
static int put_state(lua_State *L, const char *state, int count) {
  lua_pushstring(L, state);
  lua_insert(L, -1 - count);
  return count + 1;
}

/* The coroutine has yielded, or there is an error, on top. */
static int interrupted(lua_State *L, int results) {
  if (results == 0)
    lua_pushnil(L);
  else if (results > 1)
    lua_pop(L, results - 1);
  lua_pushboolean(L, results >= 0);
  lua_insert(L, -2);
  return put_state(L, "interrupted", 2);
}

/* What `guard` or `deliver` has answered in the coroutine at `thread`, which has no work any more.
 */
static int returned(lua_State *L, int owner, int thread, int results) {
  bool is_good = lua_toboolean(L, -results);
  slip_fiber_set_none(L, owner);
  put_idle(L, slip_fiber_fibers(L), thread);
  if (is_good && results == 1)
    return 0;
  return put_state(L, is_good ? "done" : "raised", results - 1);
}

/* The results, or the error, of the coroutine at `thread` are on top; pushes what tells what came
 * of it, and answers how many values that is. */
int slip_fiber_take_outcome(lua_State *L, int owner, int thread, int results) {
  lua_State *co = lua_tothread(L, thread);
  if (results >= 0 && lua_status(co) == LUA_OK)
    return returned(L, owner, thread, results);
  let_go(L, slip_fiber_fibers(L), co);
  return interrupted(L, results);
}

/* Resumes the coroutine at `thread`, the top, which has got so many arguments. */
static int go(lua_State *L, int owner, int thread, int arguments) {
  int results = slip_slice_run(L, lua_tothread(L, thread), arguments, owner);
  return slip_fiber_take_outcome(L, owner, thread, results);
}

/* Whether it has not raised goes before the results, in place of the message handler at 1. */
static int guarded(lua_State *L, int status, lua_KContext context) {
  (void)context;
  lua_pushboolean(L, status == LUA_OK || status == LUA_YIELD);
  lua_replace(L, 1);
  return lua_gettop(L);
}

/* As xpcall. Arguments: the message handler, the function, its arguments. */
static int guard(lua_State *L) {
  return guarded(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 1, 0, guarded), 0);
}

/* Begins with the function on top and the arguments from behind `thread`, which is overwritten. */
static int begin(lua_State *L, int owner, int thread) {
  int count = lua_gettop(L) - thread - 1;
  lua_State *co = take_idle(L, slip_fiber_fibers(L));
  lua_replace(L, thread);
  if (!lua_checkstack(co, count + 3)) {
    put_idle(L, slip_fiber_fibers(L), thread);
    return luaL_error(L, "too many arguments");
  }
  slip_fiber_set(L, owner, SLIP_FIBER_FIBER_KEY, thread);
  lua_pushcfunction(co, guard);
  (void)lua_getiuservalue(L, lua_upvalueindex(SLIP_FIBER_FIBERS), SLIP_FIBER_ON_ERROR);
  lua_xmove(L, co, 1);
  lua_xmove(L, co, 1); /* the function */
  lua_xmove(L, co, count);
  return go(L, owner, thread, 2 + count);
}

static int core_begin(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checkany(L, 2);
  lua_pushvalue(L, 2);
  return begin(L, 1, 2);
}

static int core_go_on(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(SLIP_FIBER_FIBER_KEY));
  luaL_argexpected(L, lua_rawget(L, 1) == LUA_TTHREAD, 1, "owner of a fiber");
  return go(L, 1, 2, 0);
}

static int core_owner(lua_State *L) {
  const struct slip_watch *watch = lua_touserdata(L, lua_upvalueindex(SLIP_FIBER_WATCH));
  if (!slip_watch_push_owner(watch, L))
    lua_pushboolean(L, false);
  return 1;
}

/* What Lua code sets. */

static int set_function(lua_State *L, int slot) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  (void)lua_setiuservalue(L, lua_upvalueindex(SLIP_FIBER_FIBERS), slot);
  return 0;
}

static int on_error(lua_State *L) {
  return set_function(L, SLIP_FIBER_ON_ERROR);
}

static int on_outcome(lua_State *L) {
  return set_function(L, SLIP_FIBER_ON_OUTCOME);
}

static int observe(lua_State *L) {
  static const char *const names[] = {"all", "topics", "log", NULL};
  struct slip_fibers *fibers = slip_fiber_fibers(L);
  unsigned bit = 1u << luaL_checkoption(L, 1, NULL, names);
  fibers->observed = lua_toboolean(L, 2) ? fibers->observed | bit : fibers->observed & ~bit;
  return 0;
}

static void push_fibers(lua_State *L, struct slip_watch *watch) {
  struct slip_fibers *fibers = lua_newuserdatauv(L, sizeof *fibers, SLIP_FIBER_USER_VALUES);
  *fibers = (struct slip_fibers){.watch = watch};
  lua_createtable(L, MOST_IDLE, 0);
  (void)lua_setiuservalue(L, -2, SLIP_FIBER_IDLE);
  fibers->shelf = lua_newthread(L);
  (void)lua_setiuservalue(L, -2, SLIP_FIBER_SHELF);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &FIBERS_KEY);
}

/* Pushes the upvalues. */
static void push_upvalues(lua_State *L) {
  push_fibers(L, slip_watch_push(L));
  (void)lua_getfield(L, LUA_REGISTRYINDEX, SLIP_LIVE);
  lua_pushliteral(L, "_fiber");
  lua_pushliteral(L, "_mailbox");
  lua_pushliteral(L, "_timeout");
  lua_pushliteral(L, "_callback"); /* stack: the upvalues in their order */
}

struct slip_fibers *slip_fibers_of(lua_State *L) {
  (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &FIBERS_KEY);
  struct slip_fibers *fibers = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return fibers;
}

bool slip_fibers_are_observed(const struct slip_fibers *fibers) {
  return (fibers->observed & SLIP_OBSERVE_ALL) != 0;
}

bool slip_fibers_topics_are_observed(const struct slip_fibers *fibers) {
  return (fibers->observed & (SLIP_OBSERVE_TOPICS | SLIP_OBSERVE_LOG)) != 0;
}

void slip_fiber_open(lua_State *L) {
  static const luaL_Reg functions[] = {{"begin", core_begin},
                                       {"go_on", core_go_on},
                                       {"owner", core_owner},
                                       {"on_error", on_error},
                                       {"on_outcome", on_outcome},
                                       {"observe", observe},
                                       {NULL, NULL}};
  luaL_checkstack(L, 2 * SLIP_FIBER_UPVALUES, NULL);
  push_upvalues(L);
  slip_deliver_open(L);
  luaL_setfuncs(L, functions, SLIP_FIBER_UPVALUES);
}
