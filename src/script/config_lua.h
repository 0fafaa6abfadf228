#ifndef SLIP_SCRIPT_CONFIG_LUA_H
#define SLIP_SCRIPT_CONFIG_LUA_H
/*
 * Config_lua: the table that `host:client` is given, as what a session is told. What is absent
 * keeps its default.
 */
#include "core/session.h"

#include <lua.h>

/* The user value of a config: its decoder, the functions of its serializer, or nil. */
#define SLIP_CONFIG_CODEC 1

struct slip_config_box {
  struct slip_session_config session;
  bool has_decoder;    /* the script brings its own JSON */
  bool has_serializer; /* or a serializer, see serializer_lua.h */
};

/*
 * Pushes what the table at `index` says, a userdata. A table is read once and
 * must not change from then on: clients that are alike are given the same one.
 * lua/slipstream/config.lua has explained a user's mistakes before; what is wrong here all the same
 * raises.
 */
const struct slip_config_box *slip_config_push(lua_State *L, int index);

/* Makes what remembers the tables. */
void slip_config_open(lua_State *L);

#endif
