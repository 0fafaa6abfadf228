#include "script/tls_engine_lua.h"

#include "net/tls_engine.h"
#include "script/result.h"
#include "script/tls_lua.h"
#include "script/type.h"

#include <lauxlib.h>

#define ENGINE_TYPE "slipstream.tls_engine"

struct engine_box {
  struct slip_tls_engine *engine; /* NULL: none yet */
};

static struct slip_tls_engine *check_engine(lua_State *L) {
  struct engine_box *box = luaL_checkudata(L, 1, ENGINE_TYPE);
  return box->engine;
}

static int core_tls_engine(lua_State *L) {
  struct slip_tls_config *config = slip_tls_opt(L, 1);
  luaL_argcheck(L, config != NULL, 1, "settings of core.tls expected");
  struct slip_span host = slip_result_check_span(L, 2);
  struct engine_box *box = lua_newuserdatauv(L, sizeof *box, 0);
  box->engine = NULL;
  luaL_setmetatable(L, ENGINE_TYPE);
  enum slip_err err = slip_tls_engine_new(config, host, &box->engine);
  return err == SLIP_OK ? 1 : slip_result_push(L, err, NULL);
}

static int push_failure(lua_State *L, const struct slip_tls_engine *engine, enum slip_err err) {
  if (err == SLIP_EIO)
    return slip_result_fail(L, slip_tls_engine_fault(engine), "io");
  return slip_result_push(L, err, "state");
}

static const char *const states[] = {"shaking", "open", "over"};

static int engine_feed(lua_State *L) {
  struct slip_tls_engine *engine = check_engine(L);
  enum slip_err err = slip_tls_engine_feed(engine, slip_result_check_span(L, 2));
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  size_t count = err == SLIP_OK;
  while (err == SLIP_OK && count > 0) {
    char *room = luaL_prepbuffer(&buffer);
    err = slip_tls_engine_read(engine, room, LUAL_BUFFERSIZE, &count);
    luaL_addsize(&buffer, count);
  }
  luaL_pushresult(&buffer);
  if (err != SLIP_OK)
    return push_failure(L, engine, err);
  lua_pushstring(L, states[slip_tls_engine_state(engine)]);
  return 2;
}

static int engine_write(lua_State *L) {
  struct slip_tls_engine *engine = check_engine(L);
  enum slip_err err = slip_tls_engine_write(engine, slip_result_check_span(L, 2));
  if (err != SLIP_OK)
    return push_failure(L, engine, err);
  lua_pushboolean(L, 1);
  return 1;
}

static int engine_take(lua_State *L) {
  struct slip_span bytes = slip_tls_engine_take(check_engine(L));
  lua_pushlstring(L, bytes.at, bytes.size);
  return 1;
}

static int engine_finish(lua_State *L) {
  slip_tls_engine_finish(check_engine(L));
  return 0;
}

static int engine_gc(lua_State *L) {
  struct engine_box *box = luaL_checkudata(L, 1, ENGINE_TYPE);
  struct slip_tls_engine *engine = box->engine;
  box->engine = NULL;
  slip_tls_engine_free(engine);
  return 0;
}

void slip_tls_engine_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"feed", engine_feed},     {"write", engine_write}, {"take", engine_take},
      {"finish", engine_finish}, {"__gc", engine_gc},     {NULL, NULL},
  };
  slip_type_make(L, ENGINE_TYPE, methods);
  lua_pushcfunction(L, core_tls_engine);
  lua_setfield(L, -2, "tls_engine");
}
