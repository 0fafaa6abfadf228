#ifndef SLIP_SCRIPT_JSON_H
#define SLIP_SCRIPT_JSON_H
/*
 * Json: JSON text (RFC 8259) to Lua values and back, by simdjson and a writer of our own.
 *
 * Integers stay Lua integers, exact to 64 bit; longer ones and all other numbers are floats, which
 * print as the shortest text that reads back as the same float (3.0 as 3.0, -0 is the float -0.0).
 * null is the light userdata NULL, as in cjson. Arrays carry the metatable array_mt, so that [] and
 * {} both survive. Both ways nest at most SLIP_JSON_DEPTH_MAX deep.
 *
 * These functions may raise, but only for want of memory: call them where an error is caught. The
 * work memory belongs to the lua_State and is kept between calls while it is small.
 */
#include "core/span.h"

#include <lua.h>

#ifdef __cplusplus
extern "C" {
#endif

struct slip_buf;

/* The name of array_mt in the registry, for luaL_getmetatable. */
#define SLIP_JSON_ARRAY "slipstream.array"

/* That of binary payloads, which cannot be part of JSON. */
#define SLIP_JSON_BINARY "slipstream.binary"

/* A lua_CFunction: pushes a new table with `encode` and `decode`, each of which answers its result,
 * or nil and a text. */
int slip_json_open(lua_State *L);
/* Pushes the metatable that marks arrays; makes it when asked first. */
void slip_json_push_array_mt(lua_State *L);
/*
 * Pushes the value of the text and answers true, or pushes a text that says what is wrong where
 * ("not valid JSON at byte 17: …", counted from 1) and answers false.
 * Of a key that is there twice the last value counts.
 */
bool slip_json_push(lua_State *L, struct slip_span text);
/* The same of a text that is UTF-8, a string of which begins with `plain`, a plain stretch
 * (plain.h) that need not be looked at; absent where none is known. */
bool slip_json_push_known(lua_State *L, struct slip_span text, struct slip_span plain);
/*
 * Pushes the JSON text of the value at `index` and answers true, or pushes a text that names the
 * path ("payload.list[3].x: cannot encode a function") and answers false.
 * A table is an array when it carries array_mt or its keys are exactly 1 to n, n > 0; else all its
 * keys must be strings. A binary payload is refused. Metamethods are ignored.
 */
bool slip_json_encode(lua_State *L, int index);
/*
 * The same without a Lua string: *text is the JSON text, or what is wrong when the answer is false,
 * borrowed until it is taken back. It lies in *buf as message.h asks of a payload, so that it can
 * be taken out of that. Pushes its owner.
 */
bool slip_json_lend(lua_State *L, int index, struct slip_span *text, struct slip_buf **buf);
/* Pops the owner; must follow every slip_json_lend. */
void slip_json_take_back(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
