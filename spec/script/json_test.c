#include "script/json.h"

#include "spec/support/check.h"
#include "spec/support/scarce_lua.h"

#include <lauxlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const char PAYLOAD[] =
    "{\"list\":[1,-2.5,null,{\"text\":\"a\\n\\u20ac\"}],\"empty\":[],\"x\":true}";

static int decode_and_encode(lua_State *L) {
  assert_true(slip_json_push(L, SLIP_SPAN(PAYLOAD)));
  assert_true(slip_json_encode(L, -1));
  assert_false(slip_json_push(L, SLIP_SPAN("[1,")));
  return 0;
}

/* Whether `granted` allocations are enough. When not, all is as before afterwards. */
static bool is_done_with(long granted) {
  long left = -1;
  lua_State *L = lua_newstate(scarce_allocate, &left);
  lua_pushcfunction(L, decode_and_encode);
  left = granted;
  int status = lua_pcall(L, 0, 0, 0);
  left = -1;
  lua_settop(L, 0);
  lua_pushcfunction(L, decode_and_encode);
  assert_int_equal(lua_pcall(L, 0, 0, 0), LUA_OK);
  lua_close(L);
  assert_true(status == LUA_OK || status == LUA_ERRMEM);
  return status == LUA_OK;
}

static void lets_go_of_everything_when_lua_has_no_memory(void **state) {
  (void)state;
  long granted = 0;
  while (!is_done_with(granted))
    granted++;
  assert_true(granted > 20);
}

/* simdjson is not built with the sanitizers, so here a page that nobody may read says it. */
static void reads_nothing_behind_the_text(void **state) {
  (void)state;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(pages, MAP_FAILED);
  assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
  memset(pages, ' ', page);
  memcpy(pages + page - strlen(PAYLOAD), PAYLOAD, strlen(PAYLOAD));
  lua_State *L = luaL_newstate();
  for (size_t size = strlen(PAYLOAD); size < 300; size++) {
    assert_true(slip_json_push(L, (struct slip_span){pages + page - size, size}));
    lua_settop(L, 0);
  }
  for (size_t size = 0; size < strlen(PAYLOAD); size++) {
    assert_false(slip_json_push(L, (struct slip_span){pages + page - size, size}));
    lua_settop(L, 0);
  }
  lua_close(L);
  munmap(pages, 2 * page);
}

static void leaves_one_value_on_the_stack(void **state) {
  (void)state;
  lua_State *L = luaL_newstate();
  lua_pushliteral(L, "below");
  assert_true(slip_json_push(L, SLIP_SPAN("[[1],{}]")));
  assert_int_equal(lua_gettop(L), 2);
  assert_false(slip_json_push(L, SLIP_SPAN("[[1],{")));
  assert_int_equal(lua_gettop(L), 3);
  assert_true(slip_json_encode(L, 2));
  assert_int_equal(lua_gettop(L), 4);
  assert_string_equal(lua_tostring(L, 4), "[[1],{}]");
  lua_pushcfunction(L, slip_json_open);
  assert_false(slip_json_encode(L, -1));
  assert_int_equal(lua_gettop(L), 6);
  assert_string_equal(lua_tostring(L, 6), "payload: cannot encode a function");
  assert_string_equal(lua_tostring(L, 1), "below");
  lua_close(L);
}

/* What both say of the text, the value written again or the error, and the same. */
static void check_known(lua_State *L, const char *json) {
  struct slip_span text = slip_span_of(json);
  const char *stretch = strstr(json, "plainplainplain");
  struct slip_span plain = {stretch, strlen("plainplainplain")};
  bool is_good = slip_json_push(L, text);
  assert_int_equal(slip_json_push_known(L, text, plain), is_good);
  if (is_good) {
    assert_true(slip_json_encode(L, 1));
    assert_true(slip_json_encode(L, 2));
  }
  assert_string_equal(lua_tostring(L, -1), lua_tostring(L, is_good ? 3 : 1));
  lua_settop(L, 0);
}

static void reads_the_same_whatever_it_knows_to_be_plain(void **state) {
  (void)state;
  lua_State *L = luaL_newstate();
  const char *const texts[] = {
      "\"plainplainplain\"",     " [ 1, \"plainplainplain\" , 2 ] ",
      "{\"plainplainplain\":1}", "{\"a\":\"plainplainplain\"}",
      "\"plainplainplain\\n\"",  "\"plainplainplain\\x\"",
      "[\"plainplainplain\",]",  "\"plainplainplain",
      "\"plainplainplain\" 1",   "\"plainplainplain\n\"",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    check_known(L, texts[i]);
  lua_close(L);
}

/* More than what is kept between calls, so that the memory goes and comes again. */
static void reads_and_writes_large_texts_between_small_ones(void **state) {
  (void)state;
  lua_State *L = luaL_newstate();
  for (size_t size = 1; size < 1u << 20; size *= 32) {
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    luaL_addchar(&b, '[');
    for (size_t i = 0; i < size; i++)
      luaL_addstring(&b, "\"\\n\",");
    luaL_addstring(&b, "0]");
    luaL_pushresult(&b);
    struct slip_span text;
    text.at = lua_tolstring(L, 1, &text.size);
    assert_true(slip_json_push(L, text));
    assert_true(slip_json_encode(L, 2));
    assert_true(lua_rawequal(L, 1, 3));
    assert_true(slip_json_push(L, SLIP_SPAN("{}")));
    lua_settop(L, 0);
  }
  lua_close(L);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(leaves_one_value_on_the_stack),
      cmocka_unit_test(reads_the_same_whatever_it_knows_to_be_plain),
      cmocka_unit_test(reads_nothing_behind_the_text),
      cmocka_unit_test(reads_and_writes_large_texts_between_small_ones),
      cmocka_unit_test(lets_go_of_everything_when_lua_has_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
