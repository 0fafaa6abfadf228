#include "script/tls_lua.h"

#include "script/result.h"
#include "script/type.h"

#include <lauxlib.h>

#define TLS_TYPE "slipstream.tls"

struct tls_box {
  struct slip_tls_config *config; /* NULL: none yet */
};

struct slip_tls_config *slip_tls_opt(lua_State *L, int index) {
  if (lua_isnoneornil(L, index))
    return NULL;
  struct tls_box *box = luaL_checkudata(L, index, TLS_TYPE);
  return box->config;
}

/* A text of the settings at index 1, NULL when it is not there; it lives as long as the table has
 * it. */
static const char *opt_text(lua_State *L, const char *key) {
  const char *text = NULL;
  if (lua_getfield(L, 1, key) == LUA_TSTRING)
    text = lua_tostring(L, -1);
  else if (!lua_isnil(L, -1))
    luaL_error(L, "%s: string expected", key);
  lua_pop(L, 1);
  return text;
}

static bool opt_bool(lua_State *L, const char *key, bool otherwise) {
  bool is_set = lua_getfield(L, 1, key) == LUA_TNIL ? otherwise : lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is_set;
}

static int core_tls(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  const struct slip_tls_settings settings = {
      .ca_file = opt_text(L, "ca_file"),
      .cert_file = opt_text(L, "cert_file"),
      .key_file = opt_text(L, "key_file"),
      .server_name = opt_text(L, "server_name"),
      .min_version = opt_text(L, "min_version"),
      .verify = opt_bool(L, "verify", true),
      .resume = opt_bool(L, "resume", true),
  };
  struct tls_box *box = lua_newuserdatauv(L, sizeof *box, 0);
  box->config = NULL;
  luaL_setmetatable(L, TLS_TYPE);
  char text[512] = "";
  enum slip_err err = slip_tls_config_new(&settings, text, sizeof text, &box->config);
  if (err == SLIP_OK)
    return 1;
  return slip_result_fail(L, text[0] != '\0' ? text : slip_err_text(err), "invalid");
}

static int tls_gc(lua_State *L) {
  struct tls_box *box = luaL_checkudata(L, 1, TLS_TYPE);
  struct slip_tls_config *config = box->config;
  box->config = NULL;
  slip_tls_config_release(config);
  return 0;
}

void slip_tls_open(lua_State *L) {
  static const luaL_Reg methods[] = {{"__gc", tls_gc}, {NULL, NULL}};
  slip_type_make(L, TLS_TYPE, methods);
  lua_pushcfunction(L, core_tls);
  lua_setfield(L, -2, "tls");
}
