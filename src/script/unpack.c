#include "script/pack.h"
#include "script/pack_private.h"
#include "script/result.h"

#include <lauxlib.h>
#include <stdint.h>

/* The functions below that answer a bool push a value, or a text when it is false, and then leave
 * the stack higher by whatever. */
struct reader {
  lua_State *L;
  struct slip_span rest;
  uint32_t seen;
  int depth;
};

static bool read_value(struct reader *r);

static bool fail(struct reader *r) {
  lua_pushliteral(r->L, "these bytes are no packed value");
  return false;
}

/* Without a text. */
static bool get(struct reader *r, void *out, size_t size) {
  if (r->rest.size < size)
    return false;
  memcpy(out, r->rest.at, size);
  r->rest = slip_span_skip(r->rest, size);
  return true;
}

static bool read_integer(struct reader *r) {
  lua_Integer integer;
  if (!get(r, &integer, sizeof integer))
    return fail(r);
  lua_pushinteger(r->L, integer);
  return true;
}

static bool read_float(struct reader *r) {
  lua_Number number;
  if (!get(r, &number, sizeof number))
    return fail(r);
  lua_pushnumber(r->L, number);
  return true;
}

static bool read_string(struct reader *r) {
  uint32_t size;
  if (!get(r, &size, sizeof size) || size > r->rest.size)
    return fail(r);
  lua_pushlstring(r->L, r->rest.at, size);
  r->rest = slip_span_skip(r->rest, size);
  return true;
}

/* The object on top gets the next number. */
static void note(struct reader *r) {
  lua_pushvalue(r->L, -1);
  lua_rawseti(r->L, SLIP_PACK_SEEN, r->seen++);
}

static bool read_known(struct reader *r) {
  uint32_t number;
  if (!get(r, &number, sizeof number) || number >= r->seen)
    return fail(r);
  lua_rawgeti(r->L, SLIP_PACK_SEEN, number);
  return true;
}

static bool read_shared(struct reader *r) {
  if (lua_isnil(r->L, SLIP_PACK_CALLBACK))
    return fail(r);
  lua_pushvalue(r->L, SLIP_PACK_CALLBACK);
  if (!read_value(r))
    return false;
  lua_call(r->L, 1, 1);
  note(r);
  return true;
}

static bool read_list(struct reader *r, uint32_t count) {
  for (lua_Integer i = 1; i <= (lua_Integer)count; i++) {
    if (!read_value(r))
      return false;
    lua_rawseti(r->L, -2, i);
  }
  return true;
}

static bool is_at_end(const struct reader *r) {
  return r->rest.size > 0 && r->rest.at[0] == (char)SLIP_PACK_END;
}

/* nil and NaN are no keys. */
static bool is_key(lua_State *L) {
  return !lua_isnil(L, -1) && lua_rawequal(L, -1, -1);
}

static bool read_pairs(struct reader *r) {
  while (!is_at_end(r)) {
    if (!read_value(r))
      return false;
    if (!is_key(r->L))
      return fail(r);
    if (!read_value(r))
      return false;
    lua_rawset(r->L, -3);
  }
  r->rest = slip_span_skip(r->rest, 1);
  return true;
}

static bool read_table(struct reader *r) {
  char mark;
  uint32_t count;
  if (!get(r, &mark, 1) || mark < 0 || mark > SLIP_PACK_MARK_COUNT)
    return fail(r);
  if (!get(r, &count, sizeof count) || count > r->rest.size) /* a value has a byte at least */
    return fail(r);
  lua_createtable(r->L, (int)count, 0);
  note(r);
  if (!read_list(r, count) || !read_pairs(r))
    return false;
  if (mark > 0) {
    lua_pushvalue(r->L, SLIP_PACK_MARKS + mark - 1);
    (void)lua_setmetatable(r->L, -2);
  }
  return true;
}

static bool read_nested(struct reader *r, bool (*read)(struct reader *r)) {
  luaL_checkstack(r->L, 8, NULL);
  if (++r->depth > SLIP_PACK_DEPTH_MAX) {
    lua_pushliteral(r->L, SLIP_PACK_TOO_DEEP);
    return false;
  }
  bool is_good = read(r);
  r->depth--;
  return is_good;
}

static bool read_value(struct reader *r) {
  char tag;
  if (!get(r, &tag, 1))
    return fail(r);
  switch (tag) {
  case SLIP_PACK_NIL:
    lua_pushnil(r->L);
    return true;
  case SLIP_PACK_FALSE:
  case SLIP_PACK_TRUE:
    lua_pushboolean(r->L, tag == SLIP_PACK_TRUE);
    return true;
  case SLIP_PACK_NULL:
    lua_pushlightuserdata(r->L, NULL);
    return true;
  case SLIP_PACK_INTEGER:
    return read_integer(r);
  case SLIP_PACK_FLOAT:
    return read_float(r);
  case SLIP_PACK_STRING:
    return read_string(r);
  case SLIP_PACK_KNOWN:
    return read_known(r);
  case SLIP_PACK_TABLE:
    return read_nested(r, read_table);
  case SLIP_PACK_SHARED:
    return read_nested(r, read_shared);
  default:
    return fail(r);
  }
}

int slip_pack_unpack(lua_State *L) {
  struct reader reader = {.L = L, .rest = slip_result_check_span(L, SLIP_PACK_VALUE)};
  slip_pack_prepare(L);
  bool is_good = read_value(&reader);
  if (is_good && reader.rest.size > 0)
    is_good = fail(&reader);
  if (is_good)
    return 1;
  lua_pushnil(L);
  lua_insert(L, -2); /* stack: nil, text */
  return 2;
}
