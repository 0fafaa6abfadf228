#include "script/event_lua.h"

#include "script/deliver_lua.h"
#include "script/door.h"
#include "script/payload_lua.h"
#include "script/reason_lua.h"
#include "script/result.h"

#include <lauxlib.h>

/* RFC 6455 section 7.4.1: the data is not what its type says. */
#define CLOSE_BAD_PAYLOAD 1007
/* `failed` stands in the array behind the events. */
#define FAILED_SLOT (SLIP_EVENT_COUNT + 1)
/* Then `around`. */
#define AROUND_SLOT (FAILED_SLOT + 1)
/* Behind it stand which events have a handler, and which a callback by name, a bit for each. */
#define HANDLED_SLOT (AROUND_SLOT + 1)
#define CALLED_SLOT (HANDLED_SLOT + 1)
/* And the name of the callback of each, or nil. */
#define CALLBACK_SLOT (CALLED_SLOT + 1)
#define SLOTS (CALLBACK_SLOT + SLIP_EVENT_COUNT - 1)
#define HANDLERS "slipstream.handlers"

/* An event on its way. */
struct tell {
  struct slip_delivery delivery; /* first, so that it is the tell as well */
  struct slip_client_box *box;
  const struct slip_event *event;
};

/* Each of these pushes what its kind of event says and returns how many values; a payload that
 * cannot be decoded leaves its error on the stack and returns -1. */
typedef int push_fn(lua_State *L, const struct tell *t);

static int push_nothing(lua_State *L, const struct tell *t) {
  (void)L;
  (void)t;
  return 0;
}

static int push_attempt_and_reason(lua_State *L, const struct tell *t) {
  lua_pushinteger(L, t->event->attempt);
  slip_reason_push(L, t->event->reason);
  return 2;
}

static int push_status_and_location(lua_State *L, const struct tell *t) {
  const struct slip_reason *refusal = t->event->reason;
  lua_pushinteger(L, refusal->status);
  slip_result_push_span(L, slip_upgrade_header(refusal->headers, SLIP_SPAN("Location")));
  return 2;
}

static int push_reason(lua_State *L, const struct tell *t) {
  slip_reason_push(L, t->event->reason);
  return 1;
}

static int push_schedule(lua_State *L, const struct tell *t) {
  lua_pushinteger(L, t->event->attempt);
  lua_pushinteger(L, t->event->wait_msec);
  return 2;
}

static int push_reconnect(lua_State *L, const struct tell *t) {
  int count = push_schedule(L, t);
  lua_pushboolean(L, t->event->is_flapping);
  return count + 1;
}

static int push_topic(lua_State *L, const struct tell *t) {
  slip_result_push_span(L, t->event->topic);
  return 1;
}

static int push_topic_and_schedule(lua_State *L, const struct tell *t) {
  return push_topic(L, t) + push_schedule(L, t);
}

static int push_topic_and_name(lua_State *L, const struct tell *t) {
  slip_result_push_span(L, t->event->topic);
  slip_result_push_span(L, t->event->name);
  return 2;
}

static int push_topic_and_payload(lua_State *L, const struct tell *t) {
  slip_result_push_span(L, t->event->topic);
  return slip_payload_push(L, t->box, t->event->payload) ? 2 : -1;
}

static int push_message(lua_State *L, const struct tell *t) {
  push_topic_and_name(L, t);
  return slip_payload_push(L, t->box, t->event->payload) ? 3 : -1;
}

/* The reason comes with what the server said: `response` of a refused join, `payload` of a crash.
 */
static int push_topic_and_reason(lua_State *L, const struct tell *t) {
  const struct slip_event *event = t->event;
  slip_result_push_span(L, event->topic);
  slip_reason_push(L, event->reason);
  if (event->reason == NULL || slip_span_is_absent(event->payload.bytes))
    return 2;
  if (!slip_payload_push(L, t->box, event->payload))
    return -1;
  lua_setfield(L, -2, event->reason->kind == SLIP_REASON_FAILED_TO_JOIN ? "response" : "payload");
  return 2;
}

static int push_reply(lua_State *L, const struct tell *t) {
  lua_pushinteger(L, (lua_Integer)t->event->ref);
  slip_result_push_span(L, t->event->name);
  if (!slip_payload_push(L, t->box, t->event->payload))
    return -1;
  if (t->event->reason == NULL)
    return 3;
  slip_reason_push(L, t->event->reason);
  return 4;
}

static int push_wait(lua_State *L, const struct tell *t) {
  lua_pushinteger(L, t->event->wait_msec);
  return 1;
}

static const struct route {
  const char *name;
  push_fn *push;
  bool is_of_topic; /* and told by telemetry and the log */
} routes[SLIP_EVENT_COUNT] = {
    [SLIP_EVENT_CONNECT_DUE] = {"connect_due", push_attempt_and_reason},
    [SLIP_EVENT_REDIRECTED] = {"redirected", push_status_and_location},
    [SLIP_EVENT_CONNECTED] = {"connected", push_nothing},
    [SLIP_EVENT_DISCONNECTED] = {"disconnected", push_reason},
    [SLIP_EVENT_RECONNECT_SCHEDULED] = {"reconnect_scheduled", push_reconnect},
    [SLIP_EVENT_JOIN_DUE] = {"join_due", push_topic, true},
    [SLIP_EVENT_JOINED] = {"joined", push_topic_and_payload, true},
    [SLIP_EVENT_TOPIC_CLOSED] = {"topic_closed", push_topic_and_reason},
    [SLIP_EVENT_REJOIN_SCHEDULED] = {"rejoin_scheduled", push_topic_and_schedule},
    [SLIP_EVENT_LEFT] = {"left", push_topic, true},
    [SLIP_EVENT_MESSAGE] = {"message", push_message},
    [SLIP_EVENT_REPLY] = {"reply", push_reply},
    [SLIP_EVENT_HEARTBEAT_SENT] = {"heartbeat_sent", push_nothing},
    [SLIP_EVENT_HEARTBEAT] = {"heartbeat", push_wait},
    [SLIP_EVENT_WRITABLE] = {"writable", push_nothing},
    [SLIP_EVENT_DROPPED] = {"dropped", push_topic_and_name},
};

/* The server broke the protocol by this text; nothing when the handler has closed the client. */
static void fail_session(const struct slip_client_box *box, struct slip_span text) {
  if (box->client == NULL)
    return;
  struct slip_session *session = slip_client_enter(box->client);
  slip_session_fail(session, CLOSE_BAD_PAYLOAD, text);
  slip_client_leave(box->client);
}

/* No push stays unanswered: the session has let go of this one already, so its end will not be told
 * with the connection's. The handler is at 4. */
static void tell_refused(lua_State *L, const struct tell *t, struct slip_span text) {
  lua_pushvalue(L, 4);
  lua_getiuservalue(L, 2, SLIP_CLIENT_SOCKET);
  lua_pushinteger(L, (lua_Integer)t->event->ref);
  lua_pushliteral(L, "error");
  lua_pushnil(L);
  struct slip_reason reason = {
      .kind = SLIP_REASON_PROTOCOL_ERROR, .code = CLOSE_BAD_PAYLOAD, .text = text};
  slip_reason_push(L, &reason); /* stack: reply, socket, ref, status, response, reason */
  lua_call(L, 5, 0);
}

/* The payload cannot be decoded; the error is on top of the stack. */
static void refuse_payload(lua_State *L, const struct tell *t) {
  struct slip_span text;
  text.at = luaL_tolstring(L, -1, &text.size);
  if (t->event->kind == SLIP_EVENT_REPLY)
    tell_refused(L, t, text);
  fail_session(t->box, text);
}

/* Pushes the client's userdata. */
static void push_client(lua_State *L, const struct slip_client_box *box) {
  lua_getfield(L, LUA_REGISTRYINDEX, SLIP_LIVE);
  lua_rawgetp(L, -1, box);
  lua_replace(L, -2);
}

/* The shortest way, when the callback takes what the handler takes. */

static void find_callback(lua_State *L, const struct slip_delivery *delivery) {
  const struct tell *t = (const struct tell *)delivery;
  (void)lua_rawgetp(L, -1, t->box);
  lua_replace(L, -2);
  (void)lua_getiuservalue(L, -1, SLIP_CLIENT_SOCKET);
  (void)lua_getiuservalue(L, -2, SLIP_CLIENT_HANDLERS);
  (void)lua_rawgeti(L, -1, CALLBACK_SLOT + (lua_Integer)t->event->kind);
  lua_remove(L, -2);
}

static int push_arguments(lua_State *L, const struct slip_delivery *delivery) {
  const struct tell *t = (const struct tell *)delivery;
  return routes[t->event->kind].push(L, t);
}

/* Pushes what is called, the socket, and the event's name for who hears of all; answers how many
 * values it is called with so far. The array of handlers is at 3, the handler at 4. */
static int push_called(lua_State *L, const struct tell *t) {
  bool is_observed = slip_fibers_are_observed(t->box->host->fibers) &&
                     lua_rawgeti(L, 3, AROUND_SLOT) == LUA_TFUNCTION;
  if (!is_observed) {
    lua_settop(L, 4);
    lua_pushvalue(L, 4);
  }
  lua_getiuservalue(L, 2, SLIP_CLIENT_SOCKET);
  if (is_observed)
    lua_pushstring(L, routes[t->event->kind].name);
  return is_observed ? 2 : 1;
}

/* Behind the door: finds the handler, pushes what it is told, calls it. */
static int tell(lua_State *L) {
  struct tell *t = lua_touserdata(L, 1);
  const struct route *route = &routes[t->event->kind];
  push_client(L, t->box); /* stays at 2, so that the box outlives a close inside the handler */
  if (lua_isnil(L, 2))
    return 0; /* a finalizer has closed it meanwhile */
  lua_getiuservalue(L, 2, SLIP_CLIENT_HANDLERS);
  lua_rawgeti(L, -1, (lua_Integer)t->event->kind + 1); /* stays at 4 */
  int first = push_called(L, t);
  int count = route->push(L, t);
  if (count < 0) {
    refuse_payload(L, t);
    return 0;
  }
  lua_call(L, first + count, 0);
  return 0;
}

/* Behind the door as well: a handler raised. Arguments: the event, the text. */
static int tell_failed(lua_State *L) {
  const struct tell *t = lua_touserdata(L, 1);
  lua_settop(L, 2);
  push_client(L, t->box);
  if (lua_isnil(L, -1))
    return 0; /* it closed the client before */
  lua_getiuservalue(L, 3, SLIP_CLIENT_HANDLERS);
  if (lua_rawgeti(L, -1, FAILED_SLOT) != LUA_TFUNCTION)
    return 0;
  lua_getiuservalue(L, 3, SLIP_CLIENT_SOCKET);
  lua_pushstring(L, routes[t->event->kind].name);
  lua_pushvalue(L, 2); /* stack: failed, socket, name, text */
  lua_call(L, 3, 0);
  return 0;
}

/* A decoder of the script's runs once, and as nobody's. */
static bool is_for_callback(const struct slip_client_box *box, const struct slip_event *event) {
  if (routes[event->kind].is_of_topic && slip_fibers_topics_are_observed(box->host->fibers))
    return false;
  return (box->called & (1u << event->kind)) != 0 && event->reason == NULL && !box->has_decoder;
}

/* A join that the script has no say in. False: it could not be sent, which the handler will tell.
 */
static bool join_plainly(const struct slip_client_box *box, struct slip_span topic) {
  const struct slip_payload no_params = {.format = SLIP_JSON, .bytes = SLIP_SPAN("{}")};
  if (box->has_serializer || slip_fibers_are_observed(box->host->fibers))
    return false;
  struct slip_session *session = slip_client_enter(box->client);
  enum slip_err err = slip_session_send_join(session, topic, no_params);
  slip_client_leave(box->client);
  return err == SLIP_OK;
}

/* The shortest way; false: the handler is to be called. */
static bool pass_by(struct slip_host_box *host, struct tell *t) {
  if (!is_for_callback(t->box, t->event))
    return false;
  if (t->event->kind == SLIP_EVENT_JOIN_DUE)
    return join_plainly(t->box, t->event->topic);
  return slip_deliver(host->fibers, host->L, &t->delivery);
}

static void event(void *owner, const struct slip_event *event) {
  struct slip_client_box *box = owner;
  if ((box->handled & (1u << event->kind)) == 0)
    return;
  struct tell t = {
      {.find = find_callback, .push = push_arguments, .failed = tell_failed}, box, event};
  struct slip_host_box *host = box->host; /* outlives the box, which may be collected inside */
  host->is_telling = true;
  if (!pass_by(host, &t))
    slip_door(host->L, tell, tell_failed, &t);
  host->is_telling = false;
}

const struct slip_handler slip_event_handler = {event};

/* Events as bits of a box. */
_Static_assert(SLIP_EVENT_COUNT <= 16, "a box has 16 bits for them");

static void set_bits(lua_State *L, int slot, lua_Integer bits) {
  lua_pushinteger(L, bits);
  lua_rawseti(L, -2, slot);
}

static uint16_t bits_at(lua_State *L, int slot) {
  lua_rawgeti(L, -1, slot);
  lua_Integer bits = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return (uint16_t)bits;
}

/* Sets, in the array on top, the names that the table `callbacks` of the handlers at `index` has.
 */
static void set_callbacks(lua_State *L, int index) {
  lua_Integer called = 0;
  bool has_names = lua_getfield(L, index, "callbacks") == LUA_TTABLE;
  for (int kind = 0; has_names && kind < SLIP_EVENT_COUNT; kind++) {
    if (lua_getfield(L, -1, routes[kind].name) == LUA_TSTRING)
      called |= (lua_Integer)1 << kind;
    lua_rawseti(L, -3, CALLBACK_SLOT + kind);
  }
  lua_pop(L, 1);
  set_bits(L, CALLED_SLOT, called);
}

/* Pushes a new array of the handlers at `index`. */
static void make_array(lua_State *L, int index) {
  lua_Integer handled = 0;
  lua_createtable(L, SLOTS, 0);
  for (int kind = 0; kind < SLIP_EVENT_COUNT; kind++) {
    if (lua_getfield(L, index, routes[kind].name) == LUA_TFUNCTION)
      handled |= (lua_Integer)1 << kind;
    lua_rawseti(L, -2, kind + 1);
  }
  lua_getfield(L, index, "failed");
  lua_rawseti(L, -2, FAILED_SLOT);
  lua_getfield(L, index, "around");
  lua_rawseti(L, -2, AROUND_SLOT);
  set_bits(L, HANDLED_SLOT, handled);
  set_callbacks(L, index);
}

void slip_event_ask_joins(struct slip_client_box *box) {
  box->called &= (uint16_t) ~(1u << SLIP_EVENT_JOIN_DUE);
}

void slip_event_push_handlers(lua_State *L, int index, struct slip_client_box *box) {
  lua_getfield(L, LUA_REGISTRYINDEX, HANDLERS);
  lua_pushvalue(L, index);
  if (lua_rawget(L, -2) == LUA_TNIL) {
    lua_pop(L, 1);
    make_array(L, index);
    lua_pushvalue(L, index);
    lua_pushvalue(L, -2); /* stack: cache, array, handlers, array */
    lua_rawset(L, -4);
  }
  lua_remove(L, -2);
  box->handled = bits_at(L, HANDLED_SLOT);
  box->called = bits_at(L, CALLED_SLOT);
}

void slip_event_open(lua_State *L) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k"); /* a table of handlers that nobody has any more takes its array along */
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, HANDLERS);
}
