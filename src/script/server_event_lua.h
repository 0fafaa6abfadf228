#ifndef SLIP_SCRIPT_SERVER_EVENT_LUA_H
#define SLIP_SCRIPT_SERVER_EVENT_LUA_H
/*
 * Server_event_lua: how what happens on the embedded server arrives in Lua, and the userdata that
 * it needs. server_lua.h says what the handlers are called with.
 */
#include "net/http_server.h"

#include <lua.h>

#define SLIP_HTTP_SERVER_TYPE "slipstream.http_server"
#define SLIP_HTTP_CONN_TYPE "slipstream.http_conn"

/* The server's user values: what it calls, and the userdata of its connections by their pointer. */
enum { SLIP_HTTP_HANDLERS = 1, SLIP_HTTP_CONNS, SLIP_HTTP_USER_VALUES = SLIP_HTTP_CONNS };

struct slip_server_box {
  struct slip_http_server *server; /* NULL: closed */
  lua_State *L;                    /* the main state; NULL: it ends, and hears of nothing */
  struct slip_buf text; /* work memory, here so that it has an owner when a push raises */
};

struct slip_conn_box {
  struct slip_http_conn *conn;             /* NULL: gone */
  const struct slip_http_request *request; /* while it is being answered */
  struct slip_server_box *server;          /* lives as long as the connection */
};

/* The owner is the box; it must be live. */
extern const struct slip_http_handler slip_server_events;

/* Sets the box's place in `slipstream.live` to the value on top, and pops that. May raise. */
void slip_server_set_live(lua_State *L, struct slip_server_box *box);
/* The work memory, empty. */
struct slip_buf *slip_server_text(struct slip_server_box *box);
/* Pushes what was written to it, and empties it. May raise. */
void slip_server_push_text(lua_State *L, struct slip_server_box *box);

#endif
