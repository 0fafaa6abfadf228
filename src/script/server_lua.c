#include "script/server_lua.h"

#include "script/result.h"
#include "script/server_event_lua.h"
#include "script/type.h"

#include <lauxlib.h>
#include <luv/luv.h>

static struct slip_server_box *check_server(lua_State *L) {
  struct slip_server_box *box = luaL_checkudata(L, 1, SLIP_HTTP_SERVER_TYPE);
  if (box->server == NULL)
    luaL_error(L, "attempt to use a closed server");
  return box;
}

static int server_port(lua_State *L) {
  lua_pushinteger(L, slip_http_server_port(check_server(L)->server));
  return 1;
}

static int server_stop(lua_State *L) {
  slip_http_server_stop(check_server(L)->server);
  return 0;
}

static int server_close(lua_State *L) {
  struct slip_server_box *box = luaL_checkudata(L, 1, SLIP_HTTP_SERVER_TYPE);
  slip_http_server_close(box->server);
  return 0;
}

/*
 * Only a dying state collects a live server. luv closes every handle of the loop after us, and
 * reads its own data in those of libwebsockets, so these must be gone by then: the loop runs here,
 * as it does in luv's own end.
 */
static int server_gc(lua_State *L) {
  struct slip_server_box *box = luaL_checkudata(L, 1, SLIP_HTTP_SERVER_TYPE);
  uv_loop_t *loop = luv_loop(L);
  box->L = NULL; /* nothing is told any more */
  slip_http_server_close(box->server);
  while (box->server != NULL)
    uv_run(loop, UV_RUN_NOWAIT);
  slip_buf_clear(&box->text);
  return 0;
}

static struct slip_http_conn *check_conn(lua_State *L) {
  struct slip_conn_box *box = luaL_checkudata(L, 1, SLIP_HTTP_CONN_TYPE);
  return box->conn;
}

static int conn_send(lua_State *L) {
  struct slip_http_conn *conn = check_conn(L);
  struct slip_span bytes = slip_result_check_span(L, 2);
  if (conn == NULL)
    return slip_result_push(L, SLIP_ECLOSED, NULL);
  return slip_result_push(L, slip_http_conn_send(conn, bytes, lua_toboolean(L, 3)), NULL);
}

static int conn_close(lua_State *L) {
  struct slip_http_conn *conn = check_conn(L);
  lua_Integer code = luaL_checkinteger(L, 2);
  size_t size;
  const char *text = luaL_optlstring(L, 3, "", &size);
  luaL_argcheck(L, code >= 1000 && code <= 4999, 2, "not a close code");
  if (conn != NULL)
    slip_http_conn_close(conn, (uint16_t)code, (struct slip_span){text, size});
  return 0;
}

static int conn_drop(lua_State *L) {
  struct slip_http_conn *conn = check_conn(L);
  if (conn != NULL)
    slip_http_conn_drop(conn);
  return 0;
}

static int conn_header(lua_State *L) {
  struct slip_conn_box *box = luaL_checkudata(L, 1, SLIP_HTTP_CONN_TYPE);
  struct slip_span name = slip_result_check_span(L, 2);
  bool is_there;
  if (box->request == NULL)
    return 0;
  if (slip_http_request_header(box->request, name, slip_server_text(box->server), &is_there) !=
      SLIP_OK)
    return luaL_error(L, "no memory for the header");
  if (!is_there)
    return 0;
  slip_server_push_text(L, box->server);
  return 1;
}

static lua_Integer get_integer(lua_State *L, const char *name, lua_Integer max) {
  lua_getfield(L, 1, name);
  int is_integer;
  lua_Integer value = lua_tointegerx(L, -1, &is_integer);
  lua_pop(L, 1);
  if (!is_integer || value < 0 || value > max)
    luaL_error(L, "%s: expected an integer from 0 to %I", name, max);
  return value;
}

/* Borrowed from the table. */
static const char *get_text(lua_State *L, const char *name) {
  if (lua_getfield(L, 1, name) != LUA_TSTRING)
    luaL_error(L, "%s: expected a string", name);
  const char *text = lua_tostring(L, -1);
  lua_pop(L, 1);
  return text;
}

static struct slip_http_settings get_settings(lua_State *L) {
  return (struct slip_http_settings){
      .host = get_text(L, "host"),
      .port = (uint16_t)get_integer(L, "port", UINT16_MAX),
      .subprotocol = get_text(L, "subprotocol"),
      .max_message_bytes = (size_t)get_integer(L, "max_message_bytes", INT32_MAX),
      .max_queue_bytes = (size_t)get_integer(L, "max_queue_bytes", INT32_MAX),
      .max_connections = (unsigned)get_integer(L, "max_connections", 1000000),
      .idle_timeout_msec = (uint64_t)get_integer(L, "idle_timeout_msec", INT32_MAX),
  };
}

static struct slip_server_box *push_server(lua_State *L) {
  struct slip_server_box *box = lua_newuserdatauv(L, sizeof *box, SLIP_HTTP_USER_VALUES);
  *box = (struct slip_server_box){0}; /* closed, so that __gc is safe from here on */
  luaL_setmetatable(L, SLIP_HTTP_SERVER_TYPE);
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, SLIP_HTTP_HANDLERS);
  lua_newtable(L);
  lua_setiuservalue(L, -2, SLIP_HTTP_CONNS);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  box->L = lua_tothread(L, -1);
  lua_pop(L, 1);
  return box;
}

static int http_server(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TTABLE);
  struct slip_http_settings settings = get_settings(L);
  struct slip_server_box *box = push_server(L);
  lua_pushvalue(L, -1);
  slip_server_set_live(L, box);
  settings.handler = &slip_server_events;
  settings.owner = box;
  const char *fault = NULL;
  enum slip_err err = slip_http_server_open(luv_loop(L), &settings, &fault, &box->server);
  if (err == SLIP_OK)
    return 1;
  lua_pushnil(L);
  slip_server_set_live(L, box);
  if (fault != NULL)
    return slip_result_fail(L, fault, "io");
  if (err == SLIP_EINVAL)
    return slip_result_fail(L, "not an IP address", "invalid");
  return slip_result_push(L, err, NULL);
}

static const luaL_Reg server_methods[] = {
    {"port", server_port}, {"stop", server_stop},     {"close", server_close},
    {"__gc", server_gc},   {"__close", server_close}, {NULL, NULL},
};
static const luaL_Reg conn_methods[] = {{"send", conn_send},
                                        {"close", conn_close},
                                        {"drop", conn_drop},
                                        {"header", conn_header},
                                        {NULL, NULL}};

int slip_server_open(lua_State *L) {
  slip_type_make(L, SLIP_HTTP_SERVER_TYPE, server_methods);
  slip_type_make(L, SLIP_HTTP_CONN_TYPE, conn_methods);
  lua_pushcfunction(L, http_server);
  return 1;
}
