#include "script/meter_lua.h"

#include "script/host_lua.h"
#include "script/watch.h"

#include <lauxlib.h>

static const char the_meter = 0;

/* Hosts may hold it that are not closed yet, so there is never another one. */
static struct slip_meter *meter_of(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &the_meter) == LUA_TUSERDATA)
    return lua_touserdata(L, -1);
  struct slip_meter *meter = lua_newuserdatauv(L, sizeof *meter, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &the_meter);
  return meter;
}

int slip_meter_start(lua_State *L) {
  const struct slip_host_box *host = slip_host_check(L, 1);
  struct slip_watch *watch = slip_watch_push(L);
  struct slip_meter *meter = meter_of(L);
  *meter = (struct slip_meter){0};
  slip_loop_set_meter(host->loop, meter);
  watch->timing = &meter->slices;
  return 0;
}

static void set_count(lua_State *L, const char *key, uint64_t count) {
  lua_pushinteger(L, (lua_Integer)count);
  lua_setfield(L, -2, key);
}

/* Those that there were. */
static void set_reasons(lua_State *L, const char *key, const uint64_t counts[SLIP_REASON_COUNT]) {
  lua_newtable(L);
  for (int kind = 0; kind < SLIP_REASON_COUNT; kind++) {
    if (counts[kind] > 0)
      set_count(L, slip_reason_name((enum slip_reason_kind)kind), counts[kind]);
  }
  lua_setfield(L, -2, key);
}

static void set_timing(lua_State *L, const char *key, const struct slip_timing *timing) {
  luaL_Buffer bytes;
  lua_createtable(L, 0, 2);
  char *room = luaL_buffinitsize(L, &bytes, SLIP_HISTOGRAM_BYTES_MOST);
  luaL_pushresultsize(&bytes, slip_histogram_write(&timing->histogram, room));
  lua_setfield(L, -2, "histogram");
  set_count(L, "usec", timing->usec);
  lua_setfield(L, -2, key);
}

int slip_meter_push(lua_State *L) {
  const struct slip_meter *meter = slip_loop_meter(slip_host_check(L, 1)->loop);
  if (meter == NULL)
    return 0;
  lua_createtable(L, 0, 9);
  set_count(L, "joins", meter->joins);
  set_count(L, "leaves", meter->leaves);
  set_count(L, "timeouts", meter->timeouts);
  set_reasons(L, "disconnects", meter->disconnects);
  set_reasons(L, "reconnects", meter->reconnects);
  set_reasons(L, "topics_closed", meter->topics_closed);
  set_reasons(L, "unanswered", meter->unanswered);
  set_timing(L, "replies", &meter->replies);
  set_timing(L, "slices", &meter->slices);
  return 1;
}
