#include "script/message_lua.h"

#include "core/message.h"
#include "script/result.h"

#include <lauxlib.h>

/* Work memory is kept from call to call, in a userdata, so that an error in between leaks nothing.
 * After a message larger than this it is given back. */
#define KEPT_BYTES (64u * 1024)

static const char *const kinds[] = {
    [SLIP_MESSAGE_PUSH] = "push",
    [SLIP_MESSAGE_REPLY] = "reply",
    [SLIP_MESSAGE_BROADCAST] = "broadcast",
    NULL,
};

/* Upvalue 1 of both functions, emptied. */
static struct slip_buf *work_memory(lua_State *L) {
  struct slip_buf *buf = lua_touserdata(L, lua_upvalueindex(1));
  if (buf->room > KEPT_BYTES)
    slip_buf_clear(buf);
  slip_buf_truncate(buf, 0);
  return buf;
}

static int buf_gc(lua_State *L) {
  slip_buf_clear(lua_touserdata(L, 1));
  return 0;
}

static void push_work_memory(lua_State *L) {
  struct slip_buf *buf = lua_newuserdatauv(L, sizeof *buf, 0);
  slip_buf_init(buf, 0);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, buf_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
}

static enum slip_vsn to_vsn(lua_Integer number) {
  return number == 1 ? SLIP_VSN_1 : SLIP_VSN_2;
}

static void set_span(lua_State *L, const char *key, struct slip_span text) {
  slip_result_push_span(L, text);
  lua_setfield(L, -2, key);
}

static void push_message(lua_State *L, const struct slip_message *m) {
  lua_createtable(L, 0, 7);
  set_span(L, "kind", slip_span_of(kinds[m->kind]));
  set_span(L, "join_ref", m->join_ref);
  set_span(L, "ref", m->ref);
  set_span(L, "topic", m->topic);
  set_span(L, "event", m->event);
  set_span(L, "payload", m->payload.bytes);
  lua_pushboolean(L, m->payload.format == SLIP_BINARY);
  lua_setfield(L, -2, "is_binary");
}

static int core_message_read(lua_State *L) {
  const struct slip_payload in = {.format = lua_toboolean(L, 2) ? SLIP_BINARY : SLIP_JSON,
                                  .bytes = slip_result_check_span(L, 1)};
  const struct slip_wire wire = {to_vsn(luaL_optinteger(L, 3, 2)), SLIP_FROM_CLIENT, NULL};
  struct slip_message message;
  const char *fault = NULL;
  enum slip_err err = slip_message_read(wire, in, work_memory(L), &message, &fault);
  if (err == SLIP_OK) {
    push_message(L, &message);
    return 1;
  }
  if (fault != NULL)
    return slip_result_fail(L, fault, "malformed");
  return slip_result_push(L, err, NULL);
}

/* A text field of the message at index 1; borrowed from it. */
static struct slip_span field_text(lua_State *L, const char *key) {
  struct slip_span text = {NULL, 0};
  if (lua_getfield(L, 1, key) != LUA_TNIL)
    text = slip_result_check_span(L, -1);
  lua_pop(L, 1);
  return text;
}

static enum slip_message_kind field_kind(lua_State *L) {
  lua_getfield(L, 1, "kind");
  int kind = luaL_checkoption(L, -1, NULL, kinds);
  lua_pop(L, 1);
  return (enum slip_message_kind)kind;
}

static enum slip_vsn field_vsn(lua_State *L) {
  lua_getfield(L, 1, "vsn");
  lua_Integer number = luaL_optinteger(L, -1, 2);
  lua_pop(L, 1);
  return to_vsn(number);
}

static enum slip_format field_format(lua_State *L) {
  lua_getfield(L, 1, "is_binary");
  bool is_binary = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is_binary ? SLIP_BINARY : SLIP_JSON;
}

static int core_message_write(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  const struct slip_message message = {
      .kind = field_kind(L),
      .join_ref = field_text(L, "join_ref"),
      .ref = field_text(L, "ref"),
      .topic = field_text(L, "topic"),
      .event = field_text(L, "event"),
      .status = field_text(L, "status"),
      .payload = {.format = field_format(L), .bytes = field_text(L, "payload")},
  };
  const struct slip_wire wire = {field_vsn(L), SLIP_FROM_SERVER, NULL};
  struct slip_buf *out = work_memory(L);
  enum slip_format format;
  enum slip_err err = slip_message_write(wire, &message, out, &format);
  if (err != SLIP_OK)
    return slip_result_push(L, err, NULL);
  slip_result_push_span(L, slip_buf_span(out));
  lua_pushboolean(L, format == SLIP_BINARY);
  return 2;
}

void slip_message_open(lua_State *L) {
  push_work_memory(L);
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, core_message_read, 1);
  lua_setfield(L, -3, "message_read");
  lua_pushcclosure(L, core_message_write, 1);
  lua_setfield(L, -2, "message_write");
}
