#include "script/json_private.h"

#include <new>

namespace {

const char WORK_MT[] = "slipstream.json";
const char WORK_KEY = 0; /* its address is the key in the registry */

static_assert(alignof(slip_json_work) <= alignof(lua_Number));

int work_gc(lua_State *L) {
  static_cast<slip_json_work *>(lua_touserdata(L, 1))->~slip_json_work();
  return 0;
}

slip_json_work *work_new(lua_State *L) {
  /* It owns nothing yet, so what follows may raise. */
  slip_json_work *w =
      new (lua_newuserdatauv(L, sizeof(slip_json_work), SLIP_JSON_BINARY_MT)) slip_json_work;
  slip_json_push_array_mt(L);
  lua_setiuservalue(L, -2, SLIP_JSON_ARRAY_MT);
  luaL_newmetatable(L, SLIP_JSON_BINARY);
  lua_setiuservalue(L, -2, SLIP_JSON_BINARY_MT);
  if (luaL_newmetatable(L, WORK_MT) != 0) {
    lua_pushcfunction(L, work_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &WORK_KEY);
  return w;
}

/*
 * Takes the work memory that the registry keeps. Who finds it busy, because a finalizer uses JSON
 * meanwhile or the last call raised, puts a new one in its place. Pushes its userdata.
 */
slip_json_work *work_take(lua_State *L) {
  luaL_checkstack(L, 8, "json");
  lua_rawgetp(L, LUA_REGISTRYINDEX, &WORK_KEY);
  slip_json_work *w = static_cast<slip_json_work *>(lua_touserdata(L, -1));
  if (w == nullptr || w->is_busy) {
    lua_pop(L, 1);
    w = work_new(L);
  }
  w->is_busy = true;
  return w;
}

/* Gives the work memory free, or what it may keep of it. */
void work_rest(slip_json_work *w) {
  slip_buf_truncate(&w->bytes, 0);
  if (w->bytes.room > SLIP_JSON_KEPT)
    slip_buf_clear(&w->bytes);
  if (w->finder && w->finder->capacity() > SLIP_JSON_KEPT)
    w->finder.reset();
  w->is_busy = false;
}

/* The same of the work memory at `index`; moves the result from the top there and pops the rest. */
void work_return(lua_State *L, slip_json_work *w, int index) {
  work_rest(w);
  lua_replace(L, index);
  lua_settop(L, index);
}

/* The result, or nil and the text, which is on the top. */
int answer(lua_State *L, bool done) {
  if (done)
    return 1;
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

int json_encode(lua_State *L) {
  luaL_checkany(L, 1);
  return answer(L, slip_json_encode(L, 1));
}

int json_decode(lua_State *L) {
  struct slip_span text;
  text.at = luaL_checklstring(L, 1, &text.size);
  return answer(L, slip_json_push(L, text));
}

} // namespace

void slip_json_push_array_mt(lua_State *L) {
  luaL_newmetatable(L, SLIP_JSON_ARRAY);
}

bool slip_json_push(lua_State *L, struct slip_span text) {
  return slip_json_push_known(L, text, {});
}

bool slip_json_push_known(lua_State *L, struct slip_span text, struct slip_span plain) {
  if (text.size == 2 && text.at[0] == '{' && text.at[1] == '}') { // so are most replies
    lua_newtable(L);
    return true;
  }
  int top = lua_gettop(L);
  slip_json_work *w = work_take(L);
  slip_json_fault fault = {};
  bool done = slip_json_read(L, top + 1, text, plain, &fault);
  if (!done) {
    lua_pushfstring(L, "not valid JSON at byte %I: %s", static_cast<LUAI_UACINT>(fault.at) + 1,
                    fault.text);
  }
  work_return(L, w, top + 1);
  return done;
}

bool slip_json_lend(lua_State *L, int index, struct slip_span *text, struct slip_buf **buf) {
  index = lua_absindex(L, index);
  int top = lua_gettop(L);
  slip_json_work *w = work_take(L);
  bool done = slip_json_write(L, w, top + 1, index);
  *text = slip_span_skip(slip_buf_span(&w->bytes), SLIP_PAYLOAD_GAP);
  *buf = &w->bytes;
  lua_settop(L, top + 1);
  return done;
}

void slip_json_take_back(lua_State *L) {
  int top = lua_gettop(L);
  work_rest(static_cast<slip_json_work *>(lua_touserdata(L, top)));
  lua_settop(L, top - 1);
}

bool slip_json_encode(lua_State *L, int index) {
  struct slip_span text;
  struct slip_buf *buf;
  bool done = slip_json_lend(L, index, &text, &buf);
  lua_pushlstring(L, text.at, text.size);
  lua_insert(L, -2);
  slip_json_take_back(L);
  return done;
}

int slip_json_open(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"encode", json_encode}, {"decode", json_decode}, {nullptr, nullptr}};
  luaL_newlib(L, functions);
  return 1;
}
