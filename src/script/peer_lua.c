#include "script/peer_lua.h"

#include "script/client_lua.h"
#include "script/result.h"
#include "script/type.h"

#include <lauxlib.h>

#define PEER_TYPE "slipstream.peer"

/* User value 1 is the host, so that it lives as long. */
struct peer_box {
  struct slip_peer *peer; /* NULL: nothing taken */
  struct slip_host_box *host;
};

static struct slip_peer *check_peer(lua_State *L) {
  struct peer_box *box = luaL_checkudata(L, 1, PEER_TYPE);
  if (box->peer == NULL || box->host->loop == NULL)
    luaL_error(L, "attempt to use the peer of a closed host");
  return box->peer;
}

/* For what makes the client hear something. */
static struct slip_peer *check_driven(lua_State *L) {
  struct slip_peer *peer = check_peer(L);
  slip_host_check_outside(L, ((const struct peer_box *)lua_touserdata(L, 1))->host);
  return peer;
}

static struct slip_peer *take_peer(lua_State *L, const struct slip_host_box *host) {
  if (lua_isnoneornil(L, 2))
    return slip_memory_take(slip_loop_memory(host->loop));
  const struct slip_client_box *box = luaL_checkudata(L, 2, SLIP_CLIENT_TYPE);
  luaL_argcheck(L, box->host == host, 2, "a client of this host expected");
  return box->client == NULL ? NULL : slip_client_take_peer(box->client);
}

int slip_peer_push(lua_State *L, struct slip_host_box *host) {
  lua_settop(L, 2); /* stack: host, client or nil */
  struct peer_box *box = lua_newuserdatauv(L, sizeof *box, 1);
  box->peer = NULL;
  box->host = host;
  luaL_setmetatable(L, PEER_TYPE);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  box->peer = take_peer(L, host);
  if (box->peer == NULL)
    lua_pushnil(L);
  return 1;
}

static int peer_gc(lua_State *L) {
  struct peer_box *box = luaL_checkudata(L, 1, PEER_TYPE);
  if (box->peer != NULL && box->host->loop != NULL) /* a closed host has freed its peers */
    slip_peer_free(box->peer);
  box->peer = NULL;
  return 0;
}

static int peer_target(lua_State *L) {
  struct slip_span host;
  uint16_t port;
  bool is_tls;
  slip_peer_target(check_peer(L), &host, &port, &is_tls);
  slip_result_push_span(L, host);
  lua_pushinteger(L, port);
  lua_pushboolean(L, is_tls);
  return 3;
}

static int peer_accept(lua_State *L) {
  slip_peer_accept(check_driven(L));
  return 0;
}

static int peer_send(lua_State *L) {
  struct slip_peer *peer = check_driven(L);
  struct slip_span bytes = slip_result_check_span(L, 2);
  enum slip_err err = slip_peer_send(peer, bytes);
  if (err == SLIP_ECLOSED)
    return slip_result_fail(L, "closed", "closed");
  return slip_result_push(L, err, NULL);
}

static int peer_take(lua_State *L) {
  struct slip_peer *peer = check_peer(L);
  struct slip_span bytes = slip_peer_inbox(peer);
  lua_pushlstring(L, bytes.size == 0 ? "" : bytes.at, bytes.size);
  slip_peer_drop(peer, bytes.size);
  return 1;
}

static int peer_finish(lua_State *L) {
  static const char *const names[] = {"",      "queue", "dns",     "tcp",
                                      "proxy", "tls",   "upgrade", NULL}; /* as enum slip_stage */
  struct slip_peer *peer = check_driven(L);
  int stage = luaL_checkoption(L, 2, "", names);
  const char *text = luaL_optstring(L, 3, "");
  slip_peer_end(peer, (enum slip_stage)stage, slip_span_of(text));
  return 0;
}

static int peer_window(lua_State *L) {
  struct slip_peer *peer = check_driven(L);
  lua_Integer bytes = luaL_checkinteger(L, 2);
  luaL_argcheck(L, bytes >= 0, 2, "not negative");
  slip_peer_window(peer, (size_t)bytes);
  return 0;
}

static int peer_closed(lua_State *L) {
  bool is_graceful = false;
  if (!slip_peer_is_closed(check_peer(L), &is_graceful))
    lua_pushnil(L);
  else
    lua_pushstring(L, is_graceful ? "graceful" : "abort");
  return 1;
}

static const luaL_Reg methods[] = {
    {"target", peer_target}, {"accept", peer_accept}, {"send", peer_send},
    {"take", peer_take},     {"finish", peer_finish}, {"window", peer_window},
    {"closed", peer_closed}, {"__gc", peer_gc},       {NULL, NULL},
};

void slip_peer_open(lua_State *L) {
  slip_type_make(L, PEER_TYPE, methods);
}
