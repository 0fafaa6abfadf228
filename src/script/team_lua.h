#ifndef SLIP_SCRIPT_TEAM_LUA_H
#define SLIP_SCRIPT_TEAM_LUA_H
/*
 * Team_lua: threads, each with a Lua state and a loop of its own (host/team.h has the rules).
 * `core.team` is:
 *
 *   team.new(count) → team | nil, text, code
 *                                 the lead's end; once a state. Raises outside of the program.
 *                                 "no_memory", "io": no file descriptor is left
 *   team.mine() → team | nil      this thread's end: a worker's, or the lead's; nil: neither
 *   team.exit(code)               ends the process at once, whatever its threads are at; what was
 *                                 written to stdout and stderr is flushed, nothing is closed
 *
 * The lead's end:
 *
 *   team:spawn(index, module, bytes [, max_memory]) → true | nil, text, code
 *                                 a thread opens a state with all that the program carries and
 *                                 calls require(module).main(bytes). "running": there is one
 *   team:on_end(fn)               fn(index, ok, code, text) is told when a thread has ended: `code`
 *                                 and `text` are what main returned (an integer, or nil: 0; a
 *                                 string or nil). Not `ok`: it failed, `text` is the error with its
 *                                 traceback. Comes after all that it posted
 *   team:give_up(index)           a place that is empty, for good or for now: it counts as busy
 *                                 after a failure, until this or spawn
 *
 * Both ends:
 *
 *   team:index(), team:count()    the lead's index is -1
 *   team:post(to, bytes [, is_urgent]) → true | nil, text, code: "queue_full", "noproc", "too_big",
 *                                 "no_memory"
 *   team:on_parcel(fn)            fn(bytes, from), once a parcel; what came before waits for it
 *   team:claim(name, id) → boolean    false: somebody else has the name
 *   team:release(name)            if it is this worker's
 *   team:find(name) → index, id | nil
 *   team:is_over() → boolean      nothing can come any more, for good
 *
 * A worker's end:
 *
 *   team:rest() → "over" | true   when uv.run has returned since there is nothing to do: "over",
 *                                 when that goes for all; else run the loop again, which returns
 *                                 when something has come and been done, and ask again
 *
 * The lead's loop lives for as long as there are workers whose end it was not told; a worker's end
 * keeps its loop alive after `rest` alone. An error in fn(…) is told on stderr: our own Lua files
 * guard themselves.
 */
#include "host/team.h"

#include <lua.h>

#define SLIP_TEAM_TYPE "slipstream.team"

/* Adds `team` to the module table on top of the stack. */
void slip_team_open(lua_State *L);
/* Makes this state's end of the team, on its luv loop, and pushes it; `mine` answers it from now
 * on. The team is borrowed, except by the lead's end, which frees it. Raises. */
void slip_team_push_mine(lua_State *L, struct slip_team *team, int place);

#endif
