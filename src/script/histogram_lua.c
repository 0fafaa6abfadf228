#include "script/histogram_lua.h"

#include "core/histogram.h"
#include "script/result.h"
#include "script/type.h"

#include <lauxlib.h>

static struct slip_histogram *check_histogram(lua_State *L) {
  return luaL_checkudata(L, 1, SLIP_HISTOGRAM_TYPE);
}

static uint64_t from_zero(lua_Integer usec) {
  return usec > 0 ? (uint64_t)usec : 0;
}

static int core_histogram(lua_State *L) {
  struct slip_histogram *h = lua_newuserdatauv(L, sizeof *h, 0);
  slip_histogram_clear(h);
  luaL_setmetatable(L, SLIP_HISTOGRAM_TYPE);
  return 1;
}

static int histogram_record(lua_State *L) {
  struct slip_histogram *h = check_histogram(L);
  uint64_t usec = from_zero(luaL_checkinteger(L, 2));
  slip_histogram_record_paced(h, usec, from_zero(luaL_optinteger(L, 3, 0)));
  return 0;
}

static int histogram_add(lua_State *L) {
  struct slip_histogram *h = check_histogram(L);
  const struct slip_histogram *other = luaL_testudata(L, 2, SLIP_HISTOGRAM_TYPE);
  enum slip_err err = other != NULL ? slip_histogram_merge(h, other)
                                    : slip_histogram_read(h, slip_result_check_span(L, 2));
  return slip_result_push(L, err, NULL);
}

static int histogram_at(lua_State *L) {
  const struct slip_histogram *h = check_histogram(L);
  lua_Number percent = luaL_checknumber(L, 2);
  luaL_argcheck(L, percent >= 0 && percent <= 100, 2, "a percentage from 0 to 100 expected");
  uint32_t part = (uint32_t)(percent / 100 * SLIP_HISTOGRAM_WHOLE + 0.5);
  lua_pushinteger(L, slip_histogram_at(h, part));
  return 1;
}

static int histogram_up_to(lua_State *L) {
  const struct slip_histogram *h = check_histogram(L);
  uint64_t usec = from_zero(luaL_checkinteger(L, 2));
  lua_pushinteger(L, (lua_Integer)slip_histogram_up_to(h, usec));
  return 1;
}

static int histogram_count(lua_State *L) {
  const struct slip_histogram *h = check_histogram(L);
  lua_pushinteger(L, (lua_Integer)h->count);
  lua_pushinteger(L, (lua_Integer)h->clamped);
  return 2;
}

static int histogram_least(lua_State *L) {
  lua_pushinteger(L, check_histogram(L)->least);
  return 1;
}

static int histogram_greatest(lua_State *L) {
  lua_pushinteger(L, check_histogram(L)->greatest);
  return 1;
}

static int histogram_mean(lua_State *L) {
  lua_pushnumber(L, slip_histogram_mean(check_histogram(L)));
  return 1;
}

static int histogram_sum(lua_State *L) {
  lua_pushnumber(L, slip_histogram_sum(check_histogram(L)));
  return 1;
}

static int histogram_pack(lua_State *L) {
  const struct slip_histogram *h = check_histogram(L);
  luaL_Buffer bytes;
  char *room = luaL_buffinitsize(L, &bytes, SLIP_HISTOGRAM_BYTES_MOST);
  luaL_pushresultsize(&bytes, slip_histogram_write(h, room));
  return 1;
}

static int histogram_clear(lua_State *L) {
  slip_histogram_clear(check_histogram(L));
  return 0;
}

static const luaL_Reg methods[] = {
    {"record", histogram_record},     {"add", histogram_add},     {"at", histogram_at},
    {"up_to", histogram_up_to},       {"count", histogram_count}, {"least", histogram_least},
    {"greatest", histogram_greatest}, {"mean", histogram_mean},   {"sum", histogram_sum},
    {"pack", histogram_pack},         {"clear", histogram_clear}, {NULL, NULL}};

void slip_histogram_open(lua_State *L) {
  slip_type_make(L, SLIP_HISTOGRAM_TYPE, methods);
  lua_pushcfunction(L, core_histogram);
  lua_setfield(L, -2, "histogram");
}
