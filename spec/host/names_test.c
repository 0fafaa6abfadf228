#include "host/names.h"

#include "spec/support/check.h"
#include "spec/support/memory_failure.h"

enum { MANY = 1000 };

static const struct slip_holder ann = {.place = 0, .id = 7};
static const struct slip_holder bob = {.place = 1, .id = 7};

static struct slip_span name_of(unsigned number, char text[16]) {
  int size = snprintf(text, 16, "name %u", number);
  return (struct slip_span){text, (size_t)size};
}

static void expect_holder(const struct slip_names *names, struct slip_span name,
                          struct slip_holder expected) {
  struct slip_holder found;
  assert_true(slip_names_find(names, name, &found));
  assert_int_equal(found.place, expected.place);
  assert_int_equal(found.id, expected.id);
}

static void expect_nobody(const struct slip_names *names, struct slip_span name) {
  struct slip_holder found;
  assert_false(slip_names_find(names, name, &found));
}

static void belong_to_the_first_who_claims_them(void **state) {
  (void)state;
  struct slip_names names = {0};
  expect_nobody(&names, SLIP_SPAN("lobby"));
  CHECK_OK(slip_names_claim(&names, SLIP_SPAN("lobby"), ann));
  CHECK_OK(slip_names_claim(&names, SLIP_SPAN("lobby"), ann));
  assert_int_equal(slip_names_claim(&names, SLIP_SPAN("lobby"), bob), SLIP_ESTATE);
  const struct slip_holder other = {.place = ann.place, .id = 8};
  assert_int_equal(slip_names_claim(&names, SLIP_SPAN("lobby"), other), SLIP_ESTATE);
  expect_holder(&names, SLIP_SPAN("lobby"), ann);
  expect_nobody(&names, SLIP_SPAN("lobby\0"));
  expect_nobody(&names, SLIP_SPAN(""));
  slip_names_clear(&names);
}

static void are_released_by_who_has_them_alone(void **state) {
  (void)state;
  struct slip_names names = {0};
  slip_names_release(&names, SLIP_SPAN("lobby"), ann.place);
  CHECK_OK(slip_names_claim(&names, SLIP_SPAN("lobby"), ann));
  slip_names_release(&names, SLIP_SPAN("lobby"), bob.place);
  expect_holder(&names, SLIP_SPAN("lobby"), ann);
  slip_names_release(&names, SLIP_SPAN("lobby"), ann.place);
  expect_nobody(&names, SLIP_SPAN("lobby"));
  CHECK_OK(slip_names_claim(&names, SLIP_SPAN("lobby"), bob));
  expect_holder(&names, SLIP_SPAN("lobby"), bob);
  slip_names_clear(&names);
}

static void may_be_many(void **state) {
  (void)state;
  struct slip_names names = {0};
  char text[16];
  for (unsigned i = 0; i < MANY; i++)
    CHECK_OK(slip_names_claim(&names, name_of(i, text), (struct slip_holder){(int)i % 2, i}));
  for (unsigned i = 0; i < MANY; i++)
    expect_holder(&names, name_of(i, text), (struct slip_holder){(int)i % 2, i});
  assert_int_equal(names.count, MANY);
  slip_names_release_all(&names, 1);
  for (unsigned i = 0; i < MANY; i += 2) {
    expect_holder(&names, name_of(i, text), (struct slip_holder){0, i});
    expect_nobody(&names, name_of(i + 1, text));
  }
  assert_int_equal(names.count, MANY / 2);
  slip_names_clear(&names);
  assert_int_equal(names.count, 0);
}

static void are_as_before_when_there_is_no_memory(void **state) {
  (void)state;
  bool has_failed = true;
  unsigned number = 0;
  for (; has_failed; number++) {
    struct slip_names names = {0};
    char text[16];
    enum slip_err err = SLIP_OK;
    unsigned claimed = 0;
    memory_fails_at(number);
    for (; err == SLIP_OK && claimed < 20; claimed += err == SLIP_OK)
      err = slip_names_claim(&names, name_of(claimed, text), ann);
    has_failed = memory_has_failed();
    assert_int_equal(err, has_failed ? SLIP_ENOMEM : SLIP_OK);
    assert_int_equal(names.count, claimed);
    CHECK_OK(slip_names_claim(&names, name_of(claimed, text), ann));
    slip_names_clear(&names);
  }
  assert_true(number > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(belong_to_the_first_who_claims_them),
      cmocka_unit_test(are_released_by_who_has_them_alone),
      cmocka_unit_test(may_be_many),
      cmocka_unit_test(are_as_before_when_there_is_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
