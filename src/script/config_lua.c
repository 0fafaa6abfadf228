#include "script/config_lua.h"

#include "core/limits.h"

#include <lauxlib.h>
#include <string.h>

/* Its address is the key in the registry: a userdata by the table that was read. */
static const char CONFIGS_KEY = 0;

/* The readers below read one field of the table at `index` and leave the stack as it was. */
static size_t read_size(lua_State *L, int index, const char *key, size_t otherwise,
                        lua_Integer max) {
  size_t value = otherwise;
  if (lua_getfield(L, index, key) != LUA_TNIL) {
    int is_integer;
    lua_Integer given = lua_tointegerx(L, -1, &is_integer);
    if (!is_integer || given < 0 || given > max)
      luaL_error(L, "%s: an integer from 0 to %I expected", key, (LUAI_UACINT)max);
    value = (size_t)given;
  }
  lua_pop(L, 1);
  return value;
}

static uint32_t read_msec(lua_State *L, int index, const char *key, uint32_t otherwise) {
  return (uint32_t)read_size(L, index, key, otherwise, INT32_MAX);
}

static bool read_bool(lua_State *L, int index, const char *key, bool otherwise) {
  bool value = lua_getfield(L, index, key) == LUA_TNIL ? otherwise : lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

static enum slip_vsn read_vsn(lua_State *L, int index, enum slip_vsn otherwise) {
  enum slip_vsn vsn = otherwise;
  if (lua_getfield(L, index, "vsn") != LUA_TNIL)
    vsn = strcmp(luaL_checkstring(L, -1), "1.0.0") == 0 ? SLIP_VSN_1 : SLIP_VSN_2;
  lua_pop(L, 1);
  return vsn;
}

static void read_steps(lua_State *L, int index, const char *key, struct slip_backoff *out) {
  if (lua_getfield(L, index, key) != LUA_TNIL) {
    luaL_checktype(L, -1, LUA_TTABLE);
    size_t count = lua_rawlen(L, -1);
    if (count == 0 || count > SLIP_BACKOFF_STEPS_MAX)
      luaL_error(L, "%s: 1 to %d steps expected", key, (int)SLIP_BACKOFF_STEPS_MAX);
    for (size_t i = 0; i < count; i++) {
      lua_rawgeti(L, -1, (lua_Integer)i + 1);
      out->steps[i] = (uint32_t)luaL_checkinteger(L, -1);
      lua_pop(L, 1);
    }
    out->count = count;
    out->spread = 0; /* who states the waits gets no later ones */
  }
  lua_pop(L, 1);
}

static uint16_t read_jitter(lua_State *L, int index, uint16_t otherwise) {
  uint16_t thousandths = otherwise;
  if (lua_getfield(L, index, "jitter") != LUA_TNIL) {
    lua_Number share = luaL_checknumber(L, -1);
    if (!(share >= 0 && share <= 1))
      luaL_error(L, "jitter: a number from 0 to 1 expected");
    thousandths = (uint16_t)(share * 1000 + 0.5);
  }
  lua_pop(L, 1);
  return thousandths;
}

/* `compress` is a boolean or a table of terms, checked by lua/slipstream/config.lua. */
static void read_compress(lua_State *L, int index, struct slip_session_compress *out) {
  int type = lua_getfield(L, index, "compress");
  out->offer.is_on = lua_toboolean(L, -1);
  if (type == LUA_TTABLE) {
    int terms = lua_gettop(L);
    out->offer.server_no_context_takeover =
        read_bool(L, terms, "server_no_context_takeover", false);
    out->offer.client_no_context_takeover =
        read_bool(L, terms, "client_no_context_takeover", false);
    out->offer.server_max_window_bits =
        (uint8_t)read_size(L, terms, "server_max_window_bits", 0, SLIP_WINDOW_BITS_MAX);
    out->offer.client_max_window_bits =
        (uint8_t)read_size(L, terms, "client_max_window_bits", 0, SLIP_WINDOW_BITS_MAX);
    out->level = (uint8_t)read_size(L, terms, "level", out->level, 9);
    out->threshold = (uint32_t)read_size(L, terms, "threshold", out->threshold, INT32_MAX);
  }
  lua_pop(L, 1);
}

static void read_session(lua_State *L, int index, struct slip_session_config *out) {
  struct slip_session_config c = slip_session_defaults;
  c.heartbeat_interval_msec =
      read_msec(L, index, "heartbeat_interval_msec", c.heartbeat_interval_msec);
  c.heartbeat_timeout_msec =
      read_msec(L, index, "heartbeat_timeout_msec", c.heartbeat_timeout_msec);
  c.connect_timeout_msec = read_msec(L, index, "connect_timeout_msec", c.connect_timeout_msec);
  c.join_timeout_msec = read_msec(L, index, "join_timeout_msec", c.join_timeout_msec);
  c.push_timeout_msec = read_msec(L, index, "push_timeout_msec", c.push_timeout_msec);
  c.write_timeout_msec = read_msec(L, index, "write_timeout_msec", c.write_timeout_msec);
  c.stable_after_msec = read_msec(L, index, "stable_after_msec", c.stable_after_msec);
  c.max_message_bytes = read_size(L, index, "max_message_bytes", c.max_message_bytes, INT64_MAX);
  c.max_queue_bytes = read_size(L, index, "max_queue_bytes", c.max_queue_bytes, INT64_MAX);
  c.max_buffered_pushes = (uint32_t)read_size(L, index, "max_buffered_pushes",
                                              c.max_buffered_pushes, SLIP_BUFFERED_PUSHES_MAX);
  c.rejoin_on_reconnect = read_bool(L, index, "rejoin_on_reconnect", c.rejoin_on_reconnect);
  c.vsn = read_vsn(L, index, c.vsn);
  read_compress(L, index, &c.compress);
  read_steps(L, index, "reconnect_after_msec", &c.reconnect);
  read_steps(L, index, "rejoin_after_msec", &c.rejoin);
  c.reconnect.jitter = read_jitter(L, index, c.reconnect.jitter);
  c.rejoin.jitter = read_jitter(L, index, c.rejoin.jitter);
  *out = c;
}

/* Pushes what the table at `index` says. */
static void make(lua_State *L, int index) {
  struct slip_config_box *box = lua_newuserdatauv(L, sizeof *box, SLIP_CONFIG_CODEC);
  read_session(L, index, &box->session);
  box->has_serializer = lua_getfield(L, index, "serializer") != LUA_TNIL;
  box->has_decoder = false;
  if (!box->has_serializer) {
    lua_pop(L, 1);
    box->has_decoder = lua_getfield(L, index, "decode") != LUA_TNIL;
  }
  lua_setiuservalue(L, -2, SLIP_CONFIG_CODEC);
}

const struct slip_config_box *slip_config_push(lua_State *L, int index) {
  luaL_checktype(L, index, LUA_TTABLE);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &CONFIGS_KEY);
  lua_pushvalue(L, index);
  if (lua_rawget(L, -2) == LUA_TNIL) {
    lua_pop(L, 1);
    make(L, index);
    lua_pushvalue(L, index);
    lua_pushvalue(L, -2); /* stack: configs, made, table, made */
    lua_rawset(L, -4);
  }
  lua_remove(L, -2);
  return lua_touserdata(L, -1);
}

void slip_config_open(lua_State *L) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k"); /* a table that nobody has any more takes what it says along */
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &CONFIGS_KEY);
}
