#include "script/pack.h"

#include "core/buf.h"
#include "script/json.h"
#include "script/pack_private.h"
#include "script/payload_lua.h"
#include "script/reason_lua.h"
#include "script/result.h"
#include "script/type.h"

#include <lauxlib.h>
#include <stdint.h>

#define BYTES "slipstream.pack"

/* The functions below that answer a bool push a text when it is false, and leave the stack higher
 * by whatever. */
struct packer {
  lua_State *L;
  struct slip_buf *bytes; /* in a userdata, which frees it whatever raises */
  uint32_t seen;
  int depth;
};

static bool pack_value(struct packer *p, int index);

static bool put(struct packer *p, const void *at, size_t size) {
  enum slip_err err = slip_buf_append(p->bytes, (struct slip_span){at, size});
  if (err == SLIP_OK)
    return true;
  if (err == SLIP_ENOMEM)
    slip_result_raise_no_memory(p->L);
  lua_pushliteral(p->L, "message is larger than 64 MiB");
  return false;
}

static bool put_tag(struct packer *p, enum slip_pack_tag tag) {
  char byte = (char)tag;
  return put(p, &byte, 1);
}

static bool put_number(struct packer *p, enum slip_pack_tag tag, const void *number, size_t size) {
  return put_tag(p, tag) && put(p, number, size);
}

static bool pack_number(struct packer *p, int index) {
  if (lua_isinteger(p->L, index)) {
    lua_Integer integer = lua_tointeger(p->L, index);
    return put_number(p, SLIP_PACK_INTEGER, &integer, sizeof integer);
  }
  lua_Number number = lua_tonumber(p->L, index);
  return put_number(p, SLIP_PACK_FLOAT, &number, sizeof number);
}

static bool pack_string(struct packer *p, int index) {
  size_t size;
  const char *text = lua_tolstring(p->L, index, &size);
  uint32_t count = (uint32_t)size;
  if (size > SLIP_PACK_MAX) /* so that it fits in the count */
    return put(p, text, size);
  return put_number(p, SLIP_PACK_STRING, &count, sizeof count) && put(p, text, size);
}

/* The name that the metatable on top gives its objects, or NULL; pushes it. */
static const char *push_name(lua_State *L) {
  lua_pushliteral(L, "__name");
  return lua_rawget(L, -2) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
}

/* `name` may be NULL. */
static bool refuse(struct packer *p, int index, const char *name) {
  const char *kind = name != NULL ? name : luaL_typename(p->L, index);
  const char *article = strchr("aeio", kind[0]) != NULL ? "an" : "a";
  lua_pushfstring(p->L, "%s %s cannot be passed to another worker", article, kind);
  return false;
}

/* The object gets the next number. */
static void note(struct packer *p, int index) {
  lua_pushvalue(p->L, index);
  lua_pushinteger(p->L, p->seen++);
  lua_rawset(p->L, SLIP_PACK_SEEN);
}

static bool is_seen(struct packer *p, int index, uint32_t *number) {
  lua_pushvalue(p->L, index);
  bool is_known = lua_rawget(p->L, SLIP_PACK_SEEN) == LUA_TNUMBER;
  *number = (uint32_t)lua_tointeger(p->L, -1);
  lua_pop(p->L, 1);
  return is_known;
}

/* The metatable is on top. */
static bool pack_shared(struct packer *p, int index) {
  const char *name = push_name(p->L);
  if (lua_isnil(p->L, SLIP_PACK_CALLBACK))
    return refuse(p, index, name);
  lua_pushvalue(p->L, SLIP_PACK_CALLBACK);
  lua_pushvalue(p->L, index);
  lua_call(p->L, 1, 1);
  if (lua_isnil(p->L, -1))
    return refuse(p, index, name);
  if (!put_tag(p, SLIP_PACK_SHARED) || !pack_value(p, lua_gettop(p->L)))
    return false;
  note(p, index);
  return true;
}

/* The mark of the metatable on top: 1 to SLIP_PACK_MARK_COUNT; 0: it is not kept. */
static char mark_of(struct packer *p) {
  for (int i = SLIP_PACK_MARK_COUNT; i > 0; i--) {
    if (lua_rawequal(p->L, -1, SLIP_PACK_MARKS + i - 1))
      return (char)i;
  }
  return 0;
}

static bool is_shared(lua_State *L) {
  lua_pushliteral(L, "__shared");
  (void)lua_rawget(L, -2);
  bool is_true = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is_true;
}

static bool is_listed(lua_State *L, int index, uint32_t count) {
  if (!lua_isinteger(L, index))
    return false;
  lua_Integer key = lua_tointeger(L, index);
  return key >= 1 && key <= (lua_Integer)count;
}

/* Values 1 to n, up to the first nil; n stands before them, where it is known only afterwards. */
static bool pack_list(struct packer *p, int index, uint32_t *count) {
  size_t at = p->bytes->size;
  *count = 0;
  if (!put(p, count, sizeof *count))
    return false;
  for (; lua_rawgeti(p->L, index, (lua_Integer)*count + 1) != LUA_TNIL; ++*count) {
    if (!pack_value(p, lua_gettop(p->L)))
      return false;
    lua_pop(p->L, 1);
  }
  lua_pop(p->L, 1);
  memcpy(p->bytes->memory + at, count, sizeof *count);
  return true;
}

/* What is not in the list. */
static bool pack_pairs(struct packer *p, int index, uint32_t count) {
  for (lua_pushnil(p->L); lua_next(p->L, index) != 0; lua_pop(p->L, 1)) {
    int top = lua_gettop(p->L);
    if (is_listed(p->L, top - 1, count))
      continue;
    if (!pack_value(p, top - 1) || !pack_value(p, top))
      return false;
  }
  return put_tag(p, SLIP_PACK_END);
}

static bool pack_content(struct packer *p, int index, char mark) {
  uint32_t count;
  note(p, index);
  return put_number(p, SLIP_PACK_TABLE, &mark, 1) && pack_list(p, index, &count) &&
         pack_pairs(p, index, count);
}

/* One that was not seen before. */
static bool pack_new(struct packer *p, int index) {
  if (!lua_getmetatable(p->L, index))
    return pack_content(p, index, 0);
  if (is_shared(p->L))
    return pack_shared(p, index);
  char mark = mark_of(p);
  if (mark != 0)
    return pack_content(p, index, mark);
  const char *name = push_name(p->L);
  return refuse(p, index, name != NULL ? name : "table with a metatable");
}

static bool pack_table(struct packer *p, int index) {
  uint32_t number;
  luaL_checkstack(p->L, 8, NULL);
  if (is_seen(p, index, &number))
    return put_number(p, SLIP_PACK_KNOWN, &number, sizeof number);
  if (++p->depth > SLIP_PACK_DEPTH_MAX) {
    lua_pushliteral(p->L, SLIP_PACK_TOO_DEEP);
    return false;
  }
  int top = lua_gettop(p->L);
  if (!pack_new(p, index))
    return false;
  lua_settop(p->L, top);
  p->depth--;
  return true;
}

/* `index` is absolute. */
static bool pack_value(struct packer *p, int index) {
  switch (lua_type(p->L, index)) {
  case LUA_TNIL:
    return put_tag(p, SLIP_PACK_NIL);
  case LUA_TBOOLEAN:
    return put_tag(p, lua_toboolean(p->L, index) ? SLIP_PACK_TRUE : SLIP_PACK_FALSE);
  case LUA_TNUMBER:
    return pack_number(p, index);
  case LUA_TSTRING:
    return pack_string(p, index);
  case LUA_TTABLE:
    return pack_table(p, index);
  case LUA_TTHREAD:
    return refuse(p, index, "coroutine");
  case LUA_TLIGHTUSERDATA:
    if (lua_touserdata(p->L, index) == NULL)
      return put_tag(p, SLIP_PACK_NULL);
    return refuse(p, index, NULL);
  default:
    return refuse(p, index, NULL);
  }
}

static int free_bytes(lua_State *L) {
  slip_buf_clear(lua_touserdata(L, 1));
  return 0;
}

static struct slip_buf *push_bytes(lua_State *L) {
  struct slip_buf *bytes = lua_newuserdatauv(L, sizeof *bytes, 0);
  slip_buf_init(bytes, SLIP_PACK_MAX);
  luaL_setmetatable(L, BYTES);
  return bytes;
}

void slip_pack_prepare(lua_State *L) {
  if (!lua_isnoneornil(L, SLIP_PACK_CALLBACK))
    luaL_checktype(L, SLIP_PACK_CALLBACK, LUA_TFUNCTION);
  lua_settop(L, SLIP_PACK_CALLBACK);
  lua_newtable(L);
  slip_json_push_array_mt(L);
  slip_payload_push_binary_metatable(L);
  slip_reason_push_metatable(L);
}

static int core_pack(lua_State *L) {
  slip_pack_prepare(L);
  struct packer packer = {.L = L, .bytes = push_bytes(L)};
  if (!pack_value(&packer, SLIP_PACK_VALUE)) {
    lua_pushnil(L);
    lua_insert(L, -2); /* stack: nil, text */
    return 2;
  }
  struct slip_span bytes = slip_buf_span(packer.bytes);
  lua_pushlstring(L, bytes.at, bytes.size);
  slip_buf_clear(packer.bytes); /* now: the collector does not know how large it is */
  return 1;
}

void slip_pack_open(lua_State *L) {
  static const luaL_Reg methods[] = {{"__gc", free_bytes}, {NULL, NULL}};
  slip_type_make(L, BYTES, methods);
  lua_pushcfunction(L, core_pack);
  lua_setfield(L, -2, "pack");
  lua_pushcfunction(L, slip_pack_unpack);
  lua_setfield(L, -2, "unpack");
}
