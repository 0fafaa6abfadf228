#include "script/json_private.h"

#include <charconv>
#include <cmath>

namespace {

const char MIXED[] = "cannot encode a list that has named keys too";
const char HOLES[] = "cannot encode a list with holes";

struct writer {
  lua_State *L;
  struct slip_buf *out;
  int work; /* the stack index of the work memory's userdata */
};

/* A table that is being written. Where it is says the one above; the key in hand is `item`, or, if
 * that is 0, the string on the stack behind the table. */
struct level {
  const level *up;
  const void *identity;
  int table; /* its stack index */
  unsigned depth;
  lua_Integer item;
};

bool write_value(writer &w, const level *up);

void append(writer &w, struct slip_span bytes) {
  slip_json_must(w.L, slip_buf_append(w.out, bytes) == SLIP_OK);
}

void append_text(writer &w, const char *text) {
  append(w, slip_span_of(text));
}

template <typename Number> void append_number(writer &w, Number number) {
  char digits[32]; /* the longest double is -1.7976931348623157e+308 */
  std::to_chars_result written = std::to_chars(digits, digits + sizeof digits, number);
  append(w, {digits, static_cast<size_t>(written.ptr - digits)});
}

/* False: not UTF-8. */
bool append_string(writer &w, int index) {
  struct slip_span text;
  text.at = lua_tolstring(w.L, index, &text.size);
  enum slip_err err = slip_json_string_write(w.out, text);
  slip_json_must(w.L, err == SLIP_OK || err == SLIP_EUTF8);
  return err == SLIP_OK;
}

/* Whether the key can stand behind a dot in a path. */
bool is_name(struct slip_span key) {
  for (size_t i = 0; i < key.size; i++) {
    char c = key.at[i];
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!is_letter && (i == 0 || c < '0' || c > '9'))
      return false;
  }
  return key.size > 0;
}

/* Writes where the value in hand at `level` is: payload.list[3]["a b"]. */
void append_path(writer &w, const level *at) {
  if (at == nullptr)
    return append_text(w, "payload");
  append_path(w, at->up);
  if (at->item != 0) {
    append_text(w, "[");
    append_number(w, at->item);
    return append_text(w, "]");
  }
  struct slip_span key;
  key.at = lua_tolstring(w.L, at->table + 1, &key.size);
  bool dotted = is_name(key);
  append_text(w, dotted ? "." : "[");
  if (dotted)
    return append(w, key);
  append_string(w, at->table + 1);
  append_text(w, "]");
}

/* Replaces the output by what is wrong with the value in hand at `level`. */
bool fail(writer &w, const level *at, const char *why, const char *what = "") {
  slip_buf_truncate(w.out, SLIP_PAYLOAD_GAP);
  append_path(w, at);
  append_text(w, ": ");
  append_text(w, why);
  append_text(w, what);
  return false;
}

bool write_float(writer &w, double number, const level *up) {
  if (std::isnan(number))
    return fail(w, up, "cannot encode NaN");
  if (std::isinf(number))
    return fail(w, up, "cannot encode infinity");
  size_t before = w.out->size;
  append_number(w, number);
  struct slip_span all = slip_buf_span(w.out);
  bool whole = true; /* such a text would come back as an integer */
  for (size_t i = before; i < all.size; i++) {
    if (all.at[i] == '.' || all.at[i] == 'e')
      whole = false;
  }
  if (whole)
    append_text(w, ".0");
  return true;
}

/* Whether the key at the top but one is the integer `item`. */
bool is_item(lua_State *L, lua_Integer item) {
  return lua_isinteger(L, -2) && lua_tointeger(L, -2) == item;
}

/* Fails for the key at the top but one, which is of the wrong type beside the others. */
bool fail_key(writer &w, const level &at) {
  if (lua_isinteger(w.L, -2) || lua_type(w.L, -2) == LUA_TSTRING)
    return fail(w, at.up, MIXED);
  bool is_float = lua_type(w.L, -2) == LUA_TNUMBER;
  return fail(w, at.up, "cannot encode a key that is a ",
              is_float ? "float" : luaL_typename(w.L, -2));
}

/* Whether all keys are 1 to `count`, each once; else fails. */
bool check_items(writer &w, const level &at, lua_Integer count) {
  lua_Integer found = 0;
  lua_pushnil(w.L);
  while (lua_next(w.L, at.table) != 0) {
    if (!lua_isinteger(w.L, -2))
      return fail_key(w, at);
    lua_Integer key = lua_tointeger(w.L, -2);
    if (key < 1 || key > count)
      return fail(w, at.up, HOLES);
    found++;
    lua_pop(w.L, 1);
  }
  return found == count || fail(w, at.up, HOLES);
}

/* A list whose items are not stored in their order. */
bool write_scattered(writer &w, level &at) {
  lua_Integer count = static_cast<lua_Integer>(lua_rawlen(w.L, at.table));
  if (!check_items(w, at, count))
    return false;
  for (at.item = 1; at.item <= count; at.item++) {
    append_text(w, at.item == 1 ? "[" : ",");
    lua_rawgeti(w.L, at.table, at.item);
    if (!write_value(w, &at))
      return false;
    lua_pop(w.L, 1);
  }
  append_text(w, "]");
  return true;
}

/* The first key and value are on the stack; they and the followers are popped, unless it fails. */
bool write_list(writer &w, level &at) {
  size_t start = w.out->size;
  at.item = 1;
  do {
    if (!is_item(w.L, at.item)) {
      lua_pop(w.L, 2);
      slip_buf_truncate(w.out, start);
      return write_scattered(w, at);
    }
    append_text(w, at.item == 1 ? "[" : ",");
    if (!write_value(w, &at))
      return false;
    lua_pop(w.L, 1);
    at.item++;
  } while (lua_next(w.L, at.table) != 0);
  append_text(w, "]");
  return true;
}

/* Likewise. */
bool write_object(writer &w, level &at) {
  const char *before = "{";
  do {
    if (lua_type(w.L, -2) != LUA_TSTRING)
      return fail_key(w, at);
    append_text(w, before);
    if (!append_string(w, at.table + 1))
      return fail(w, at.up, "cannot encode a key that is not UTF-8");
    append_text(w, ":");
    if (!write_value(w, &at))
      return false;
    lua_pop(w.L, 1);
    before = ",";
  } while (lua_next(w.L, at.table) != 0);
  append_text(w, "}");
  return true;
}

enum class mark { none, array, binary };

mark mark_of(writer &w, int index) {
  if (lua_getmetatable(w.L, index) == 0)
    return mark::none;
  lua_getiuservalue(w.L, w.work, SLIP_JSON_ARRAY_MT);
  lua_getiuservalue(w.L, w.work, SLIP_JSON_BINARY_MT);
  bool is_array = lua_rawequal(w.L, -3, -2) != 0;
  bool is_binary = lua_rawequal(w.L, -3, -1) != 0;
  lua_pop(w.L, 3);
  return is_array ? mark::array : is_binary ? mark::binary : mark::none;
}

bool write_table(writer &w, const level *up) {
  int index = lua_gettop(w.L);
  level at = {up, lua_topointer(w.L, index), index, up == nullptr ? 1 : up->depth + 1, 0};
  if (at.depth > SLIP_JSON_DEPTH_MAX)
    return fail(w, up, "nested too deep");
  for (const level *above = up; above != nullptr; above = above->up) {
    if (above->identity == at.identity)
      return fail(w, up, "cannot encode a table inside itself");
  }
  luaL_checkstack(w.L, 6, "json");
  mark found = mark_of(w, index);
  if (found == mark::binary)
    return fail(w, up, "a binary payload cannot be part of JSON");
  bool marked = found == mark::array;
  lua_pushnil(w.L);
  if (lua_next(w.L, index) == 0) {
    append_text(w, marked ? "[]" : "{}");
    return true;
  }
  return marked || lua_type(w.L, -2) == LUA_TNUMBER ? write_list(w, at) : write_object(w, at);
}

/* Of the value on the top. Leaves the stack as it was, unless it fails. */
bool write_value(writer &w, const level *up) {
  switch (lua_type(w.L, -1)) {
  case LUA_TSTRING:
    return append_string(w, -1) || fail(w, up, "cannot encode a string that is not UTF-8");
  case LUA_TNUMBER:
    if (!lua_isinteger(w.L, -1))
      return write_float(w, lua_tonumber(w.L, -1), up);
    append_number(w, lua_tointeger(w.L, -1));
    return true;
  case LUA_TBOOLEAN:
    append_text(w, lua_toboolean(w.L, -1) != 0 ? "true" : "false");
    return true;
  case LUA_TTABLE:
    return write_table(w, up);
  case LUA_TLIGHTUSERDATA:
    if (lua_touserdata(w.L, -1) != nullptr)
      return fail(w, up, "cannot encode a userdata");
    [[fallthrough]];
  case LUA_TNIL:
    append_text(w, "null");
    return true;
  default:
    return fail(w, up, "cannot encode a ", luaL_typename(w.L, -1));
  }
}

} // namespace

bool slip_json_write(lua_State *L, slip_json_work *w, int work, int index) {
  char *gap;
  slip_json_must(L, slip_buf_reserve(&w->bytes, SLIP_PAYLOAD_GAP, &gap) == SLIP_OK);
  slip_buf_commit(&w->bytes, SLIP_PAYLOAD_GAP);
  writer out = {L, &w->bytes, work};
  lua_pushvalue(L, index); /* a table is followed on the stack by its keys and values */
  return write_value(out, nullptr);
}
