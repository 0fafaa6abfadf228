#include "script/fiber_lua.h"

#include "script/door.h"
#include "script/live_lua.h"
#include "script/slice_lua.h"
#include "script/watch.h"

#include <lauxlib.h>

/* The upvalues of all functions here, the watch being what slip_slice_run wants. */
enum { WATCH = 1, FIBERS, LIVE, FIBER_KEY, MAILBOX_KEY, TIMEOUT_KEY, CALLBACK_KEY };
enum { UPVALUES = CALLBACK_KEY };

/* The user values of the fibers. */
enum { ON_ERROR = 1, ON_OUTCOME, SPARE, IDLE, SHELF, USER_VALUES = SHELF };

/* What lies on the shelf; above it, whose the callbacks are that run. */
enum { DELIVER = 1, TELL_OUTCOME, SHELVED = TELL_OUTCOME };

/* More idle coroutines than ever run at a time would be garbage that is kept. */
enum { MOST_IDLE = 64 };

/* A coroutine that returns is the spare one again, so most callbacks are run by the same. */
struct slip_fibers {
  lua_State *spare; /* NULL: none */
  bool is_spare_busy;
  int idle; /* how many others there are without work */
  bool is_observed;
  lua_State *shelf; /* never runs: has on its stack what is wanted where nothing may raise */
  struct slip_watch *watch;
};

static const char FIBERS_KEY = 0; /* its address is the key in the registry */

static struct slip_fibers *fibers_of(lua_State *L) {
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
static lua_State *take_idle(lua_State *L, struct slip_fibers *fibers) {
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

static void put_in_line(lua_State *L, struct slip_fibers *fibers, int thread) {
  if (fibers->idle == MOST_IDLE)
    return;
  (void)lua_getiuservalue(L, lua_upvalueindex(FIBERS), IDLE);
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
    (void)lua_setiuservalue(L, lua_upvalueindex(FIBERS), SPARE);
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

/* What `guard` or `deliver` has answered in the coroutine at `thread`, which has no work any more.
 */
static int returned(lua_State *L, int owner, int thread, int results) {
  bool is_good = lua_toboolean(L, -results);
  set_no_fiber(L, owner);
  put_idle(L, fibers_of(L), thread);
  if (is_good && results == 1)
    return 0;
  return put_state(L, is_good ? "done" : "raised", results - 1);
}

/* The results, or the error, of the coroutine at `thread` are on top; pushes what tells what came
 * of it, and answers how many values that is. */
static int take_outcome(lua_State *L, int owner, int thread, int results) {
  lua_State *co = lua_tothread(L, thread);
  if (results >= 0 && lua_status(co) == LUA_OK)
    return returned(L, owner, thread, results);
  let_go(L, fibers_of(L), co);
  return interrupted(L, results);
}

/* Resumes the coroutine at `thread`, the top, which has got so many arguments. */
static int go(lua_State *L, int owner, int thread, int arguments) {
  int results = slip_slice_run(L, lua_tothread(L, thread), arguments, owner);
  return take_outcome(L, owner, thread, results);
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
  lua_State *co = take_idle(L, fibers_of(L));
  lua_replace(L, thread);
  set(L, owner, FIBER_KEY, thread);
  if (!lua_checkstack(co, count + 3))
    return luaL_error(L, "too many arguments");
  lua_pushcfunction(co, guard);
  (void)lua_getiuservalue(L, lua_upvalueindex(FIBERS), ON_ERROR);
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

/* The shortest way: from an event into the spare coroutine, where all that may raise is done. */

/* In there. Behind the message handler comes the callback, its socket and the other arguments. */
enum { DELIVERY = 1, CLIENT, SOCKET, NAME, HANDLER };

/* The results are behind the handler. Somebody has to see to a mailbox that there is by now. */
static int delivered(lua_State *L, int status, lua_KContext context) {
  (void)context;
  set_no_fiber(L, SOCKET);
  lua_pushboolean(L, status == LUA_OK || status == LUA_YIELD);
  lua_replace(L, HANDLER);
  if (lua_gettop(L) == HANDLER && has(L, SOCKET, MAILBOX_KEY))
    lua_pushnil(L);
  return lua_gettop(L) - HANDLER + 1;
}

/* The shelf hears whose callback runs. */
static void set_owner(lua_State *L, const struct slip_delivery *delivery) {
  lua_State *shelf = fibers_of(L)->shelf;
  lua_pushvalue(L, SOCKET);
  lua_xmove(L, shelf, 1);
  lua_replace(shelf, delivery->slice.owner);
}

static int leave_to_handler(struct slip_delivery *delivery) {
  delivery->is_left = true;
  return 0;
}

/* Argument: the delivery. */
static int deliver(lua_State *L) {
  struct slip_delivery *delivery = lua_touserdata(L, DELIVERY);
  lua_pushvalue(L, lua_upvalueindex(LIVE));
  if (!delivery->find(L, delivery) || has(L, SOCKET, MAILBOX_KEY) || has(L, SOCKET, TIMEOUT_KEY))
    return leave_to_handler(delivery);
  set_owner(L, delivery);
  lua_pushvalue(L, lua_upvalueindex(FIBER_KEY));
  (void)lua_pushthread(L);
  lua_rawset(L, SOCKET);
  set(L, SOCKET, CALLBACK_KEY, NAME);
  (void)lua_getiuservalue(L, lua_upvalueindex(FIBERS), ON_ERROR);
  lua_pushvalue(L, NAME);
  (void)lua_gettable(L, SOCKET);
  lua_pushvalue(L, SOCKET);
  int count = delivery->push(L, delivery);
  if (count < 0) {
    set_no_fiber(L, SOCKET);
    return leave_to_handler(delivery);
  }
  return delivered(L, lua_pcallk(L, 1 + count, LUA_MULTRET, HANDLER, 0, delivered), 0);
}

/* Something came of it. Argument: the delivery. */
static int tell_outcome(lua_State *L) {
  const struct slip_slice *slice = &((const struct slip_delivery *)lua_touserdata(L, 1))->slice;
  lua_settop(L, 0);
  (void)lua_getiuservalue(L, lua_upvalueindex(FIBERS), ON_OUTCOME);
  lua_pushvalue(slice->from, slice->owner);
  lua_xmove(slice->from, L, 1);
  (void)lua_getiuservalue(L, lua_upvalueindex(FIBERS), SPARE); /* stack: fn, socket, coroutine */
  int count = take_outcome(L, 2, 3, slip_slice_take(L, slice));
  lua_rotate(L, 3, count);
  lua_settop(L, 2 + count);
  lua_call(L, 1 + count, 0);
  return 0;
}

/* Behind the door. */
static int call_tell_outcome(lua_State *L) {
  lua_State *shelf = ((const struct slip_delivery *)lua_touserdata(L, 1))->slice.from;
  lua_pushvalue(shelf, TELL_OUTCOME);
  lua_xmove(shelf, L, 1);
  lua_insert(L, 1);
  lua_call(L, 1, 0);
  return 0;
}

/* Pushes what the coroutine is to run onto its stack, and keeps a place for the owner. */
static bool prepare(const struct slip_fibers *fibers, struct slip_delivery *delivery) {
  lua_State *shelf = fibers->shelf;
  lua_State *co = fibers->spare;
  if (fibers->is_observed || co == NULL || fibers->is_spare_busy || !lua_checkstack(shelf, 2) ||
      !lua_checkstack(co, 2))
    return false;
  lua_pushnil(shelf);
  delivery->slice = (struct slip_slice){
      .watch = fibers->watch, .co = co, .arguments = 1, .from = shelf, .owner = lua_gettop(shelf)};
  lua_pushvalue(shelf, DELIVER);
  lua_xmove(shelf, co, 1);
  lua_pushlightuserdata(co, delivery);
  return true;
}

/* Nothing came of it but what `deliver` itself answers. */
static bool is_uneventful(const struct slip_slice *slice) {
  return slice->status == LUA_OK && !slice->is_cut && slice->results <= 1;
}

bool slip_fiber_deliver(struct slip_fibers *fibers, lua_State *L, struct slip_delivery *delivery) {
  const struct slip_slice *slice = &delivery->slice;
  if (!prepare(fibers, delivery))
    return false;
  fibers->is_spare_busy = true;
  slip_slice_resume(L, &delivery->slice);
  if (is_uneventful(slice)) {
    lua_settop(slice->co, 0);
    fibers->is_spare_busy = false;
  } else {
    slip_door(L, call_tell_outcome, delivery->failed, delivery);
  }
  lua_settop(slice->from, slice->owner - 1);
  return !delivery->is_left;
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

static void push_fibers(lua_State *L, struct slip_watch *watch) {
  struct slip_fibers *fibers = lua_newuserdatauv(L, sizeof *fibers, USER_VALUES);
  *fibers = (struct slip_fibers){.watch = watch};
  lua_createtable(L, MOST_IDLE, 0);
  (void)lua_setiuservalue(L, -2, IDLE);
  fibers->shelf = lua_newthread(L);
  (void)lua_setiuservalue(L, -2, SHELF);
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

/* Closures like those of the module. */
static void fill_shelf(lua_State *L) {
  static const lua_CFunction shelved[SHELVED] = {[DELIVER - 1] = deliver,
                                                 [TELL_OUTCOME - 1] = tell_outcome};
  for (int i = 0; i < SHELVED; i++) {
    for (int upvalue = 0; upvalue < UPVALUES; upvalue++)
      lua_pushvalue(L, -UPVALUES);
    lua_pushcclosure(L, shelved[i], UPVALUES);
    lua_State *shelf = slip_fibers_of(L)->shelf;
    lua_xmove(L, shelf, 1);
  }
}

void slip_fiber_open(lua_State *L) {
  static const luaL_Reg functions[] = {{"begin", core_begin},
                                       {"go_on", core_go_on},
                                       {"owner", core_owner},
                                       {"on_error", on_error},
                                       {"on_outcome", on_outcome},
                                       {"observe", observe},
                                       {NULL, NULL}};
  luaL_checkstack(L, 2 * UPVALUES, NULL);
  push_upvalues(L);
  fill_shelf(L);
  luaL_setfuncs(L, functions, UPVALUES);
}
