#include "script/reason_lua.h"

#include "core/close_policy.h"
#include "core/upgrade.h"
#include "script/result.h"

#include <lauxlib.h>

void slip_reason_push_metatable(lua_State *L) {
  luaL_newmetatable(L, SLIP_REASON_TYPE);
}

/* The setters below set a field of the table on top of the stack. */
static void set_text(lua_State *L, const char *key, struct slip_span text) {
  if (slip_span_is_absent(text))
    return;
  lua_pushlstring(L, text.at, text.size);
  lua_setfield(L, -2, key);
}

static void set_number(lua_State *L, const char *key, lua_Integer number) {
  if (number == 0)
    return;
  lua_pushinteger(L, number);
  lua_setfield(L, -2, key);
}

static void set_flag(lua_State *L, const char *key, bool flag) {
  if (!flag)
    return;
  lua_pushboolean(L, flag);
  lua_setfield(L, -2, key);
}

static void push_header(lua_State *L, const struct slip_header *header) {
  lua_createtable(L, 2, 0);
  slip_result_push_span(L, header->name);
  lua_rawseti(L, -2, 1);
  slip_result_push_span(L, header->value);
  lua_rawseti(L, -2, 2);
}

static void set_headers(lua_State *L, struct slip_span lines) {
  if (slip_span_is_absent(lines))
    return;
  lua_newtable(L);
  struct slip_header header;
  for (lua_Integer i = 1; slip_upgrade_header_next(&lines, &header); i++) {
    push_header(L, &header);
    lua_rawseti(L, -2, i);
  }
  lua_setfield(L, -2, "headers");
}

void slip_reason_push(lua_State *L, const struct slip_reason *reason) {
  if (reason == NULL) {
    lua_pushnil(L);
    return;
  }
  luaL_checkstack(L, 6, "a reason");
  lua_createtable(L, 0, 4);
  set_text(L, "kind", slip_span_of(slip_reason_name(reason->kind)));
  set_text(L, "stage", slip_span_of(slip_stage_name(reason->stage)));
  set_number(L, "code", reason->code);
  set_number(L, "status", reason->status);
  set_text(L, "text", reason->text);
  set_headers(L, reason->headers);
  set_text(L, "body", reason->body);
  set_flag(L, "is_final", slip_close_policy_is_final(reason));
  slip_reason_push_metatable(L);
  lua_setmetatable(L, -2);
}
