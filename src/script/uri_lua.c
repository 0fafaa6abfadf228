#include "script/uri_lua.h"

#include "core/uri.h"
#include "net/address.h"
#include "script/result.h"

#include <arpa/inet.h>
#include <lauxlib.h>

static void set_span(lua_State *L, const char *key, struct slip_span text) {
  slip_result_push_span(L, text);
  lua_setfield(L, -2, key);
}

static void push_parts(lua_State *L, const struct slip_uri *uri) {
  lua_createtable(L, 0, 6);
  lua_pushboolean(L, uri->is_secure);
  lua_setfield(L, -2, "secure");
  lua_pushinteger(L, uri->port);
  lua_setfield(L, -2, "port");
  set_span(L, "host", uri->host);
  set_span(L, "path", uri->path);
  set_span(L, "query", uri->query);
  set_span(L, "unix_path", uri->unix_path);
}

static int core_uri_read(lua_State *L) {
  struct slip_span text = slip_result_check_span(L, 1);
  struct slip_uri uri;
  const char *fault = NULL;
  struct slip_span got = {NULL, 0};
  enum slip_err err = slip_uri_read(text, &uri, &fault, &got);
  if (err == SLIP_OK) {
    push_parts(L, &uri);
    return 1;
  }
  if (fault == NULL)
    return slip_result_push(L, err, NULL);
  lua_pushnil(L);
  lua_pushstring(L, fault);
  if (got.size > 0) {
    lua_pushliteral(L, ", got ");
    lua_pushlstring(L, got.at, got.size);
    lua_concat(L, 3);
  }
  lua_pushliteral(L, "invalid");
  return 3;
}

static int core_is_address(lua_State *L) {
  lua_pushboolean(L, slip_address_is_ip(slip_result_check_span(L, 1)));
  return 1;
}

/* The bytes of an IP address, 4 or 16, in their order on the wire; nil for what is none. */
static int core_address_bytes(lua_State *L) {
  const char *text = luaL_checkstring(L, 1);
  struct in_addr v4;
  struct in6_addr v6;
  if (inet_pton(AF_INET, text, &v4) == 1)
    lua_pushlstring(L, (const char *)&v4, sizeof v4);
  else if (inet_pton(AF_INET6, text, &v6) == 1)
    lua_pushlstring(L, (const char *)&v6, sizeof v6);
  else
    lua_pushnil(L);
  return 1;
}

void slip_uri_open(lua_State *L) {
  lua_pushcfunction(L, core_uri_read);
  lua_setfield(L, -2, "uri_read");
  lua_pushcfunction(L, core_is_address);
  lua_setfield(L, -2, "is_address");
  lua_pushcfunction(L, core_address_bytes);
  lua_setfield(L, -2, "address_bytes");
}
