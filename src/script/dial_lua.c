#include "script/dial_lua.h"

#include "core/uri.h"
#include "net/address.h"
#include "script/client_lua.h"
#include "script/result.h"
#include "script/tls_lua.h"

#include <lauxlib.h>

/* The table of the dial is at index 2 throughout; strings are borrowed from it. */

/* A text of the table at `index`, which keeps it; absent when it is not there. */
static struct slip_span text_of(lua_State *L, int index, const char *key) {
  struct slip_span text = {NULL, 0};
  if (lua_getfield(L, index, key) != LUA_TNIL)
    text = slip_result_check_span(L, -1);
  lua_pop(L, 1);
  return text;
}

static struct slip_span field_text(lua_State *L, const char *key) {
  return text_of(L, 2, key);
}

/* Raises on what lua/slipstream/config.lua should have found. */
static struct slip_uri field_uri(lua_State *L) {
  struct slip_uri uri;
  const char *fault = NULL;
  struct slip_span got;
  if (slip_uri_read(field_text(L, "uri"), &uri, &fault, &got) != SLIP_OK)
    luaL_error(L, "uri: %s", fault != NULL ? fault : "too long");
  return uri;
}

/* Raises, as above. */
static struct slip_span field_address(lua_State *L, const char *key) {
  struct slip_span text = field_text(L, key);
  if (!slip_span_is_absent(text) && !slip_address_is_ip(text))
    luaL_error(L, "%s: not an IP address", key);
  return text;
}

/* A whole number that fits is what lua/slipstream/config.lua gives. */
static uint16_t proxy_port(lua_State *L) {
  lua_getfield(L, -1, "port");
  lua_Integer port = luaL_checkinteger(L, -1);
  luaL_argcheck(L, port > 0 && port <= UINT16_MAX, 2, "proxy: port out of range");
  lua_pop(L, 1);
  return (uint16_t)port;
}

/* Pushes the proxy's table, which keeps its strings. False: there is none. */
static bool push_proxy(lua_State *L, struct slip_proxy *out) {
  if (lua_getfield(L, 2, "proxy") == LUA_TNIL)
    return false;
  luaL_checktype(L, -1, LUA_TTABLE);
  int table = lua_gettop(L);
  *out = (struct slip_proxy){
      .host = text_of(L, table, "host"),
      .port = proxy_port(L),
      .credentials = text_of(L, table, "credentials"),
  };
  return true;
}

/* An element of the header on top of the stack; the header's table keeps the string. */
static struct slip_span header_part(lua_State *L, int part) {
  luaL_checktype(L, -1, LUA_TTABLE);
  lua_rawgeti(L, -1, part);
  struct slip_span text = slip_result_check_span(L, -1);
  lua_pop(L, 1);
  return text;
}

/* Pushes the memory of the list and fills it from `headers`. */
static const struct slip_header *push_headers(lua_State *L, size_t *count) {
  *count = 0;
  if (lua_getfield(L, 2, "headers") == LUA_TNIL)
    return NULL;
  luaL_checktype(L, -1, LUA_TTABLE);
  size_t wanted = lua_rawlen(L, -1);
  struct slip_header *headers = lua_newuserdatauv(L, (wanted + 1) * sizeof *headers, 0);
  for (size_t i = 0; i < wanted; i++) {
    lua_rawgeti(L, -2, (lua_Integer)i + 1);
    headers[i] = (struct slip_header){header_part(L, 1), header_part(L, 2)};
    lua_pop(L, 1);
  }
  *count = wanted;
  return headers;
}

static int push_outcome(lua_State *L, enum slip_err err, const char *fault) {
  if (err == SLIP_EINVAL && fault != NULL)
    return slip_result_fail(L, fault, "invalid");
  return slip_result_push(L, err, "not_due");
}

int slip_dial(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  const struct slip_uri uri = field_uri(L);
  lua_getfield(L, 2, "tls");
  struct slip_tls_config *tls = slip_tls_opt(L, -1);
  luaL_argcheck(L, uri.is_secure == (tls != NULL), 2, "wss needs tls, and ws none");

  struct slip_upgrade_request request = {
      .host = uri.authority, .target = uri.resource, .protocols = field_text(L, "protocols")};
  request.headers = push_headers(L, &request.header_count);
  struct slip_proxy proxy;
  bool has_proxy = push_proxy(L, &proxy);
  bool is_unix = !slip_span_is_absent(uri.unix_path);
  const struct slip_target target = {
      .host = is_unix ? uri.unix_path : uri.host,
      .port = uri.port,
      .local_address = field_address(L, "local_address"),
      .proxy = has_proxy ? &proxy : NULL,
      .tls = tls,
  };

  const char *fault = NULL;
  struct slip_session *session =
      slip_client_enter(box->client); /* nothing raises until it is left */
  enum slip_err err = slip_client_set_target(box->client, &target);
  if (err == SLIP_OK)
    err = slip_session_dial(session, &request, &fault);
  slip_client_leave(box->client);
  return push_outcome(L, err, fault);
}

int slip_dial_failed(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  const struct slip_reason reason = {
      .kind = SLIP_REASON_CONNECT_FAILED,
      .text = slip_result_check_span(L, 2),
  };
  slip_session_dial_failed(slip_client_enter(box->client), &reason);
  slip_client_leave(box->client);
  return slip_result_push(L, SLIP_OK, NULL);
}
