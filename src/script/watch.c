#include "script/watch.h"

#include <lauxlib.h>
#include <stdint.h>

#define WATCH "slipstream.watch"

enum { GRACE = 10000 /* instructions, for cleaning up */ };

/* The user values of the watch. */
enum { FUNCTION = 1, TEXT, MESSAGES, CUT, USER_VALUES = CUT };

/* More than any allocator has, and not too much for Lua to ask for. */
#define TOO_MUCH (SIZE_MAX >> 2)

static void on_hook(lua_State *L, lua_Debug *ar);

/* Also in the signal handler. One that is set already stays: it may be the grace. */
static void put_hook(struct slip_run *run, int count) {
  if (lua_gethook(run->L) == on_hook)
    return;
  run->hook = lua_gethook(run->L);
  run->mask = lua_gethookmask(run->L);
  run->count = lua_gethookcount(run->L);
  lua_sethook(run->L, on_hook, LUA_MASKCOUNT, count);
}

static void drop_hook(struct slip_run *run) {
  if (lua_gethook(run->L) == on_hook)
    lua_sethook(run->L, run->hook, run->mask, run->count);
}

/* In the signal handler. What happened before the first tick may have been before the slice. */
static void count(struct slip_run *run, unsigned ticks) {
  run->ticks = run->ticks == 0 ? 1 : run->ticks + ticks;
  if (run->ticks > 1)
    run->is_due = true;
}

/* In the signal handler. */
static bool look(struct slip_watchdog *dog, unsigned ticks) {
  struct slip_watch *watch = (struct slip_watch *)dog;
  struct slip_run *now = atomic_load_explicit(&watch->run, memory_order_acquire);
  for (struct slip_run *run = now; run != NULL; run = run->outer)
    count(run, ticks);
  if (now == NULL || now->slice == NULL)
    return false;
  if (now->slice->is_due)
    put_hook(now, 1);
  return true;
}

struct telling {
  struct slip_run *slice;
  const lua_Debug *place;
};

/* Calls the script's function; a text that it answers is kept for all raises. */
static int tell(lua_State *L) {
  const struct telling *telling = lua_touserdata(L, 1);
  struct slip_run *slice = telling->slice;
  unsigned before = slice->told;
  slice->told = (slice->ticks - 1) * SLIP_WATCHDOG_MSEC;
  (void)lua_getfield(L, LUA_REGISTRYINDEX, WATCH);
  (void)lua_getiuservalue(L, 2, FUNCTION);
  lua_pushinteger(L, slice->told);
  (void)lua_pushfstring(L, "%s:%d", telling->place->short_src, telling->place->currentline);
  lua_pushinteger(L, before); /* stack: telling, watch, function, elapsed, place, before */
  lua_call(L, 3, 1);
  slice->is_ended = lua_type(L, 3) == LUA_TSTRING;
  (void)lua_setiuservalue(L, 2, TEXT);
  return 0;
}

/* An error of the one who is told is no reason to end the slice. */
static void ask(lua_State *L, struct slip_run *slice, const lua_Debug *place) {
  struct telling telling = {slice, place};
  slice->is_due = false;
  lua_pushcfunction(L, tell);
  lua_pushlightuserdata(L, &telling);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK)
    lua_pop(L, 1);
}

/* A raise may be caught, and the loop that caught it goes on; so each round raises once more than
 * the one before, at instructions in a row, which gets through one more pcall. After each round
 * there is time to clean up. */
static void count_raise(struct slip_run *slice) {
  if (++slice->raises <= slice->rounds)
    return;
  slice->rounds++;
  slice->raises = 0;
}

/* Instructions until the next raise. */
static int pause_of(const struct slip_run *slice) {
  return slice->raises == 0 ? GRACE : 1;
}

static struct slip_watch *watch_of(lua_State *L) {
  (void)lua_getfield(L, LUA_REGISTRYINDEX, WATCH);
  struct slip_watch *watch = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return watch;
}

static struct slip_run *running(lua_State *L) {
  return atomic_load_explicit(&watch_of(L)->run, memory_order_relaxed);
}

/* Keeps why the slice does not go on. */
static void keep_cut(lua_State *L, const lua_Debug *place) {
  (void)lua_getfield(L, LUA_REGISTRYINDEX, WATCH);
  lua_pushfstring(L, "%s:%d: ", place->short_src, place->currentline);
  (void)lua_getiuservalue(L, -2, TEXT);
  lua_concat(L, 2);
  (void)lua_setiuservalue(L, -2, CUT);
  lua_pop(L, 1);
}

void slip_watch_push_cut(lua_State *L, int watch) {
  (void)lua_getiuservalue(L, watch, CUT);
}

static void *allocate(void *ud, void *old, size_t old_size, size_t size) {
  const struct slip_watch *watch = ud;
  return size < TOO_MUCH ? watch->allocate(watch->allocate_ud, old, old_size, size) : NULL;
}

/* An allocator that is asked for so much may end the program, as the sanitizer's does; so it is not
 * asked. */
static void raise_past_handlers(lua_State *L) {
  struct slip_watch *watch = watch_of(L);
  if (watch->allocate == NULL) {
    watch->allocate = lua_getallocf(L, &watch->allocate_ud);
    lua_setallocf(L, allocate, watch);
  }
  (void)lua_newuserdatauv(L, TOO_MUCH, 0);
}

static void drop_allocator(struct slip_watch *watch, lua_State *L) {
  if (watch->allocate == NULL)
    return;
  lua_setallocf(L, watch->allocate, watch->allocate_ud);
  watch->allocate = NULL;
}

static void cut(lua_State *L, struct slip_run *run, const lua_Debug *place) {
  keep_cut(L, place);
  if (lua_isyieldable(L) && !run->is_closing) {
    run->is_cut = true;
    (void)lua_yield(L, 0);
    return;
  }
  run->slice->is_cut = true;
  count_raise(run->slice);
  put_hook(run, pause_of(run->slice));
  raise_past_handlers(L);
}

/* A new coroutine inherits the hook of the one that makes it, so ours may turn up where nothing is
 * the matter. */
static void on_hook(lua_State *L, lua_Debug *ar) {
  struct slip_run *run = running(L);
  if (run == NULL || run->L != L || run->slice == NULL) {
    lua_sethook(L, NULL, 0, 0);
    return;
  }
  struct slip_run *slice = run->slice;
  drop_hook(run);
  (void)lua_getinfo(L, "Sl", ar); /* the hook counts instructions, so the place is one in Lua */
  if (slice->is_due && !slice->is_ended)
    ask(L, slice, ar);
  if (slice->is_ended)
    cut(L, run, ar);
}

void slip_watch_enter(struct slip_watch *watch, struct slip_run *run, lua_State *co,
                      bool is_slice) {
  struct slip_run *outer = atomic_load_explicit(&watch->run, memory_order_relaxed);
  *run = (struct slip_run){.outer = outer, .L = co};
  if (is_slice)
    run->slice = run;
  else if (outer != NULL)
    run->slice = outer->slice;
  atomic_store_explicit(&watch->run, run, memory_order_release);
  slip_watchdog_wake(&watch->dog);
}

void slip_watch_set_owner(struct slip_run *run, lua_State *L, int owner) {
  run->from = L;
  run->owner = owner;
}

/* The stack of one who waits for another that it has resumed is its own to use, but for what is
 * there. */
bool slip_watch_push_owner(const struct slip_watch *watch, lua_State *L) {
  const struct slip_run *run = atomic_load_explicit(&watch->run, memory_order_relaxed);
  while (run != NULL && run->from == NULL)
    run = run->outer;
  if (run == NULL || !lua_checkstack(run->from, 1))
    return false;
  lua_pushvalue(run->from, run->owner);
  lua_xmove(run->from, L, 1);
  return true;
}

/* The inner slice was ended; what it took is not the outer one's fault. */
static void forgive(struct slip_run *slice, const struct slip_run *inner) {
  slice->ticks -= inner->ticks;
  slice->is_due = false;
}

/* Back in `run`, whose slice may have become due, or been ended, further inside. */
static void go_on(struct slip_run *run) {
  if (run->slice->is_ended)
    put_hook(run, pause_of(run->slice));
  else if (run->slice->is_due)
    put_hook(run, 1);
}

void slip_watch_leave(struct slip_watch *watch, struct slip_run *run) {
  struct slip_run *outer = run->outer;
  atomic_store_explicit(&watch->run, outer, memory_order_release);
  atomic_signal_fence(memory_order_seq_cst); /* from here on the handler leaves `run` alone */
  drop_hook(run);
  drop_allocator(watch, run->L);
  if (outer == NULL || outer->slice == NULL)
    return;
  if (run->slice == run && run->is_ended)
    forgive(outer->slice, run);
  go_on(outer);
}

static int end_watch(lua_State *L) {
  struct slip_watch *watch = lua_touserdata(L, 1);
  slip_watchdog_close(&watch->dog);
  return 0;
}

/* What lua_resume and lua_resetthread say when they refuse. They make these strings outside of all
 * protection, so want of memory would raise there; those that exist need none. */
static void keep_messages(lua_State *L) {
  static const char *const messages[] = {"cannot resume dead coroutine",
                                         "cannot resume non-suspended coroutine",
                                         "C stack overflow", "error in error handling"};
  lua_createtable(L, (int)(sizeof messages / sizeof messages[0]), 0);
  for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
    lua_pushstring(L, messages[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

static struct slip_watch *make(lua_State *L) {
  struct slip_watch *watch = lua_newuserdatauv(L, sizeof *watch, USER_VALUES);
  *watch = (struct slip_watch){.dog.look = look};
  keep_messages(L);
  (void)lua_setiuservalue(L, -2, MESSAGES);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, end_watch);
  lua_setfield(L, -2, "__gc");
  (void)lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, WATCH);
  return watch;
}

struct slip_watch *slip_watch_push(lua_State *L) {
  if (lua_getfield(L, LUA_REGISTRYINDEX, WATCH) == LUA_TUSERDATA)
    return lua_touserdata(L, -1);
  lua_pop(L, 1);
  return make(L);
}

enum slip_err slip_watch_start(lua_State *L) {
  struct slip_watch *watch = slip_watch_push(L);
  lua_insert(L, -2); /* stack: watch, function */
  (void)lua_setiuservalue(L, -2, FUNCTION);
  lua_pop(L, 1);
  return slip_watchdog_open(&watch->dog);
}
