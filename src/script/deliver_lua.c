#include "script/deliver_lua.h"

#include "script/door.h"
#include "script/fiber_private.h"

/* What lies on the shelf; above it, whose the callbacks are that run. */
enum { DELIVER = 1, TELL_OUTCOME, SHELVED = TELL_OUTCOME };

/* In the spare coroutine. Behind the message handler comes the callback, its socket and the other
 * arguments. */
enum { DELIVERY = 1, CLIENT, SOCKET, NAME, HANDLER };

/* The results are behind the handler. Somebody has to see to a mailbox that there is by now. */
static int delivered(lua_State *L, int status, lua_KContext context) {
  (void)context;
  slip_fiber_set_none(L, SOCKET);
  lua_pushboolean(L, status == LUA_OK || status == LUA_YIELD);
  lua_replace(L, HANDLER);
  if (lua_gettop(L) == HANDLER && slip_fiber_has(L, SOCKET, SLIP_FIBER_MAILBOX_KEY))
    lua_pushnil(L);
  return lua_gettop(L) - HANDLER + 1;
}

/* The shelf hears whose callback runs. */
static void set_owner(lua_State *L, const struct slip_delivery *delivery) {
  lua_State *shelf = slip_fiber_fibers(L)->shelf;
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
  lua_pushvalue(L, lua_upvalueindex(SLIP_FIBER_LIVE));
  delivery->find(L, delivery);
  if (slip_fiber_has(L, SOCKET, SLIP_FIBER_MAILBOX_KEY) ||
      slip_fiber_has(L, SOCKET, SLIP_FIBER_TIMEOUT_KEY))
    return leave_to_handler(delivery);
  set_owner(L, delivery);
  lua_pushvalue(L, lua_upvalueindex(SLIP_FIBER_FIBER_KEY));
  (void)lua_pushthread(L);
  lua_rawset(L, SOCKET);
  slip_fiber_set(L, SOCKET, SLIP_FIBER_CALLBACK_KEY, NAME);
  (void)lua_getiuservalue(L, lua_upvalueindex(SLIP_FIBER_FIBERS), SLIP_FIBER_ON_ERROR);
  lua_pushvalue(L, NAME);
  (void)lua_gettable(L, SOCKET);
  lua_pushvalue(L, SOCKET);
  int count = delivery->push(L, delivery);
  if (count < 0) {
    slip_fiber_set_none(L, SOCKET);
    return leave_to_handler(delivery);
  }
  return delivered(L, lua_pcallk(L, 1 + count, LUA_MULTRET, HANDLER, 0, delivered), 0);
}

/* Something came of it. Argument: the delivery. */
static int tell_outcome(lua_State *L) {
  const struct slip_slice *slice = &((const struct slip_delivery *)lua_touserdata(L, 1))->slice;
  lua_settop(L, 0);
  (void)lua_getiuservalue(L, lua_upvalueindex(SLIP_FIBER_FIBERS), SLIP_FIBER_ON_OUTCOME);
  lua_pushvalue(slice->from, slice->owner);
  lua_xmove(slice->from, L, 1);
  (void)lua_getiuservalue(L, lua_upvalueindex(SLIP_FIBER_FIBERS),
                          SLIP_FIBER_SPARE); /* stack: fn, socket, coroutine */
  int count = slip_fiber_take_outcome(L, 2, 3, slip_slice_take(L, slice));
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
  if (slip_fibers_are_observed(fibers) || co == NULL || fibers->is_spare_busy ||
      !lua_checkstack(shelf, 2) || !lua_checkstack(co, 2))
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

bool slip_deliver(struct slip_fibers *fibers, lua_State *L, struct slip_delivery *delivery) {
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

void slip_deliver_open(lua_State *L) {
  static const lua_CFunction shelved[SHELVED] = {[DELIVER - 1] = deliver,
                                                 [TELL_OUTCOME - 1] = tell_outcome};
  lua_State *shelf = slip_fibers_of(L)->shelf;
  for (int i = 0; i < SHELVED; i++) {
    for (int upvalue = 0; upvalue < SLIP_FIBER_UPVALUES; upvalue++)
      lua_pushvalue(L, -SLIP_FIBER_UPVALUES);
    lua_pushcclosure(L, shelved[i], SLIP_FIBER_UPVALUES);
    lua_xmove(L, shelf, 1);
  }
}
