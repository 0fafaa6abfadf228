#include "script/push_lua.h"

#include "script/client_lua.h"
#include "script/json.h"
#include "script/payload_lua.h"
#include "script/result.h"
#include "script/serializer_lua.h"

#include <lauxlib.h>

/* The upvalues of `push`: looking up a name costs more than all else that it does. */
enum { CLIENT_MT = 1, BINARY_MT, CORE_KEY, UPVALUES = CORE_KEY };

/* Of topic and event at 2 and 3; the time-out, and behind it whether the push may wait, are at
 * `index`. */
static struct slip_push read_push(lua_State *L, int index) {
  lua_Integer timeout = luaL_optinteger(L, index, 0);
  luaL_argcheck(L, timeout >= 0 && timeout <= INT32_MAX, index, "out of range");
  return (struct slip_push){
      .topic = slip_result_check_span(L, 2),
      .event = slip_result_check_span(L, 3),
      .timeout_msec = (uint32_t)timeout,
      .may_wait = lua_toboolean(L, index + 1),
  };
}

static enum slip_err request(const struct slip_client_box *box, const struct slip_push *push,
                             uint64_t *ref) {
  enum slip_err err = slip_session_push(slip_client_enter(box->client), push, ref);
  slip_client_leave(box->client);
  return err;
}

static int answer(lua_State *L, const struct slip_client_box *box, enum slip_err err,
                  uint64_t ref) {
  if (err == SLIP_OK) {
    lua_pushinteger(L, (lua_Integer)ref);
    return 1;
  }
  if (err == SLIP_ETOOBIG)
    return slip_result_fail(L, "topic and event of a binary push have at most 255 bytes each",
                            "too_big");
  if (err == SLIP_EUTF8) /* the topic is joined, so it is UTF-8 */
    return slip_result_not_utf8(L, "event");
  if (err == SLIP_ESCRIPT && box->has_serializer)
    return slip_result_fail(L, slip_serializer_fault(box), "invalid");
  return slip_result_push(L, err, "not_joined");
}

int slip_push_bytes(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  struct slip_push push = read_push(L, 6);
  enum slip_format format = lua_toboolean(L, 5) ? SLIP_BINARY : SLIP_JSON;
  push.payload = (struct slip_payload){.format = format, .bytes = slip_result_check_span(L, 4)};
  uint64_t ref = 0;
  enum slip_err err = request(box, &push, &ref);
  return answer(L, box, err, ref);
}

/* Pushes the metatable of what is at `index`, and says whether it is that upvalue. */
static bool is_of(lua_State *L, int index, int upvalue) {
  return lua_getmetatable(L, index) != 0 && lua_rawequal(L, -1, lua_upvalueindex(upvalue)) != 0;
}

/* The client of the socket at 1, kept by what is pushed; NULL when that is none, or has none. */
static struct slip_client_box *find_client(lua_State *L) {
  if (lua_type(L, 1) != LUA_TTABLE)
    return NULL;
  lua_pushvalue(L, lua_upvalueindex(CORE_KEY));
  if (lua_rawget(L, 1) != LUA_TUSERDATA)
    return NULL;
  struct slip_client_box *box = lua_touserdata(L, -1);
  return is_of(L, -1, CLIENT_MT) && box->client != NULL ? box : NULL;
}

static int push_json(lua_State *L, const struct slip_client_box *box, struct slip_push *push) {
  uint64_t ref = 0;
  bool is_absent = lua_isnil(L, 4);
  push->payload = (struct slip_payload){.format = SLIP_JSON, .bytes = SLIP_SPAN("{}")};
  bool is_good = is_absent || slip_json_lend(L, 4, &push->payload.bytes, &push->payload.lent);
  if (!is_good) {
    lua_pushnil(L);
    lua_pushlstring(L, push->payload.bytes.at, push->payload.bytes.size);
    lua_pushliteral(L, "invalid");
    lua_rotate(L, -4, 3); /* stack: nil, text, code, the text's owner */
    slip_json_take_back(L);
    return 3;
  }
  enum slip_err err = request(box, push, &ref);
  if (!is_absent)
    slip_json_take_back(L);
  return answer(L, box, err, ref);
}

static int push_binary(lua_State *L, const struct slip_client_box *box, struct slip_push *push) {
  if (slip_session_config(slip_client_enter(box->client))->vsn == SLIP_VSN_1)
    return slip_result_fail(L, "payload: binary payloads need vsn 2.0.0", "invalid");
  uint64_t ref = 0;
  (void)lua_getfield(L, 4, "bytes");
  push->payload =
      (struct slip_payload){.format = SLIP_BINARY, .bytes = slip_result_check_span(L, -1)};
  enum slip_err err = request(box, push, &ref);
  return answer(L, box, err, ref);
}

static int core_push(lua_State *L) {
  lua_settop(L, 6);
  struct slip_client_box *box = find_client(L);
  bool is_binary = is_of(L, 4, BINARY_MT);
  if (box == NULL || lua_type(L, 2) != LUA_TSTRING || lua_type(L, 3) != LUA_TSTRING ||
      box->has_serializer || (box->has_decoder && !is_binary)) {
    lua_pushboolean(L, false);
    return 1;
  }
  struct slip_push push = read_push(L, 5);
  return is_binary ? push_binary(L, box, &push) : push_json(L, box, &push);
}

void slip_push_open(lua_State *L) {
  luaL_getmetatable(L, SLIP_CLIENT_TYPE);
  slip_payload_push_binary_metatable(L);
  lua_pushliteral(L, "_core"); /* stack: the upvalues in their order */
  lua_pushcclosure(L, core_push, UPVALUES);
  lua_setfield(L, -2, "push");
}
