#include "script/client_lua.h"

#include "script/config_lua.h"
#include "script/dial_lua.h"
#include "script/event_lua.h"
#include "script/push_lua.h"
#include "script/result.h"
#include "script/serializer_lua.h"

#include <lauxlib.h>

/* All methods have the metatable as their upvalue, which luaL_checkudata would look up by its name
 * each time. */
static bool is_client(lua_State *L) {
  if (lua_touserdata(L, 1) == NULL || lua_getmetatable(L, 1) == 0)
    return false;
  bool is_ours = lua_rawequal(L, -1, lua_upvalueindex(1)) != 0;
  lua_pop(L, 1);
  return is_ours;
}

struct slip_client_box *slip_client_check(lua_State *L) {
  struct slip_client_box *box =
      is_client(L) ? lua_touserdata(L, 1) : luaL_checkudata(L, 1, SLIP_CLIENT_TYPE);
  if (box->client == NULL)
    luaL_error(L, "attempt to use a closed client");
  if (box->is_coding)
    luaL_error(L, "attempt to use a client inside of its serializer");
  return box;
}

/* Ends a request begun with slip_client_enter. */
static int finish(lua_State *L, const struct slip_client_box *box, enum slip_err err,
                  const char *state) {
  slip_client_leave(box->client);
  if (err == SLIP_ESCRIPT && box->has_serializer)
    return slip_result_fail(L, slip_serializer_fault(box), "invalid");
  return slip_result_push(L, err, state);
}

/* Its life. */

/* Pushes a closed client, with what codes for it of the config, a userdata at 5, if that has some.
 */
static struct slip_client_box *push_closed(lua_State *L, struct slip_host_box *host,
                                           const struct slip_config_box *config) {
  int slots = config->has_decoder ? SLIP_CLIENT_CODEC : SLIP_CLIENT_HOST;
  size_t size = sizeof(struct slip_client_box);
  if (config->has_serializer) {
    slots = SLIP_CLIENT_AT_HAND;
    size = sizeof(struct slip_serializer_box);
  }
  struct slip_client_box *box = lua_newuserdatauv(L, size, slots);
  *box = (struct slip_client_box){.client = NULL, .host = host, .has_decoder = config->has_decoder};
  luaL_setmetatable(L, SLIP_CLIENT_TYPE);
  if (slots != SLIP_CLIENT_HOST) {
    lua_getiuservalue(L, 5, SLIP_CONFIG_CODEC);
    lua_setiuservalue(L, -2, SLIP_CLIENT_CODEC);
  }
  return box;
}

/* Opens it; last, so that it is owned at once. */
static enum slip_err open_client(struct slip_client_box *box,
                                 const struct slip_config_box *config) {
  struct slip_session_config session = config->session;
  if (config->has_serializer)
    session.codec = slip_serializer_init((struct slip_serializer_box *)box);
  return slip_client_new(box->host->loop, &session, &slip_event_handler, box, &box->client);
}

/* Arguments: host, handlers, socket, config. */
int slip_client_push(lua_State *L) {
  struct slip_host_box *host = slip_host_check(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checkany(L, 3);
  lua_settop(L, 4);
  if (lua_isnil(L, 4)) { /* all defaults */
    lua_newtable(L);
    lua_replace(L, 4);
  }
  const struct slip_config_box *config = slip_config_push(L, 4); /* stays at 5 */
  struct slip_client_box *box = push_closed(L, host, config);    /* so that __gc is safe */
  slip_event_push_handlers(L, 2, box);
  lua_setiuservalue(L, 6, SLIP_CLIENT_HANDLERS);
  lua_pushvalue(L, 3);
  lua_setiuservalue(L, 6, SLIP_CLIENT_SOCKET);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 6, SLIP_CLIENT_HOST);
  slip_live_set(L, 6, true);
  enum slip_err err = open_client(box, config);
  if (err == SLIP_OK)
    return 1;
  slip_live_set(L, 6, false);
  return slip_result_push(L, err, NULL);
}

/* Closes the client of the userdata at `index`; an entry that is there is cleared without memory.
 */
static void close_client(lua_State *L, int index) {
  struct slip_client_box *box = lua_touserdata(L, index);
  struct slip_client *client = box->client;
  if (client == NULL)
    return;
  box->client = NULL; /* first, so that a close from inside is harmless */
  slip_client_close(client);
  slip_live_set(L, index, false);
}

static int client_close(lua_State *L) {
  const struct slip_client_box *box = luaL_checkudata(L, 1, SLIP_CLIENT_TYPE);
  if (box->is_coding)
    luaL_error(L, "attempt to close a client inside of its serializer");
  close_client(L, 1);
  return 0;
}

/* The next client of the host in the table below the key on top, which gives way to its key and
 * userdata. NULL: there are no more, and nothing is left of the key. */
static const struct slip_client_box *next_client(lua_State *L, const struct slip_host_box *host) {
  while (lua_next(L, -2) != 0) {
    const struct slip_client_box *box = luaL_testudata(L, -1, SLIP_CLIENT_TYPE);
    if (box != NULL && box->host == host && box->client != NULL) /* servers live there too */
      return box;
    lua_pop(L, 1);
  }
  return NULL;
}

void slip_client_close_all(lua_State *L, const struct slip_host_box *host) {
  if (lua_getfield(L, LUA_REGISTRYINDEX, SLIP_LIVE) == LUA_TTABLE) {
    lua_pushnil(L);
    while (next_client(L, host) != NULL) { /* clearing fields while traversing is allowed */
      close_client(L, lua_gettop(L));
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
}

static void set_count(lua_State *L, const char *key, uint64_t count) {
  lua_pushinteger(L, (lua_Integer)count);
  lua_setfield(L, -2, key);
}

static void set_traffic(lua_State *L, const struct slip_tally *tally) {
  set_count(L, "bytes_in", tally->bytes_in);
  set_count(L, "bytes_out", tally->bytes_out);
  set_count(L, "messages_in", tally->messages_in);
  set_count(L, "pushes_out", tally->pushes_out);
  set_count(L, "connects", tally->connects);
}

int slip_client_push_tally(lua_State *L) {
  const struct slip_host_box *host = slip_host_check(L, 1);
  struct slip_tally tally = *slip_loop_tally(host->loop);
  const struct slip_client_box *box;
  lua_getfield(L, LUA_REGISTRYINDEX, SLIP_LIVE);
  for (lua_pushnil(L); (box = next_client(L, host)) != NULL; lua_pop(L, 1))
    slip_client_count(box->client, &tally);
  lua_createtable(L, 0, 9);
  set_traffic(L, &tally);
  set_count(L, "reconnects", tally.reconnects);
  set_count(L, "joins_out", tally.sent.joins);
  set_count(L, "leaves_out", tally.sent.leaves);
  set_count(L, "heartbeats_out", tally.sent.heartbeats);
  return 1;
}

int slip_client_push_census(lua_State *L) {
  const struct slip_host_box *host = slip_host_check(L, 1);
  struct slip_census census = {0};
  const struct slip_client_box *box;
  lua_getfield(L, LUA_REGISTRYINDEX, SLIP_LIVE);
  for (lua_pushnil(L); (box = next_client(L, host)) != NULL; lua_pop(L, 1))
    slip_client_add_to(box->client, &census);
  lua_createtable(L, 0, 6);
  set_count(L, "connected", census.connected);
  set_count(L, "connecting", census.connecting);
  set_count(L, "idle", census.idle);
  set_count(L, "topics", census.topics);
  set_count(L, "queued_bytes", census.queued_bytes);
  set_count(L, "buffered_pushes", census.buffered_pushes);
  return 1;
}

/* The connection. */

static int client_connect(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  return finish(L, box, slip_session_connect(slip_client_enter(box->client)), "connected");
}

static int client_reconnect(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  lua_Integer at_least = luaL_optinteger(L, 2, 0);
  luaL_argcheck(L, at_least >= 0 && at_least <= INT32_MAX, 2, "out of range");
  struct slip_session *session = slip_client_enter(box->client);
  return finish(L, box, slip_session_reconnect(session, (uint32_t)at_least), "connected");
}

static int client_disconnect(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  lua_Integer code = luaL_optinteger(L, 2, 1000);
  luaL_argcheck(L, code >= 0 && code <= UINT16_MAX, 2, "out of range");
  struct slip_span text = lua_isnoneornil(L, 3) ? SLIP_SPAN("") : slip_result_check_span(L, 3);
  struct slip_session *session = slip_client_enter(box->client);
  enum slip_err err = slip_session_disconnect(session, (uint16_t)code, text);
  if (err != SLIP_EUTF8)
    return finish(L, box, err, NULL);
  slip_client_leave(box->client);
  return slip_result_not_utf8(L, "text");
}

/* From now on the handlers hear of each event, also where its callback could be called at once. */
static int client_hear_all(lua_State *L) {
  slip_client_check(L)->called = 0;
  return 0;
}

/* From now on joins may have params: the script is asked for them. */
static int client_ask_joins(lua_State *L) {
  slip_event_ask_joins(slip_client_check(L));
  return 0;
}

static int client_connected(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  lua_pushboolean(L, slip_session_is_connected(slip_client_enter(box->client)));
  slip_client_leave(box->client);
  return 1;
}

static int client_idle(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  lua_pushboolean(L, slip_session_is_idle(slip_client_enter(box->client)));
  slip_client_leave(box->client);
  return 1;
}

/* Answers the msec since the connection opened, also when its end is being told; nil: it did not,
 * or the client is closed. */
static int client_uptime(lua_State *L) {
  struct slip_client_box *box = luaL_checkudata(L, 1, SLIP_CLIENT_TYPE);
  if (box->client == NULL)
    return 0;
  uint64_t msec;
  bool was_open = slip_session_uptime(slip_client_enter(box->client), &msec);
  slip_client_leave(box->client);
  if (!was_open)
    return 0;
  lua_pushinteger(L, (lua_Integer)msec);
  return 1;
}

/* Topics. */

static int client_join(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  struct slip_span topic = slip_result_check_span(L, 2);
  enum slip_err err = slip_session_join(slip_client_enter(box->client), topic);
  if (err != SLIP_ETOOBIG && err != SLIP_EUTF8)
    return finish(L, box, err, "joined");
  slip_client_leave(box->client);
  if (err == SLIP_EUTF8)
    return slip_result_not_utf8(L, "topic");
  return slip_result_fail(L, "a client joins at most 10000 topics, of 65535 bytes each", "too_big");
}

static int client_send_join(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  struct slip_span topic = slip_result_check_span(L, 2);
  struct slip_payload payload = {.format = lua_toboolean(L, 4) ? SLIP_BINARY : SLIP_JSON,
                                 .bytes = slip_result_check_span(L, 3)};
  return finish(L, box, slip_session_send_join(slip_client_enter(box->client), topic, payload),
                "not_due");
}

static int client_drop_join(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  struct slip_span topic = slip_result_check_span(L, 2);
  slip_session_drop_join(slip_client_enter(box->client), topic);
  return finish(L, box, SLIP_OK, NULL);
}

static int client_rejoin(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  struct slip_span topic = slip_result_check_span(L, 2);
  return finish(L, box, slip_session_rejoin(slip_client_enter(box->client), topic), "never_joined");
}

static int client_leave(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  struct slip_span topic = slip_result_check_span(L, 2);
  return finish(L, box, slip_session_leave(slip_client_enter(box->client), topic), "not_joined");
}

static int client_join_status(lua_State *L) {
  static const char *const names[] = {
      [SLIP_JOIN_NONE] = NULL,
      [SLIP_JOIN_REQUESTED] = "requested",
      [SLIP_JOIN_JOINED] = "joined",
      [SLIP_JOIN_CLOSED] = "closed",
  };
  struct slip_client_box *box = slip_client_check(L);
  struct slip_span topic = slip_result_check_span(L, 2);
  enum slip_join_status status = slip_session_join_status(slip_client_enter(box->client), topic);
  slip_client_leave(box->client);
  lua_pushstring(L, names[status]); /* nil for NULL */
  return 1;
}

/* Answers the names of the topics that are joined. */
static int client_joined_topics(lua_State *L) {
  struct slip_session *session = slip_client_enter(slip_client_check(L)->client);
  struct slip_span topic;
  uint32_t place = 0;
  lua_newtable(L);
  for (lua_Integer i = 1; slip_session_next_joined(session, &place, &topic); i++) {
    slip_result_push_span(L, topic);
    lua_rawseti(L, -2, i);
  }
  return 1;
}

/* Answers the refs of the pushes that no reply was told of; none of them will be. */
static int client_take_unanswered(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  uint64_t ref;
  lua_newtable(L);
  for (lua_Integer i = 1; slip_session_take_unanswered(slip_client_enter(box->client), &ref); i++) {
    lua_pushinteger(L, (lua_Integer)ref);
    lua_rawseti(L, -2, i);
  }
  slip_client_leave(box->client);
  return 1;
}

static int client_next_ref(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  lua_pushinteger(L, (lua_Integer)slip_session_next_ref(slip_client_enter(box->client)));
  slip_client_leave(box->client);
  return 1;
}

/* Whether a push with a ref below the one given waits for its answer. */
static int client_awaits_reply(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  lua_Integer before = luaL_checkinteger(L, 2);
  lua_pushboolean(L, slip_session_awaits_reply(slip_client_enter(box->client), (uint64_t)before));
  slip_client_leave(box->client);
  return 1;
}

/* Arguments: client, the one whose place it takes. */
static int client_succeed(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  struct slip_client_box *former = luaL_checkudata(L, 2, SLIP_CLIENT_TYPE);
  luaL_argcheck(L, former->client != NULL && former != box, 2, "another client expected");
  slip_client_succeed(box->client, former->client);
  return 0;
}

static int client_ping(lua_State *L) {
  struct slip_client_box *box = slip_client_check(L);
  return finish(L, box, slip_session_ping(slip_client_enter(box->client)), "busy");
}

static int client_stats(lua_State *L) {
  struct slip_client_stats stats;
  slip_client_stats(slip_client_check(L)->client, &stats);
  lua_createtable(L, 0, 7);
  set_traffic(L, &stats.tally);
  set_count(L, "queued_bytes", stats.queued_bytes);
  set_count(L, "buffered_pushes", stats.buffered_pushes);
  return 1;
}

static const luaL_Reg methods[] = {
    {"connect", client_connect},
    {"reconnect", client_reconnect},
    {"disconnect", client_disconnect},
    {"dial", slip_dial},
    {"dial_failed", slip_dial_failed},
    {"hear_all", client_hear_all},
    {"ask_joins", client_ask_joins},
    {"connected", client_connected},
    {"idle", client_idle},
    {"uptime", client_uptime},
    {"join", client_join},
    {"send_join", client_send_join},
    {"drop_join", client_drop_join},
    {"rejoin", client_rejoin},
    {"leave", client_leave},
    {"join_status", client_join_status},
    {"joined_topics", client_joined_topics},
    {"push", slip_push_bytes},
    {"take_unanswered", client_take_unanswered},
    {"next_ref", client_next_ref},
    {"awaits_reply", client_awaits_reply},
    {"succeed", client_succeed},
    {"ping", client_ping},
    {"stats", client_stats},
    {"close", client_close},
    {"__gc", client_close},
    {"__close", client_close},
    {NULL, NULL},
};

void slip_client_open(lua_State *L) {
  luaL_newmetatable(L, SLIP_CLIENT_TYPE);
  lua_pushvalue(L, -1);
  luaL_setfuncs(L, methods, 1);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  slip_event_open(L);
}
