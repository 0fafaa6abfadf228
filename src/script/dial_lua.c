#include "script/dial_lua.h"

#include "core/uri.h"
#include "net/address.h"
#include "script/client_lua.h"
#include "script/result.h"
#include "script/tls_lua.h"

#include <lauxlib.h>

#define DIAL_TYPE "slipstream.dial"

/* What a dial's table says; texts are those of the table. */
struct dial {
  struct slip_upgrade_request request;
  struct slip_target target;
  struct slip_proxy proxy;
};

/* A text of the table at `index`, which keeps it; absent when it is not there. */
static struct slip_span text_of(lua_State *L, int index, const char *key) {
  struct slip_span text = {NULL, 0};
  if (lua_getfield(L, index, key) != LUA_TNIL)
    text = slip_result_check_span(L, -1);
  lua_pop(L, 1);
  return text;
}

/* Raises on what lua/slipstream/config.lua should have found. */
static struct slip_uri uri_of(lua_State *L, int index) {
  struct slip_uri uri;
  const char *fault = NULL;
  struct slip_span got;
  if (slip_uri_read(text_of(L, index, "uri"), &uri, &fault, &got) != SLIP_OK)
    luaL_error(L, "uri: %s", fault != NULL ? fault : "too long");
  return uri;
}

/* Raises, as above. */
static struct slip_span address_of(lua_State *L, int index, const char *key) {
  struct slip_span text = text_of(L, index, key);
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

/* False: there is none. The dial's table keeps its strings. */
static bool read_proxy(lua_State *L, int index, struct slip_proxy *out) {
  bool has_proxy = lua_getfield(L, index, "proxy") != LUA_TNIL;
  if (has_proxy) {
    luaL_checktype(L, -1, LUA_TTABLE);
    int table = lua_gettop(L);
    *out = (struct slip_proxy){
        .host = text_of(L, table, "host"),
        .port = proxy_port(L),
        .credentials = text_of(L, table, "credentials"),
    };
  }
  lua_pop(L, 1);
  return has_proxy;
}

static struct slip_tls_config *tls_of(lua_State *L, int index, bool is_secure) {
  lua_getfield(L, index, "tls");
  struct slip_tls_config *tls = slip_tls_opt(L, -1);
  luaL_argcheck(L, is_secure == (tls != NULL), index, "wss needs tls, and ws none");
  lua_pop(L, 1);
  return tls;
}

/* An element of the header on top of the stack; the header's table keeps the string. */
static struct slip_span header_part(lua_State *L, int part) {
  luaL_checktype(L, -1, LUA_TTABLE);
  lua_rawgeti(L, -1, part);
  struct slip_span text = slip_result_check_span(L, -1);
  lua_pop(L, 1);
  return text;
}

/* Pushes the memory of the list, or nil, and fills it from `headers`. */
static const struct slip_header *push_headers(lua_State *L, int index, size_t *count) {
  *count = 0;
  if (lua_getfield(L, index, "headers") == LUA_TNIL)
    return NULL;
  luaL_checktype(L, -1, LUA_TTABLE);
  size_t wanted = lua_rawlen(L, -1);
  struct slip_header *headers = lua_newuserdatauv(L, (wanted + 1) * sizeof *headers, 0);
  for (size_t i = 0; i < wanted; i++) {
    lua_rawgeti(L, -2, (lua_Integer)i + 1);
    headers[i] = (struct slip_header){header_part(L, 1), header_part(L, 2)};
    lua_pop(L, 1);
  }
  lua_remove(L, -2);
  *count = wanted;
  return headers;
}

/* Reads the table at `index`; pushes what must live as long as *out. */
static void read_dial(lua_State *L, int index, struct dial *out) {
  luaL_checktype(L, index, LUA_TTABLE);
  const struct slip_uri uri = uri_of(L, index);
  bool is_unix = !slip_span_is_absent(uri.unix_path);
  out->request = (struct slip_upgrade_request){
      .host = uri.authority,
      .target = uri.resource,
      .protocols = text_of(L, index, "protocols"),
  };
  out->target = (struct slip_target){
      .host = is_unix ? uri.unix_path : uri.host,
      .port = uri.port,
      .local_address = address_of(L, index, "local_address"),
      .proxy = read_proxy(L, index, &out->proxy) ? &out->proxy : NULL,
      .tls = tls_of(L, index, uri.is_secure),
  };
  out->request.headers = push_headers(L, index, &out->request.header_count);
}

/* What a table becomes; its user values keep the list of headers, and the table with its texts. */
static int core_dial(lua_State *L) {
  struct dial *dial = lua_newuserdatauv(L, sizeof *dial, 2);
  luaL_setmetatable(L, DIAL_TYPE);
  read_dial(L, 1, dial);
  lua_setiuservalue(L, -2, 1);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 2);
  return 1;
}

static int push_outcome(lua_State *L, enum slip_err err, const char *fault) {
  if (err == SLIP_EINVAL && fault != NULL)
    return slip_result_fail(L, fault, "invalid");
  return slip_result_push(L, err, "not_due");
}

/* What the table at 2 was made before, or says; pushes what must live as long. */
static const struct dial *push_dial(lua_State *L, struct dial *room) {
  luaL_checktype(L, 2, LUA_TTABLE);
  if (lua_getfield(L, 2, "made") != LUA_TNIL)
    return luaL_checkudata(L, -1, DIAL_TYPE);
  read_dial(L, 2, room);
  return room;
}

int slip_dial(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  struct dial room;
  const struct dial *dial = push_dial(L, &room);
  const char *fault = NULL;
  struct slip_session *session =
      slip_client_enter(box->client); /* nothing raises until it is left */
  enum slip_err err = slip_client_set_target(box->client, &dial->target);
  if (err == SLIP_OK)
    err = slip_session_dial(session, &dial->request, &fault);
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

void slip_dial_open(lua_State *L) {
  luaL_newmetatable(L, DIAL_TYPE);
  lua_pop(L, 1);
  lua_pushcfunction(L, core_dial);
  lua_setfield(L, -2, "dial");
}
