#include "script/scale_lua.h"

#include "script/result.h"
#include "script/type.h"
#include "script/weights.h"

#include <lauxlib.h>
#include <stdbool.h>

#define SCALE "slipstream.scale"

/* What Lua 5.4 takes for each, on machines of 64 bits. */
enum {
  STRING_BYTES = 25,
  TABLE_BYTES = 56,
  ITEM_BYTES = 16,
  NODE_BYTES = 24,
  FUNCTION_BYTES = 32,
  UPVALUE_BYTES = 48,
  USERDATA_BYTES = 40,
  THREAD_BYTES = 1024
};

/* One call of `put`. Its stack: scale, owner, value, work. */
struct weighing {
  struct slip_weights *weights;
  uint32_t owner;
  lua_Integer depth; /* of the work */
};

enum {
  WORK = 1, /* the user value of a scale */
  AT_WORK = 4
};

/*
 * The work is a stack of values still to be looked at, and of tables that some of these were met
 * in: so it grows with how deep things lie, not with how many there are.
 */
struct level {
  lua_Integer count;  /* of entries that were met */
  lua_Integer charge; /* see weights.h; 0: it is not looked at yet */
};

/* In the Lua table that the work is, each level has so many places. */
enum { OBJECT = 1, KEY, COUNT, CHARGE, PLACES = CHARGE };

/* Whose the value on top becomes, as the weights have it. Raises. */
static lua_Integer claim(lua_State *L, const struct weighing *w) {
  int64_t charge;
  if (slip_weights_claim(w->weights, lua_topointer(L, -1), w->owner, &charge) != SLIP_OK)
    slip_result_raise_no_memory(L);
  return charge;
}

/* The work. */

/* Pops a value and the last key of it that was met. */
static void set_level(lua_State *L, lua_Integer at, struct level level) {
  lua_Integer base = at * PLACES;
  lua_rawseti(L, AT_WORK, base + KEY);
  lua_rawseti(L, AT_WORK, base + OBJECT);
  lua_pushinteger(L, level.count);
  lua_rawseti(L, AT_WORK, base + COUNT);
  lua_pushinteger(L, level.charge);
  lua_rawseti(L, AT_WORK, base + CHARGE);
}

static lua_Integer integer_at(lua_State *L, lua_Integer place) {
  lua_rawgeti(L, AT_WORK, place);
  lua_Integer value = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return value;
}

/* Pushes what `set_level` has popped. */
static struct level take_level(lua_State *L, struct weighing *w) {
  lua_Integer base = --w->depth * PLACES;
  lua_rawgeti(L, AT_WORK, base + OBJECT);
  lua_rawgeti(L, AT_WORK, base + KEY);
  return (struct level){integer_at(L, base + COUNT), integer_at(L, base + CHARGE)};
}

/* What is reached from a value. */

/* Whether the metatable of the table on top has a true field of that name. */
static bool has(lua_State *L, const char *name) {
  if (luaL_getmetafield(L, -1, name) == LUA_TNIL)
    return false;
  bool is_true = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is_true;
}

/* Pops a value that was met. It is to be looked at, if it may lead further. */
static void meet(lua_State *L, struct weighing *w) {
  switch (lua_type(L, -1)) {
  case LUA_TSTRING:
    slip_weights_charge(w->weights, claim(L, w), STRING_BYTES + (size_t)lua_rawlen(L, -1));
    break;
  case LUA_TTABLE:
    if (has(L, "__shared"))
      break;
    /* fall through */
  case LUA_TFUNCTION:
  case LUA_TTHREAD:
  case LUA_TUSERDATA:
    lua_pushnil(L);
    set_level(L, w->depth++, (struct level){0, 0});
    return;
  default:
    break;
  }
  lua_pop(L, 1);
}

static size_t size_of_table(lua_Unsigned list, lua_Unsigned count) {
  if (list > count)
    list = count; /* it has gaps */
  size_t nodes = count > list;
  while (nodes < count - list)
    nodes *= 2;
  return TABLE_BYTES + (size_t)list * ITEM_BYTES + nodes * NODE_BYTES;
}

/* Pops a table and a key of it; meets its further entries, or puts it below those that it waits
 * for. */
static void go_on(lua_State *L, struct weighing *w, struct level level) {
  while (lua_next(L, -2) != 0) {
    lua_Integer here = w->depth++;
    level.count++;
    meet(L, w);
    lua_pushvalue(L, -1);
    meet(L, w);
    if (w->depth > here + 1) {
      set_level(L, here, level);
      return;
    }
    w->depth = here;
  }
  slip_weights_charge(w->weights, level.charge,
                      size_of_table(lua_rawlen(L, -1), (lua_Unsigned)level.count));
  lua_pop(L, 1);
}

static size_t reach_upvalues(lua_State *L, struct weighing *w) {
  int count = 0;
  while (lua_getupvalue(L, -1, count + 1) != NULL) {
    meet(L, w);
    count++;
  }
  return FUNCTION_BYTES + (size_t)count * UPVALUE_BYTES;
}

/* The variables of a function that waits, from 1, or its further arguments, from -1. */
static void reach_variables(lua_State *L, struct weighing *w, lua_Debug *ar, int step) {
  lua_State *co = lua_tothread(L, -1);
  for (int i = step; lua_getlocal(co, ar, i) != NULL; i += step) {
    lua_xmove(co, L, 1);
    meet(L, w);
  }
}

static size_t reach_stack(lua_State *L, struct weighing *w) {
  lua_State *co = lua_tothread(L, -1);
  lua_Debug ar;
  if (lua_status(co) != LUA_YIELD || !lua_checkstack(co, 1))
    return THREAD_BYTES;
  for (int level = 0; lua_getstack(co, level, &ar); level++) {
    reach_variables(L, w, &ar, 1);
    reach_variables(L, w, &ar, -1);
  }
  return THREAD_BYTES;
}

/* Meets what the value on top, which is no table to go into, leads to; answers its own size. */
static size_t reach(lua_State *L, struct weighing *w) {
  switch (lua_type(L, -1)) {
  case LUA_TFUNCTION:
    return reach_upvalues(L, w);
  case LUA_TTHREAD:
    return reach_stack(L, w);
  case LUA_TTABLE:
    return TABLE_BYTES;
  default:
    return USERDATA_BYTES + (size_t)lua_rawlen(L, -1);
  }
}

/* What two hold is looked at a second time, so that all that it leads to is nobody's, too. */
static void look_at(lua_State *L, struct weighing *w) {
  struct level level = {0, claim(L, w)};
  if (level.charge != 0 && lua_istable(L, -1) && !has(L, "__mode")) {
    lua_pushnil(L);
    go_on(L, w, level);
    return;
  }
  if (level.charge != 0)
    slip_weights_charge(w->weights, level.charge, reach(L, w));
  lua_pop(L, 1);
}

static void work_off(lua_State *L, struct weighing *w) {
  while (w->depth > 0) {
    struct level level = take_level(L, w);
    if (level.charge != 0) {
      go_on(L, w, level);
    } else {
      lua_pop(L, 1);
      look_at(L, w);
    }
  }
}

/* The functions of Lua. */

static struct slip_weights *check_scale(lua_State *L) {
  return luaL_checkudata(L, 1, SCALE);
}

static uint32_t check_owner(lua_State *L, struct slip_weights *weights) {
  lua_Integer owner = luaL_checkinteger(L, 2);
  luaL_argcheck(L, owner >= 1 && owner <= INT32_MAX, 2, "an owner is an integer from 1");
  if (slip_weights_add_owner(weights, (uint32_t)owner) != SLIP_OK)
    slip_result_raise_no_memory(L);
  return (uint32_t)owner;
}

static int scale_put(lua_State *L) {
  struct slip_weights *weights = check_scale(L);
  struct weighing w = {weights, check_owner(L, weights), 0};
  lua_settop(L, 3);
  if (lua_getiuservalue(L, 1, WORK) == LUA_TNIL)
    return luaL_error(L, "attempt to use a closed scale");
  lua_pushvalue(L, 3);
  meet(L, &w);
  work_off(L, &w);
  return 0;
}

static int scale_leave_out(lua_State *L) {
  struct slip_weights *weights = check_scale(L);
  const void *object = lua_topointer(L, 2);
  if (object != NULL && slip_weights_leave_out(weights, object) != SLIP_OK)
    return slip_result_raise_no_memory(L);
  return 0;
}

static int scale_weight(lua_State *L) {
  const struct slip_weights *weights = check_scale(L);
  lua_pushinteger(L, (lua_Integer)slip_weights_of(weights, luaL_checkinteger(L, 2)));
  return 1;
}

/* What has a finalizer outlives the next collection, so the work goes now. */
static int scale_close(lua_State *L) {
  struct slip_weights *weights = check_scale(L);
  lua_pushnil(L);
  lua_setiuservalue(L, 1, WORK);
  slip_weights_clear(weights);
  return 0;
}

static int core_scale(lua_State *L) {
  struct slip_weights *weights = lua_newuserdatauv(L, sizeof *weights, WORK);
  *weights = (struct slip_weights){.claimed = NULL};
  luaL_setmetatable(L, SCALE);
  lua_newtable(L);
  lua_setiuservalue(L, -2, WORK);
  return 1;
}

void slip_scale_open(lua_State *L) {
  static const luaL_Reg methods[] = {{"put", scale_put},       {"leave_out", scale_leave_out},
                                     {"weight", scale_weight}, {"__close", scale_close},
                                     {"__gc", scale_close},    {NULL, NULL}};
  slip_type_make(L, SCALE, methods);
  lua_pushcfunction(L, core_scale);
  lua_setfield(L, -2, "scale");
}
