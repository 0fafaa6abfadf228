#include "script/team_lua.h"

#include "host/seat.h"
#include "script/door.h"
#include "script/luv_lua.h"
#include "script/program_lua.h"
#include "script/result.h"
#include "script/type.h"
#include "script/worker_lua.h"

#include <lauxlib.h>
#include <luv/luv.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Where the registry keeps this state's end. */
static const char the_end = 0;

/* What an end is refused for, when it is not for memory. */
#define NO_DESCRIPTOR "the system has no file descriptor left"

/* The user values of an end. */
enum { ON_PARCEL = 1, ON_END, USER_VALUES = ON_END };

struct team_box {
  struct slip_team *team;
  struct slip_seat *seat; /* NULL: closed */
  lua_State *L;           /* the main state */
  int place;
};

/* Checks. */

static struct team_box *check_team(lua_State *L) {
  struct team_box *box = luaL_checkudata(L, 1, SLIP_TEAM_TYPE);
  if (box->seat == NULL)
    luaL_error(L, "attempt to use a closed team");
  return box;
}

static struct team_box *check_lead(lua_State *L) {
  struct team_box *box = check_team(L);
  luaL_argcheck(L, box->place == SLIP_LEAD, 1, "the lead's end is needed");
  return box;
}

static int check_worker_index(lua_State *L, const struct team_box *box, int arg) {
  lua_Integer index = luaL_checkinteger(L, arg);
  luaL_argcheck(L, index >= 0 && index < slip_team_count(box->team), arg,
                "there is no such worker");
  return (int)index;
}

/* What arrives. */

struct arrival {
  struct team_box *box;
  const struct slip_parcel *parcel;
};

/* Pushes a user value of this state's end. */
static int push_handler(lua_State *L, int which) {
  (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &the_end);
  return lua_getiuservalue(L, -1, which);
}

static int tell_end(lua_State *L, const struct slip_parcel *parcel) {
  const struct slip_outcome *outcome = parcel->outcome;
  if (push_handler(L, ON_END) != LUA_TFUNCTION)
    return 0;
  lua_pushinteger(L, parcel->from);
  lua_pushboolean(L, !outcome->has_failed);
  lua_pushinteger(L, outcome->code);
  if (outcome->size > 0)
    lua_pushlstring(L, outcome->text, outcome->size);
  else
    lua_pushnil(L); /* stack: fn, index, ok, code, text */
  lua_call(L, 4, 0);
  return 0;
}

/* Behind the door. */
static int tell(lua_State *L) {
  const struct arrival *arrival = lua_touserdata(L, 1);
  const struct slip_parcel *parcel = arrival->parcel;
  if (parcel->outcome != NULL)
    return tell_end(L, parcel);
  if (push_handler(L, ON_PARCEL) != LUA_TFUNCTION)
    return 0;
  lua_pushlstring(L, parcel->bytes.at, parcel->bytes.size);
  lua_pushinteger(L, parcel->from);
  lua_call(L, 2, 0);
  return 0;
}

/* The lead's loop lives on while there are workers. */
static void keep_lead(const struct team_box *box) {
  if (box->seat != NULL && box->place == SLIP_LEAD)
    slip_seat_keep_alive(box->seat, slip_team_running(box->team) > 0);
}

static void arrive(void *context, const struct slip_parcel *parcel) {
  struct arrival arrival = {context, parcel};
  slip_door(arrival.box->L, tell, slip_door_defect, &arrival);
  if (parcel->outcome != NULL)
    keep_lead(arrival.box);
}

/* Methods. */

static int team_spawn(lua_State *L) {
  const struct team_box *box = check_lead(L);
  int index = check_worker_index(L, box, 2);
  const char *module = luaL_checkstring(L, 3);
  struct slip_span bytes = slip_result_check_span(L, 4);
  lua_Integer max_memory = luaL_optinteger(L, 5, 0);
  luaL_argcheck(L, max_memory >= 0, 5, "a number of bytes expected");
  struct slip_worker *worker;
  enum slip_err err = slip_worker_new(module, bytes, &worker);
  if (err != SLIP_OK)
    return slip_result_push(L, err, NULL);
  worker->modules = slip_program_modules(L);
  worker->max_memory = (size_t)max_memory;
  err = slip_team_start(box->team, index, (struct slip_task){slip_worker_run, worker});
  if (err != SLIP_OK)
    free(worker);
  keep_lead(box);
  return slip_result_push(L, err, "running");
}

static int team_give_up(lua_State *L) {
  const struct team_box *box = check_lead(L);
  slip_team_give_up(box->team, check_worker_index(L, box, 2));
  return 0;
}

static int set_handler(lua_State *L, int which) {
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  (void)lua_setiuservalue(L, 1, which);
  return 0;
}

static int team_on_end(lua_State *L) {
  check_lead(L);
  return set_handler(L, ON_END);
}

static int team_on_parcel(lua_State *L) {
  check_team(L);
  return set_handler(L, ON_PARCEL);
}

static int team_index(lua_State *L) {
  lua_pushinteger(L, check_team(L)->place);
  return 1;
}

static int team_count(lua_State *L) {
  lua_pushinteger(L, slip_team_count(check_team(L)->team));
  return 1;
}

static int team_post(lua_State *L) {
  const struct team_box *box = check_team(L);
  lua_Integer to = luaL_checkinteger(L, 2);
  struct slip_span bytes = slip_result_check_span(L, 3);
  bool is_urgent = lua_toboolean(L, 4);
  if (to < SLIP_LEAD || to >= slip_team_count(box->team))
    return slip_result_fail(L, "noproc", "noproc");
  enum slip_err err = slip_team_post(box->team, box->place, (int)to, bytes, is_urgent);
  if (err == SLIP_ECLOSED)
    return slip_result_fail(L, "noproc", "noproc");
  return slip_result_push(L, err, NULL);
}

static int team_claim(lua_State *L) {
  const struct team_box *box = check_team(L);
  struct slip_span name = slip_result_check_span(L, 2);
  struct slip_holder holder = {box->place, (uint64_t)luaL_checkinteger(L, 3)};
  enum slip_err err = slip_team_claim(box->team, name, holder);
  if (err == SLIP_ENOMEM)
    return slip_result_raise_no_memory(L);
  lua_pushboolean(L, err == SLIP_OK);
  return 1;
}

static int team_release(lua_State *L) {
  const struct team_box *box = check_team(L);
  slip_team_release(box->team, slip_result_check_span(L, 2), box->place);
  return 0;
}

static int team_find(lua_State *L) {
  const struct team_box *box = check_team(L);
  struct slip_holder holder;
  if (!slip_team_find(box->team, slip_result_check_span(L, 2), &holder))
    return 0;
  lua_pushinteger(L, holder.place);
  lua_pushinteger(L, (lua_Integer)holder.id);
  return 2;
}

static int team_is_over(lua_State *L) {
  lua_pushboolean(L, slip_team_is_over(check_team(L)->team));
  return 1;
}

static int team_rest(lua_State *L) {
  const struct team_box *box = check_team(L);
  luaL_argcheck(L, box->place != SLIP_LEAD, 1, "a worker's end is needed");
  if (slip_seat_rest(box->seat))
    lua_pushliteral(L, "over");
  else
    lua_pushboolean(L, 1);
  return 1;
}

static int close_team(lua_State *L) {
  struct team_box *box = luaL_checkudata(L, 1, SLIP_TEAM_TYPE);
  struct slip_seat *seat = box->seat;
  box->seat = NULL;
  slip_seat_close(seat);
  if (box->place == SLIP_LEAD && box->team != NULL)
    slip_team_free(box->team);
  box->team = NULL;
  return 0;
}

static const luaL_Reg methods[] = {
    {"spawn", team_spawn},     {"give_up", team_give_up},
    {"on_end", team_on_end},   {"on_parcel", team_on_parcel},
    {"index", team_index},     {"count", team_count},
    {"post", team_post},       {"claim", team_claim},
    {"release", team_release}, {"find", team_find},
    {"rest", team_rest},       {"is_over", team_is_over},
    {"__gc", close_team},      {NULL, NULL},
};

/* The module's functions. */

/* Pushes an end that is still closed. */
static struct team_box *push_box(lua_State *L, int place) {
  struct team_box *box = lua_newuserdatauv(L, sizeof *box, USER_VALUES);
  *box = (struct team_box){.place = place};
  luaL_setmetatable(L, SLIP_TEAM_TYPE);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  box->L = lua_tothread(L, -1);
  lua_pop(L, 1);
  return box;
}

/* Opens the end on top of the stack; when that works it is this state's. */
static enum slip_err open_end(lua_State *L, struct team_box *box) {
  struct slip_seat_handler handler = {arrive, box};
  enum slip_err err = slip_seat_open(box->team, box->place, luv_loop(L), handler, &box->seat);
  if (err != SLIP_OK)
    return err;
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &the_end);
  return SLIP_OK;
}

/* The core, which makes the metatable, may not have been required yet. */
void slip_team_push_mine(lua_State *L, struct slip_team *team, int place) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "slipstream.core");
  lua_call(L, 1, 0);
  struct team_box *box = push_box(L, place);
  box->team = team;
  enum slip_err err = open_end(L, box);
  if (err == SLIP_EIO)
    luaL_error(L, NO_DESCRIPTOR);
  if (err != SLIP_OK)
    slip_result_raise_no_memory(L);
}

static int core_team_new(lua_State *L) {
  lua_Integer count = luaL_checkinteger(L, 1);
  luaL_argcheck(L, count >= 1 && count <= SLIP_TEAM_MAX, 1, "a number of workers expected");
  if (slip_program_modules(L) == NULL)
    return luaL_error(L, "only the program slipstream has workers");
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &the_end) != LUA_TNIL)
    return luaL_error(L, "there is a team already");
  struct team_box *box = push_box(L, SLIP_LEAD);
  enum slip_err err = slip_team_new((int)count, &box->team);
  if (err == SLIP_OK)
    err = open_end(L, box);
  if (err == SLIP_EIO)
    return slip_result_fail(L, NO_DESCRIPTOR, "io");
  return err == SLIP_OK ? 1 : slip_result_push(L, err, NULL);
}

static int core_team_mine(lua_State *L) {
  (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &the_end);
  return 1;
}

static int core_team_exit(lua_State *L) {
  int code = (int)luaL_checkinteger(L, 1);
  (void)fflush(stdout);
  (void)fflush(stderr);
  _exit(code);
}

static const luaL_Reg functions[] = {
    {"new", core_team_new},
    {"mine", core_team_mine},
    {"exit", core_team_exit},
    {NULL, NULL},
};

void slip_team_open(lua_State *L) {
  slip_type_make(L, SLIP_TEAM_TYPE, methods);
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "team");
}
