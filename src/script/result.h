#ifndef SLIP_SCRIPT_RESULT_H
#define SLIP_SCRIPT_RESULT_H
/*
 * Result: what a method gives back to Lua: `true` or the value, or `nil, text, code`.
 */
#include "core/err.h"
#include "core/span.h"

#include <lua.h>
#include <stdbool.h>

/*
 * Pushes `true`, or nil, text and code, and returns how many. The codes are "no_memory", "too_big",
 * "malformed", "utf8", "invalid", "queue_full", "not_connected" (SLIP_ECLOSED), "io", and `state`
 * for SLIP_ESTATE: what that means depends on the call. Where the code is what docs/api.md says,
 * the text is the same.
 */
int slip_result_push(lua_State *L, enum slip_err err, const char *state);
/* Pushes nil, `text` and `code`; returns 3. */
int slip_result_fail(lua_State *L, const char *text, const char *code);
/* The same for text that is not UTF-8: which, as "topic". */
int slip_result_not_utf8(lua_State *L, const char *what);
/* Raises want of memory in Lua's own words, by which it is known. */
int slip_result_raise_no_memory(lua_State *L);
/* Whether the error at `index` is that: Lua code that has caught it may have raised it on. */
bool slip_result_is_no_memory(lua_State *L, int index);
/* A message handler: the error as text, whatever it was, and where it came from; want of memory as
 * it is. */
int slip_result_add_traceback(lua_State *L);
/* Pushes the bytes as a string, nil when they are absent. */
void slip_result_push_span(lua_State *L, struct slip_span bytes);

/* The string at `index`, which must be one (a number is none: its text would belong to nobody);
 * borrowed for as long as the string is on the stack or in a table. Raises. */
struct slip_span slip_result_check_span(lua_State *L, int index);

#endif
