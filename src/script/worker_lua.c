#include "script/worker_lua.h"

#include "script/memory_lua.h"
#include "script/result.h"
#include "script/team_lua.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

enum slip_err slip_worker_new(const char *module, struct slip_span bytes,
                              struct slip_worker **out) {
  size_t name_size = strlen(module) + 1;
  struct slip_worker *worker = malloc(sizeof *worker + name_size + bytes.size);
  if (worker == NULL)
    return SLIP_ENOMEM;
  char *texts = (char *)(worker + 1);
  memcpy(texts, module, name_size);
  memcpy(texts + name_size, bytes.at, bytes.size);
  *worker = (struct slip_worker){.module = texts, .bytes = {texts + name_size, bytes.size}};
  *out = worker;
  return SLIP_OK;
}

struct life {
  struct slip_team *team;
  int place;
  const struct slip_worker *worker;
};

/* Runs protected: a life in, what `main` returned out. */
static int live(lua_State *L) {
  const struct life *life = lua_touserdata(L, 1);
  slip_program_open(L, life->worker->modules);
  slip_team_push_mine(L, life->team, life->place);
  lua_pop(L, 1);
  slip_program_push_main(L, life->worker->module);
  lua_pushlstring(L, life->worker->bytes.at, life->worker->bytes.size);
  lua_call(L, 1, 2);
  return 2;
}

static void set_text(struct slip_outcome *outcome, struct slip_span text) {
  outcome->size = text.size < sizeof outcome->text ? text.size : sizeof outcome->text;
  memcpy(outcome->text, text.at, outcome->size);
}

/* A text on top of the stack, if there is one; allocates nothing. */
static void take_text(lua_State *L, struct slip_outcome *outcome) {
  if (lua_type(L, -1) != LUA_TSTRING)
    return;
  struct slip_span text;
  text.at = lua_tolstring(L, -1, &text.size);
  set_text(outcome, text);
}

static void run_life(lua_State *L, struct life *life, struct slip_outcome *outcome) {
  lua_pushcfunction(L, slip_result_add_traceback);
  lua_pushcfunction(L, live);
  lua_pushlightuserdata(L, life); /* stack: traceback, live, life */
  outcome->has_failed = lua_pcall(L, 1, 2, 1) != LUA_OK;
  if (!outcome->has_failed)
    outcome->code = (int)lua_tointeger(L, -2);
  take_text(L, outcome);
}

void slip_worker_run(struct slip_team *team, int place, struct slip_outcome *outcome,
                     void *context) {
  struct slip_worker *worker = context;
  struct slip_memory_account account = {.limit = worker->max_memory};
  lua_State *L = slip_memory_new_state(&account);
  if (L == NULL) {
    outcome->has_failed = true;
    set_text(outcome, SLIP_SPAN("not enough memory"));
  } else {
    run_life(L, &(struct life){team, place, worker}, outcome);
    slip_memory_close_state(L, &account);
  }
  free(worker);
}
