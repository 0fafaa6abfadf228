#include "script/door.h"

#include "spec/support/check.h"
#include "spec/support/scarce_lua.h"

#include <lauxlib.h>
#include <string.h>

struct visit {
  int calls;
  int reports;
  bool is_reporter_raising;
  char text[256];
};

static int enter(lua_State *L) {
  struct visit *visit = lua_touserdata(L, 1);
  visit->calls++;
  lua_pushliteral(L, "left on the stack");
  return 1;
}

static int raise_text(lua_State *L) {
  return luaL_error(L, "boom");
}

static int raise_table(lua_State *L) {
  lua_newtable(L);
  return lua_error(L);
}

/* More than the stack holds. */
static int push_without_end(lua_State *L) {
  for (;;) {
    luaL_checkstack(L, 1000, "too much");
    for (int i = 0; i < 1000; i++)
      lua_pushnil(L);
  }
  return 0;
}

static int report(lua_State *L) {
  struct visit *visit = lua_touserdata(L, 1);
  visit->reports++;
  (void)snprintf(visit->text, sizeof visit->text, "%s", lua_tostring(L, 2));
  if (visit->is_reporter_raising)
    luaL_error(L, "boom again");
  return 0;
}

/* Goes through the door with three values on the stack, which must be there afterwards. */
static enum slip_err go(lua_CFunction body, lua_CFunction failed, struct visit *visit) {
  lua_State *L = luaL_newstate();
  for (int i = 1; i <= 3; i++)
    lua_pushinteger(L, i);
  enum slip_err err = slip_door(L, body, failed, visit);
  assert_int_equal(lua_gettop(L), 3);
  for (int i = 1; i <= 3; i++)
    assert_int_equal(lua_tointeger(L, i), i);
  lua_close(L);
  return err;
}

static void calls_the_body_with_its_context(void **state) {
  (void)state;
  struct visit visit = {0};
  assert_int_equal(go(enter, report, &visit), SLIP_OK);
  assert_int_equal(visit.calls, 1);
  assert_int_equal(visit.reports, 0);
}

static void reports_an_error_with_its_traceback(void **state) {
  (void)state;
  struct visit visit = {0};
  assert_int_equal(go(raise_text, report, &visit), SLIP_ESCRIPT);
  assert_int_equal(visit.reports, 1);
  assert_non_null(strstr(visit.text, "boom"));
  assert_non_null(strstr(visit.text, "stack traceback:"));
}

static void reports_an_error_that_is_no_text(void **state) {
  (void)state;
  struct visit visit = {0};
  assert_int_equal(go(raise_table, report, &visit), SLIP_ESCRIPT);
  assert_non_null(strstr(visit.text, "table: "));
}

static void survives_a_reporter_that_raises(void **state) {
  (void)state;
  struct visit visit = {.is_reporter_raising = true};
  assert_int_equal(go(raise_text, report, &visit), SLIP_ESCRIPT);
  assert_int_equal(visit.reports, 1);
}

static void needs_no_reporter(void **state) {
  (void)state;
  struct visit visit = {0};
  assert_int_equal(go(raise_text, NULL, &visit), SLIP_ESCRIPT);
}

static void survives_a_body_that_fills_the_stack(void **state) {
  (void)state;
  struct visit visit = {0};
  assert_int_equal(go(push_without_end, report, &visit), SLIP_ESCRIPT);
  assert_non_null(strstr(visit.text, "too much"));
}

static int make_table(lua_State *L) {
  lua_newtable(L);
  return 0;
}

static void says_that_lua_has_no_memory(void **state) {
  (void)state;
  long left = -1;
  struct visit visit = {0};
  lua_State *L = lua_newstate(scarce_allocate, &left);
  left = 0;
  assert_int_equal(slip_door(L, make_table, report, &visit), SLIP_ENOMEM);
  assert_int_equal(lua_gettop(L), 0);
  left = -1;
  assert_int_equal(slip_door(L, make_table, report, &visit), SLIP_OK);
  lua_close(L);
}

static int raise_on(lua_State *L) {
  lua_pushliteral(L, "not enough memory");
  return lua_error(L);
}

static void knows_want_of_memory_that_was_caught_and_raised_on(void **state) {
  (void)state;
  struct visit visit = {0};
  assert_int_equal(go(raise_on, report, &visit), SLIP_ENOMEM);
  assert_string_equal(visit.text, "not enough memory");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_the_body_with_its_context),
      cmocka_unit_test(reports_an_error_with_its_traceback),
      cmocka_unit_test(reports_an_error_that_is_no_text),
      cmocka_unit_test(survives_a_reporter_that_raises),
      cmocka_unit_test(needs_no_reporter),
      cmocka_unit_test(survives_a_body_that_fills_the_stack),
      cmocka_unit_test(says_that_lua_has_no_memory),
      cmocka_unit_test(knows_want_of_memory_that_was_caught_and_raised_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
