/* The Lua module `heap` of the soak, built by scripts/soak: what malloc has given out and not got
 * back. */
#include <lauxlib.h>
#include <malloc.h>

/* heap.in_use() → bytes */
static int in_use(lua_State *L) {
  struct mallinfo2 info = mallinfo2();
  lua_pushinteger(L, (lua_Integer)(info.uordblks + info.hblkhd));
  return 1;
}

int luaopen_heap(lua_State *L);

int luaopen_heap(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, in_use);
  lua_setfield(L, -2, "in_use");
  return 1;
}
