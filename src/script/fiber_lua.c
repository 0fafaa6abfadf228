#include "script/fiber_lua.h"

#include "script/slice_lua.h"
#include "script/watch.h"

#include <lauxlib.h>

/* The upvalues of all functions here, the watch being what slip_slice_run wants. */
enum { WATCH = 1, FIBERS, XPCALL, FIBER_KEY, MAILBOX_KEY, TIMEOUT_KEY, CALLBACK_KEY };
enum { UPVALUES = CALLBACK_KEY };

/* The user values of the fibers. */
enum { ON_ERROR = 1, ON_OUTCOME, SPARE, IDLE, USER_VALUES = IDLE };

/* More idle coroutines than ever run at a time would be garbage that is kept. */
enum { MOST_IDLE = 64 };

/* A coroutine that returns is the spare one again, so most callbacks are run by the same. */
struct fibers {
  const lua_State *spare; /* NULL: none */
  bool is_spare_busy;
  int idle; /* how many others there are without work */
  bool is_observed;
};

static struct fibers *fibers_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(FIBERS));
}

/* Fields of the owner, a table. */

static bool has(lua_State *L, int owner, int key) {
  lua_pushvalue(L, lua_upvalueindex(key));
  (void)lua_rawget(L, owner); /* what is not there is false for all sockets */
  bool is_true = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is_true;
}

/* Sets the field to what is at `value`. */
static void set(lua_State *L, int owner, int key, int value) {
  lua_pushvalue(L, lua_upvalueindex(key));
  lua_pushvalue(L, value);
  lua_rawset(L, owner);
}

static void set_no_fiber(lua_State *L, int owner) {
  lua_pushvalue(L, lua_upvalueindex(FIBER_KEY));
  lua_pushboolean(L, false);
  lua_rawset(L, owner);
}

/* Coroutines without work. */

/* Pushes one. */
static lua_State *take_idle(lua_State *L, struct fibers *fibers) {
  if (fibers->spare != NULL && !fibers->is_spare_busy) {
    (void)lua_getiuservalue(L, lua_upvalueindex(FIBERS), SPARE);
    fibers->is_spare_busy = true;
  } else if (fibers->idle > 0) {
    (void)lua_getiuservalue(L, lua_upvalueindex(FIBERS), IDLE);
    (void)lua_rawgeti(L, -1, fibers->idle);
    lua_pushnil(L);
    lua_rawseti(L, -3, fibers->idle--);
    lua_remove(L, -2);
  } else {
    (void)lua_newthread(L);
  }
  return lua_tothread(L, -1);
}

static void put_in_line(lua_State *L, struct fibers *fibers, int thread) {
  if (fibers->idle == MOST_IDLE)
    return;
  (void)lua_getiuservalue(L, lua_upvalueindex(FIBERS), IDLE);
  lua_pushvalue(L, thread);
  lua_rawseti(L, -2, fibers->idle + 1);
  fibers->idle++; /* last, as what is above may raise */
  lua_pop(L, 1);
}

/* The one at `thread` has no work any more. */
static void put_idle(lua_State *L, struct fibers *fibers, int thread) {
  const lua_State *co = lua_tothread(L, thread);
  if (fibers->spare == NULL) {
    lua_pushvalue(L, thread);
    (void)lua_setiuservalue(L, lua_upvalueindex(FIBERS), SPARE);
    fibers->spare = co;
  }
  if (co == fibers->spare)
    fibers->is_spare_busy = false;
  else
    put_in_line(L, fibers, thread);
}

/* It has work that lasts: another one is to be the spare one. */
static void let_go(lua_State *L, struct fibers *fibers, const lua_State *co) {
  if (co != fibers->spare)
    return;
  fibers->spare = NULL;
  lua_pushnil(L);
  (void)lua_setiuservalue(L, lua_upvalueindex(FIBERS), SPARE);
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

/* What xpcall has answered in the coroutine at `thread`, which has no work any more. */
static int returned(lua_State *L, int owner, int thread, int results) {
  bool is_good = lua_toboolean(L, -results);
  set_no_fiber(L, owner);
  put_idle(L, fibers_of(L), thread);
  if (is_good && results == 1)
    return 0;
  return put_state(L, is_good ? "done" : "raised", results - 1);
}

/* Resumes the coroutine at `thread`, the top, which has got so many arguments; pushes what tells
 * what came of that, and answers how many values that is. */
static int go(lua_State *L, int owner, int thread, int arguments) {
  lua_State *co = lua_tothread(L, thread);
  int results = slip_slice_run(L, co, arguments, owner);
  if (results >= 0 && lua_status(co) == LUA_OK)
    return returned(L, owner, thread, results);
  let_go(L, fibers_of(L), co);
  return interrupted(L, results);
}

/* Begins with the function on top and the arguments from behind `thread`, which is overwritten. */
static int begin(lua_State *L, int owner, int thread) {
  int count = lua_gettop(L) - thread - 1;
  lua_State *co = take_idle(L, fibers_of(L));
  lua_replace(L, thread);
  set(L, owner, FIBER_KEY, thread);
  if (!lua_checkstack(co, count + 3))
    return luaL_error(L, "too many arguments");
  lua_pushvalue(L, lua_upvalueindex(XPCALL));
  lua_xmove(L, co, 1);
  lua_xmove(L, co, 1); /* the function */
  (void)lua_getiuservalue(L, lua_upvalueindex(FIBERS), ON_ERROR);
  lua_xmove(L, co, 1);
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
  lua_pushvalue(L, lua_upvalueindex(FIBER_KEY));
  luaL_argexpected(L, lua_rawget(L, 1) == LUA_TTHREAD, 1, "owner of a fiber");
  return go(L, 1, 2, 0);
}

static int core_owner(lua_State *L) {
  const struct slip_watch *watch = lua_touserdata(L, lua_upvalueindex(WATCH));
  if (!slip_watch_push_owner(watch, L))
    lua_pushboolean(L, false);
  return 1;
}

/* The shortest way. */

/* Tells the outcome, the `count` values on top. */
static void settle(lua_State *L, int socket, int count) {
  (void)lua_getiuservalue(L, lua_upvalueindex(FIBERS), ON_OUTCOME);
  lua_insert(L, -1 - count);
  lua_pushvalue(L, socket);
  lua_insert(L, -1 - count);
  lua_call(L, count + 1, 0);
}

/* Arguments: handler, socket, name, and those of the callback, which are the socket and others. */
static int deliver(lua_State *L) {
  luaL_checktype(L, 2, LUA_TTABLE);
  if (fibers_of(L)->is_observed || has(L, 2, MAILBOX_KEY) || has(L, 2, TIMEOUT_KEY)) {
    lua_remove(L, 2);
    lua_remove(L, 2); /* stack: handler, its arguments */
    lua_call(L, lua_gettop(L) - 1, 0);
    return 0;
  }
  set(L, 2, CALLBACK_KEY, 3);
  lua_pushvalue(L, 3);
  (void)lua_gettable(L, 2);
  int count = begin(L, 2, 3);
  if (count > 0)
    settle(L, 2, count);
  else if (has(L, 2, MAILBOX_KEY))
    settle(L, 2, 0);
  return 0;
}

/* What Lua code sets. */

static int set_function(lua_State *L, int slot) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  (void)lua_setiuservalue(L, lua_upvalueindex(FIBERS), slot);
  return 0;
}

static int on_error(lua_State *L) {
  return set_function(L, ON_ERROR);
}

static int on_outcome(lua_State *L) {
  return set_function(L, ON_OUTCOME);
}

static int observe(lua_State *L) {
  fibers_of(L)->is_observed = lua_toboolean(L, 1);
  return 0;
}

/* Pushes the upvalues. */
static void push_upvalues(lua_State *L) {
  (void)slip_watch_push(L);
  struct fibers *fibers = lua_newuserdatauv(L, sizeof *fibers, USER_VALUES);
  *fibers = (struct fibers){0};
  lua_createtable(L, MOST_IDLE, 0);
  (void)lua_setiuservalue(L, -2, IDLE);
  (void)lua_getglobal(L, "xpcall");
  lua_pushliteral(L, "_fiber");
  lua_pushliteral(L, "_mailbox");
  lua_pushliteral(L, "_timeout");
  lua_pushliteral(L, "_callback"); /* stack: the upvalues in their order */
}

void slip_fiber_open(lua_State *L) {
  static const luaL_Reg functions[] = {{"begin", core_begin},      {"go_on", core_go_on},
                                       {"owner", core_owner},      {"on_error", on_error},
                                       {"on_outcome", on_outcome}, {"observe", observe},
                                       {"deliver", deliver},       {NULL, NULL}};
  push_upvalues(L);
  luaL_setfuncs(L, functions, UPVALUES);
}
