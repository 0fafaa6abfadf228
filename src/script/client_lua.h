#ifndef SLIP_SCRIPT_CLIENT_LUA_H
#define SLIP_SCRIPT_CLIENT_LUA_H
/*
 * Client_lua: a client as a userdata. lua/slipstream/socket.lua makes the socket that users see of
 * it.
 *
 * Running clients, from `host:client` to `close`, are live (live_lua.h).
 */
#include "host/client.h"
#include "script/host_lua.h"
#include "script/live_lua.h"

#define SLIP_CLIENT_TYPE "slipstream.client"

/* The user values of a client. */
enum slip_client_slot {
  SLIP_CLIENT_HANDLERS = 1, /* an array: the handler of event kind k at k + 1, see event_lua.h */
  SLIP_CLIENT_SOCKET,       /* the first argument of every handler */
  SLIP_CLIENT_HOST,
  SLIP_CLIENT_CODEC,  /* a JSON's decoder, or a serializer's functions; there only with one */
  SLIP_CLIENT_AT_HAND /* the payload of the message at hand; there only with a serializer */
};

struct slip_client_box {
  struct slip_client *client; /* NULL: closed */
  struct slip_host_box *host;
  uint16_t handled;    /* bit k: there is a handler of event kind k */
  uint16_t called;     /* bit k: mostly, its callback is called without it */
  bool has_decoder;    /* the script brings its own JSON */
  bool has_serializer; /* a `struct slip_serializer_box` */
  bool is_coding;      /* its serializer runs: nothing else may be asked of it */
};

/* Makes the metatable of clients. */
void slip_client_open(lua_State *L);
/* host:client(handlers, socket, config) → client. */
int slip_client_push(lua_State *L);
/* The client at index 1, in a method of clients; raises when it is closed. */
struct slip_client_box *slip_client_check(lua_State *L);
/* host:tally() → what its clients have done so far, those that are gone too; see host/tally.h. */
int slip_client_push_tally(lua_State *L);
/* host:census() → what its clients are at now; see host/census.h. */
int slip_client_push_census(lua_State *L);
/* Closes every client of the host. */
void slip_client_close_all(lua_State *L, const struct slip_host_box *host);

#endif
