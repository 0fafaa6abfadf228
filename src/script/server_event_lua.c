#include "script/server_event_lua.h"

#include "core/http_header.h"
#include "script/door.h"
#include "script/result.h"

#include <lauxlib.h>

#define LIVE "slipstream.live"

/* One event on its way through the door. */
struct event {
  struct slip_server_box *box;
  const char *name;
  struct slip_http_conn *conn;
  const struct slip_http_request *request;
  struct slip_buf *answer;
  struct slip_span bytes;
  bool is_binary;
  uint16_t code;
};

static const char failure[] = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";

void slip_server_set_live(lua_State *L, struct slip_server_box *box) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LIVE);
  lua_insert(L, -2);
  lua_rawsetp(L, -2, box);
  lua_pop(L, 1);
}

/* Pushes the server, and its handler of that name or nil. */
static bool push_handler(lua_State *L, struct slip_server_box *box, const char *name) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LIVE);
  lua_rawgetp(L, -1, box);
  lua_remove(L, -2);
  lua_getiuservalue(L, -1, SLIP_HTTP_HANDLERS);
  bool is_there = lua_getfield(L, -1, name) != LUA_TNIL;
  lua_remove(L, -2);
  return is_there;
}

static struct slip_conn_box *make_conn(lua_State *L, struct slip_server_box *server,
                                       struct slip_http_conn *conn) {
  struct slip_conn_box *box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = (struct slip_conn_box){.server = server};
  luaL_setmetatable(L, SLIP_HTTP_CONN_TYPE);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, -3, conn);
  box->conn = conn; /* last: it is forgotten through the table */
  slip_http_conn_set_user(conn, box);
  return box;
}

/* Pushes the connection, which is made at its first event; `server` is the server's index. */
static struct slip_conn_box *push_conn(lua_State *L, int server, struct event *event) {
  lua_getiuservalue(L, server, SLIP_HTTP_CONNS);
  struct slip_conn_box *box = slip_http_conn_user(event->conn);
  if (box == NULL)
    box = make_conn(L, event->box, event->conn);
  else
    lua_rawgetp(L, -1, event->conn);
  lua_remove(L, -2);
  return box;
}

static int call_failed(lua_State *L) {
  struct event *event = lua_touserdata(L, 1);
  if (!push_handler(L, event->box, "failed"))
    return 0;
  lua_pushstring(L, event->name);
  lua_pushvalue(L, 2);
  lua_call(L, 2, 0);
  return 0;
}

static enum slip_err enter(struct event *event, lua_CFunction body) {
  if (event->box->L == NULL)
    return SLIP_ECLOSED;
  return slip_door(event->box->L, body, call_failed, event);
}

struct slip_buf *slip_server_text(struct slip_server_box *box) {
  slip_buf_clear(&box->text); /* of what an error has left */
  return &box->text;
}

void slip_server_push_text(lua_State *L, struct slip_server_box *box) {
  struct slip_span text = slip_buf_span(&box->text);
  lua_pushlstring(L, text.size == 0 ? "" : text.at, text.size);
  slip_buf_clear(&box->text);
}

/* Pushes the text without its escapes. */
static void push_unescaped(lua_State *L, struct event *event, struct slip_span text,
                           bool is_query) {
  if (slip_http_unescape(text, is_query, slip_server_text(event->box)) != SLIP_OK)
    luaL_error(L, "no memory for the request");
  slip_server_push_text(L, event->box);
}

/* Pushes the list of the query's "key=value"s. */
static void push_arguments(lua_State *L, struct event *event) {
  struct slip_span query = event->request->query, argument;
  lua_newtable(L);
  for (int i = 1; slip_http_part_next(&query, '&', &argument); i++) {
    push_unescaped(L, event, argument, true);
    lua_rawseti(L, -2, i);
  }
}

static void push_request(lua_State *L, struct event *event) {
  lua_createtable(L, 0, 5);
  slip_result_push_span(L, event->request->method);
  lua_setfield(L, -2, "method");
  push_unescaped(L, event, event->request->path, false);
  lua_setfield(L, -2, "path");
  slip_result_push_span(L, event->request->version);
  lua_setfield(L, -2, "version");
  lua_pushboolean(L, slip_http_request_is_upgrade(event->request));
  lua_setfield(L, -2, "is_upgrade");
  push_arguments(L, event);
  lua_setfield(L, -2, "arguments");
}

static int call_request(lua_State *L) {
  struct event *event = lua_touserdata(L, 1);
  if (!push_handler(L, event->box, "request"))
    return luaL_error(L, "no handler");
  struct slip_conn_box *conn = push_conn(L, 2, event); /* stack: event, server, handler, conn */
  conn->request = event->request;
  push_request(L, event);
  lua_call(L, 2, 1);
  size_t size;
  const char *bytes = lua_tolstring(L, -1, &size);
  if (bytes == NULL)
    return 0;
  if (slip_buf_append(event->answer, (struct slip_span){bytes, size}) != SLIP_OK)
    return slip_result_raise_no_memory(L);
  return 0;
}

static int call_opened(lua_State *L) {
  struct event *event = lua_touserdata(L, 1);
  if (!push_handler(L, event->box, event->name))
    return 0;
  push_conn(L, 2, event);
  lua_call(L, 1, 0);
  return 0;
}

static int call_message(lua_State *L) {
  struct event *event = lua_touserdata(L, 1);
  if (!push_handler(L, event->box, event->name))
    return 0;
  push_conn(L, 2, event);
  lua_pushlstring(L, event->bytes.at == NULL ? "" : event->bytes.at, event->bytes.size);
  lua_pushboolean(L, event->is_binary);
  lua_call(L, 3, 0);
  return 0;
}

static int call_with_code(lua_State *L) {
  struct event *event = lua_touserdata(L, 1);
  if (!push_handler(L, event->box, event->name))
    return 0;
  push_conn(L, 2, event);
  if (event->code == 0)
    lua_pushnil(L);
  else
    lua_pushinteger(L, event->code);
  slip_result_push_span(L, event->bytes);
  lua_call(L, 3, 0);
  return 0;
}

static int call_starved(lua_State *L) {
  struct event *event = lua_touserdata(L, 1);
  if (!push_handler(L, event->box, event->name))
    return 0;
  slip_result_push_span(L, event->bytes);
  lua_call(L, 1, 0);
  return 0;
}

static int call_stopped(lua_State *L) {
  struct event *event = lua_touserdata(L, 1);
  if (!push_handler(L, event->box, event->name))
    return 0;
  lua_call(L, 0, 0);
  return 0;
}

static int forget_conn(lua_State *L) {
  struct event *event = lua_touserdata(L, 1);
  push_handler(L, event->box, event->name);
  lua_getiuservalue(L, 2, SLIP_HTTP_CONNS);
  lua_pushnil(L);
  lua_rawsetp(L, -2, event->conn);
  return 0;
}

static int forget_server(lua_State *L) {
  struct event *event = lua_touserdata(L, 1);
  lua_pushnil(L);
  slip_server_set_live(L, event->box);
  return 0;
}

static void let_go(struct event *event) {
  struct slip_conn_box *box = slip_http_conn_user(event->conn);
  if (box == NULL)
    return; /* there was no memory for one */
  box->conn = NULL;
  (void)!enter(event, forget_conn); /* without memory it stays until the server goes */
}

static void on_request(void *owner, struct slip_http_conn *conn,
                       const struct slip_http_request *request, struct slip_buf *answer) {
  struct event event = {
      .box = owner, .name = "request", .conn = conn, .request = request, .answer = answer};
  if (enter(&event, call_request) != SLIP_OK)
    (void)!slip_buf_append(answer, SLIP_SPAN(failure)); /* an empty answer hangs up */
  struct slip_conn_box *box = slip_http_conn_user(conn);
  if (box != NULL)
    box->request = NULL;
  if (answer->size > 0)
    let_go(&event);
}

static void on_opened(void *owner, struct slip_http_conn *conn) {
  struct event event = {.box = owner, .name = "opened", .conn = conn};
  (void)!enter(&event, call_opened);
}

static void on_message(void *owner, struct slip_http_conn *conn, struct slip_span bytes,
                       bool is_binary) {
  struct event event = {
      .box = owner, .name = "message", .conn = conn, .bytes = bytes, .is_binary = is_binary};
  (void)!enter(&event, call_message);
}

static void on_refused(void *owner, struct slip_http_conn *conn, uint16_t code,
                       struct slip_span why) {
  struct event event = {.box = owner, .name = "refused", .conn = conn, .bytes = why, .code = code};
  (void)!enter(&event, call_with_code);
}

static void on_closed(void *owner, struct slip_http_conn *conn, uint16_t code,
                      struct slip_span text) {
  struct event event = {.box = owner, .name = "closed", .conn = conn, .bytes = text, .code = code};
  (void)!enter(&event, call_with_code);
  let_go(&event);
}

static void on_starved(void *owner, struct slip_span why) {
  struct event event = {.box = owner, .name = "starved", .bytes = why};
  (void)!enter(&event, call_starved);
}

static void on_stopped(void *owner) {
  struct slip_server_box *box = owner;
  struct event event = {.box = box, .name = "stopped"};
  box->server = NULL;
  (void)!enter(&event, call_stopped);
  (void)!enter(&event, forget_server);
}

const struct slip_http_handler slip_server_events = {on_request, on_opened,  on_message, on_refused,
                                                     on_closed,  on_starved, on_stopped};
