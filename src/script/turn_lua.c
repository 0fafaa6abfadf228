#include "script/turn_lua.h"

#include "script/live_lua.h"

#include <lauxlib.h>
#include <stddef.h>

int slip_turn_on(lua_State *L) {
  slip_host_check(L, 1);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  lua_setiuservalue(L, 1, SLIP_HOST_TURN);
  return 0;
}

int slip_turn_wake(lua_State *L) {
  struct slip_host_box *box = slip_host_check(L, 1);
  if (box->mark.is_set)
    return 0;
  slip_live_set(L, 1, true); /* first: it may raise */
  slip_loop_mark(box->loop, &box->mark);
  return 0;
}

/* Behind the door. */
static int call_turn(lua_State *L) {
  slip_live_take(L, lua_touserdata(L, 1));
  if (lua_getiuservalue(L, -1, SLIP_HOST_TURN) == LUA_TFUNCTION)
    lua_call(L, 0, 0);
  return 0;
}

void slip_turn_work(struct slip_mark *mark) {
  struct slip_host_box *box =
      (struct slip_host_box *)((char *)mark - offsetof(struct slip_host_box, mark));
  slip_host_call(box, call_turn, box);
}

void slip_turn_forget(lua_State *L, int index) {
  struct slip_host_box *box = lua_touserdata(L, index);
  if (!box->mark.is_set)
    return;
  slip_loop_unmark(box->loop, &box->mark);
  slip_live_set(L, index, false);
}
