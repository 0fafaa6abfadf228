#include "script/result.h"

#include <lauxlib.h>
#include <string.h>

/* `is_word`: the code says it all, so it is the text as well. */
struct words {
  const char *code;
  bool is_word;
};

static const struct words words[SLIP_ERR_COUNT] = {
    [SLIP_OK] = {"ok", true},
    [SLIP_ENOMEM] = {"no_memory", false},
    [SLIP_ETOOBIG] = {"too_big", false},
    [SLIP_EMALFORMED] = {"malformed", false},
    [SLIP_EUTF8] = {"utf8", false},
    [SLIP_EINVAL] = {"invalid", false},
    [SLIP_ESTATE] = {"state", false},
    [SLIP_EFULL] = {"queue_full", true},
    [SLIP_ECLOSED] = {"not_connected", true},
    [SLIP_EIO] = {"io", false},
    [SLIP_ESCRIPT] = {"script", false},
};

int slip_result_push(lua_State *L, enum slip_err err, const char *state) {
  if (err == SLIP_OK) {
    lua_pushboolean(L, 1);
    return 1;
  }
  if (err == SLIP_ESTATE && state != NULL)
    return slip_result_fail(L, state, state);
  const char *code = words[err].code;
  return slip_result_fail(L, words[err].is_word ? code : slip_err_text(err), code);
}

int slip_result_fail(lua_State *L, const char *text, const char *code) {
  lua_pushnil(L);
  lua_pushstring(L, text);
  lua_pushstring(L, code);
  return 3;
}

int slip_result_not_utf8(lua_State *L, const char *what) {
  lua_pushnil(L);
  (void)lua_pushfstring(L, "%s: %s", what, slip_err_text(SLIP_EUTF8));
  lua_pushstring(L, words[SLIP_EUTF8].code);
  return 3;
}

static const char no_memory[] = "not enough memory";

/* Lua keeps that string for as long as the state lives, so this allocates nothing. */
int slip_result_raise_no_memory(lua_State *L) {
  lua_pushstring(L, no_memory);
  return lua_error(L);
}

bool slip_result_is_no_memory(lua_State *L, int index) {
  return lua_type(L, index) == LUA_TSTRING && strcmp(lua_tostring(L, index), no_memory) == 0;
}

int slip_result_add_traceback(lua_State *L) {
  if (!slip_result_is_no_memory(L, 1))
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

void slip_result_push_span(lua_State *L, struct slip_span bytes) {
  if (slip_span_is_absent(bytes))
    lua_pushnil(L);
  else
    lua_pushlstring(L, bytes.at, bytes.size);
}

struct slip_span slip_result_check_span(lua_State *L, int index) {
  luaL_checktype(L, index, LUA_TSTRING);
  struct slip_span text;
  text.at = lua_tolstring(L, index, &text.size);
  return text;
}
