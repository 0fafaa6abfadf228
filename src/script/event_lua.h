#ifndef SLIP_SCRIPT_EVENT_LUA_H
#define SLIP_SCRIPT_EVENT_LUA_H
/*
 * Event_lua: a client's events on their way to the handlers of a script, one protected call each.
 *
 * Handlers are found by number, not by name: the table of handlers is made an array once, however
 * many clients share it. Its field `callbacks` may name the callback that an event is for: then
 * that is called (deliver_lua.h), and the handler only when something stands between. While events
 * are observed (fiber_lua.h) its `around(socket, event, ...)` is called in a handler's place; while
 * topics are, the handlers hear of what becomes of them. A join that is due and has a name there is
 * sent at once, without params.
 */
#include "script/client_lua.h"

/* What the client tells its events to; the owner is a `struct slip_client_box *`. */
extern const struct slip_handler slip_event_handler;

/* Makes the registry's cache of arrays. */
void slip_event_open(lua_State *L);
/* Pushes the array of the handlers at `index`, and notes in the box which there are. */
void slip_event_push_handlers(lua_State *L, int index, struct slip_client_box *box);
/* From now on the handler hears of each join that is due, also where `callbacks` names it. */
void slip_event_ask_joins(struct slip_client_box *box);

#endif
