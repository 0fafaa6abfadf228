#include "script/memory_lua.h"

#include "core/large.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { RESERVE = 16 };

/* AddressSanitizer is to see each block come and go, with its own size. */
#ifdef __SANITIZE_ADDRESS__
enum { LARGEST_POOLED = 0 };
#define SMALLEST_STORED SIZE_MAX
#else
enum { LARGEST_POOLED = SLIP_POOL_LARGEST };
#define SMALLEST_STORED SLIP_DEPOT_SMALLEST
#endif

/* What Lua says must not fail is never refused: to shrink. For something new `old_size` is a type,
 * not a size. */
static bool is_over_limit(const struct slip_memory_account *account, size_t old_size, size_t size) {
  size_t limit = account->is_slice ? account->limit - account->limit / RESERVE : account->limit;
  return limit != 0 && size > old_size && account->used - old_size + size > limit;
}

static bool is_pooled(size_t size) {
  return size <= LARGEST_POOLED;
}

static bool is_stored(size_t size) {
  return size >= SMALLEST_STORED;
}

static void *take(struct slip_memory_account *account, size_t size) {
  if (is_pooled(size))
    return slip_pool_take(&account->pool, size);
  return is_stored(size) ? slip_depot_take(&account->depot, size) : malloc(size);
}

static void release(struct slip_memory_account *account, void *old, size_t old_size) {
  if (old != NULL && is_pooled(old_size))
    slip_pool_give(&account->pool, old, old_size);
  else if (old != NULL && is_stored(old_size))
    slip_depot_give(&account->depot, old);
  else
    free(old);
}

/* From a pooled size, or to one. */
static void *move(struct slip_memory_account *account, void *old, size_t old_size, size_t size) {
  if (is_pooled(old_size) && is_pooled(size) && slip_pool_is_same(old_size, size))
    return old;
  void *memory = take(account, size);
  if (memory == NULL)
    return size < old_size ? old : NULL; /* to shrink must not fail, and the old one will do */
  memcpy(memory, old, size < old_size ? size : old_size);
  release(account, old, old_size);
  return memory;
}

static void *resize(struct slip_memory_account *account, void *old, size_t old_size, size_t size) {
  if (old == NULL)
    return take(account, size);
  if (is_pooled(old_size) || is_pooled(size))
    return move(account, old, old_size, size);
  return realloc(old, size);
}

static void *allocate(void *context, void *old, size_t old_size, size_t size) {
  struct slip_memory_account *account = context;
  if (old == NULL)
    old_size = 0;
  if (is_over_limit(account, old_size, size))
    return NULL;
  void *memory = NULL;
  if (size == 0)
    release(account, old, old_size);
  else if ((memory = resize(account, old, old_size, size)) == NULL)
    return NULL;
  slip_large_prepare(memory, size);
  account->used += size - old_size;
  if (account->used > account->peak)
    account->peak = account->used;
  return memory;
}

/* luaL_newstate sets what tells of panics and warnings. What it has allocated by then comes to the
 * pool when Lua frees it: malloc's blocks have a multiple of the pool's grain, too. */
lua_State *slip_memory_new_state(struct slip_memory_account *account) {
  lua_State *L = luaL_newstate();
  if (L == NULL)
    return NULL;
  account->used = (size_t)lua_gc(L, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB);
  account->peak = account->used;
  lua_setallocf(L, allocate, account);
  return L;
}

void slip_memory_close_state(lua_State *L, struct slip_memory_account *account) {
  lua_close(L);
  slip_pool_clear(&account->pool);
  slip_depot_clear(&account->depot);
}

/* NULL: the state is not ours. */
static struct slip_memory_account *account_of(lua_State *L) {
  void *context;
  return lua_getallocf(L, &context) == allocate ? context : NULL;
}

bool slip_memory_set_slice(lua_State *L, bool is_slice) {
  struct slip_memory_account *account = account_of(L);
  if (account == NULL)
    return true; /* if it is ours all the same, a slice has put an allocator before it (watch.c) */
  bool was_slice = account->is_slice;
  account->is_slice = is_slice;
  return was_slice;
}

static int core_memory(lua_State *L) {
  const struct slip_memory_account *account = account_of(L);
  if (account == NULL)
    return 0;
  lua_pushinteger(L, (lua_Integer)account->used);
  lua_pushinteger(L, (lua_Integer)account->limit);
  lua_pushinteger(L, (lua_Integer)account->peak);
  return 3;
}

static int core_unlimited(lua_State *L) {
  struct slip_memory_account *account = account_of(L);
  luaL_checktype(L, 1, LUA_TFUNCTION);
  if (account == NULL)
    return luaL_error(L, "this state has no limit");
  size_t limit = account->limit;
  bool was_running = lua_gc(L, LUA_GCISRUNNING);
  account->limit = 0;
  lua_gc(L, LUA_GCSTOP);
  int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  account->limit = limit;
  if (was_running)
    lua_gc(L, LUA_GCRESTART);
  return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

void slip_memory_open(lua_State *L) {
  lua_pushcfunction(L, core_memory);
  lua_setfield(L, -2, "memory");
  lua_pushcfunction(L, core_unlimited);
  lua_setfield(L, -2, "unlimited");
}
