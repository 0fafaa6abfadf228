#ifndef SLIP_SCRIPT_TURN_LUA_H
#define SLIP_SCRIPT_TURN_LUA_H
/*
 * Turn_lua: a function of the host's that is called once a round of work, when it was asked for:
 *
 * - host:on_turn(fn): replaces the one before
 * - host:wake(): asks for fn(), in the next round, once however often; the loop lives on until
 * then, and so does the host
 *
 * A pretended host works off what was woken, round after round, in `advance`.
 */
#include "script/host_lua.h"

int slip_turn_on(lua_State *L);
int slip_turn_wake(lua_State *L);
/* The work of a host's mark. */
void slip_turn_work(struct slip_mark *mark);
/* Takes back the wake of the open host at `index`, if there is one. */
void slip_turn_forget(lua_State *L, int index);

#endif
