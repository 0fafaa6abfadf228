#include "script/memory_lua.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdlib.h>

/* What Lua says must not fail is never refused: to shrink. For something new `old_size` is a type,
 * not a size. */
static bool is_over_limit(const struct slip_memory_account *account, size_t old_size, size_t size) {
  return account->limit != 0 && size > old_size && account->used - old_size + size > account->limit;
}

static void *allocate(void *context, void *old, size_t old_size, size_t size) {
  struct slip_memory_account *account = context;
  if (old == NULL)
    old_size = 0;
  if (is_over_limit(account, old_size, size))
    return NULL;
  void *memory = NULL;
  if (size == 0)
    free(old);
  else if ((memory = realloc(old, size)) == NULL)
    return NULL;
  account->used += size - old_size;
  if (account->used > account->peak)
    account->peak = account->used;
  return memory;
}

/* luaL_newstate sets what tells of panics and warnings; what it has allocated by then is freed as
 * ours is. */
lua_State *slip_memory_new_state(struct slip_memory_account *account) {
  lua_State *L = luaL_newstate();
  if (L == NULL)
    return NULL;
  account->used = (size_t)lua_gc(L, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB);
  account->peak = account->used;
  lua_setallocf(L, allocate, account);
  return L;
}

static int core_memory(lua_State *L) {
  void *context;
  if (lua_getallocf(L, &context) != allocate)
    return 0;
  const struct slip_memory_account *account = context;
  lua_pushinteger(L, (lua_Integer)account->used);
  lua_pushinteger(L, (lua_Integer)account->limit);
  lua_pushinteger(L, (lua_Integer)account->peak);
  return 3;
}

void slip_memory_open(lua_State *L) {
  lua_pushcfunction(L, core_memory);
  lua_setfield(L, -2, "memory");
}
