#include "script/weights.h"

#include "spec/support/check.h"
#include "spec/support/memory_failure.h"

enum { MANY = 3000, ANN = 1, BOB = 300 };

static char objects[MANY]; /* only their addresses matter */

static int64_t claim(struct slip_weights *weights, unsigned number, uint32_t owner) {
  int64_t charge;
  CHECK_OK(slip_weights_claim(weights, &objects[number], owner, &charge));
  return charge;
}

static struct slip_weights with_two_owners(void) {
  struct slip_weights weights = {0};
  CHECK_OK(slip_weights_add_owner(&weights, ANN));
  CHECK_OK(slip_weights_add_owner(&weights, BOB));
  CHECK_OK(slip_weights_add_owner(&weights, ANN));
  return weights;
}

static void an_object_is_its_first_owners_until_another_has_it(void **state) {
  (void)state;
  struct slip_weights weights = with_two_owners();
  assert_int_equal(claim(&weights, 0, ANN), ANN);
  assert_int_equal(claim(&weights, 0, ANN), 0);
  assert_int_equal(claim(&weights, 0, BOB), -ANN);
  assert_int_equal(claim(&weights, 0, BOB), 0);
  assert_int_equal(claim(&weights, 0, ANN), 0);
  slip_weights_clear(&weights);
}

static void what_is_left_out_is_nobodys(void **state) {
  (void)state;
  struct slip_weights weights = with_two_owners();
  CHECK_OK(slip_weights_leave_out(&weights, &objects[0]));
  CHECK_OK(slip_weights_leave_out(&weights, &objects[0]));
  assert_int_equal(claim(&weights, 0, ANN), 0);
  assert_int_equal(claim(&weights, 0, BOB), 0);
  assert_int_equal(claim(&weights, 1, BOB), BOB);
  slip_weights_clear(&weights);
}

static void charges_are_summed_up_by_owner(void **state) {
  (void)state;
  struct slip_weights weights = with_two_owners();
  slip_weights_charge(&weights, ANN, 100);
  slip_weights_charge(&weights, BOB, 7);
  slip_weights_charge(&weights, -ANN, 30);
  slip_weights_charge(&weights, 0, 1000);
  assert_int_equal(slip_weights_of(&weights, ANN), 70);
  assert_int_equal(slip_weights_of(&weights, BOB), 7);
  assert_int_equal(slip_weights_of(&weights, 2), 0);
  assert_int_equal(slip_weights_of(&weights, BOB * 2), 0);
  assert_int_equal(slip_weights_of(&weights, INT64_MIN), 0);
  slip_weights_clear(&weights);
  assert_int_equal(slip_weights_of(&weights, ANN), 0);
}

static void many_objects_are_told_apart(void **state) {
  (void)state;
  struct slip_weights weights = with_two_owners();
  for (unsigned i = 0; i < MANY; i++)
    assert_int_equal(claim(&weights, i, i % 2 == 0 ? ANN : BOB), i % 2 == 0 ? ANN : BOB);
  for (unsigned i = 0; i < MANY; i++)
    assert_int_equal(claim(&weights, i, ANN), i % 2 == 0 ? 0 : -BOB);
  slip_weights_clear(&weights);
}

/* Claims all, in whatever way, until there is no memory. */
static enum slip_err claim_all(struct slip_weights *weights) {
  int64_t charge;
  enum slip_err err = slip_weights_add_owner(weights, ANN);
  for (unsigned i = 0; err == SLIP_OK && i < MANY - 1; i++)
    err = slip_weights_claim(weights, &objects[i], ANN, &charge);
  return err == SLIP_OK ? slip_weights_leave_out(weights, &objects[MANY - 1]) : err;
}

static void want_of_memory_is_answered(void **state) {
  (void)state;
  bool has_failed = true;
  unsigned number = 0;
  for (; has_failed; number++) {
    struct slip_weights weights = {0};
    memory_fails_at(number);
    enum slip_err err = claim_all(&weights);
    has_failed = memory_has_failed();
    assert_int_equal(err, has_failed ? SLIP_ENOMEM : SLIP_OK);
    CHECK_OK(claim_all(&weights));
    slip_weights_clear(&weights);
  }
  assert_true(number > 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_object_is_its_first_owners_until_another_has_it),
      cmocka_unit_test(what_is_left_out_is_nobodys),
      cmocka_unit_test(charges_are_summed_up_by_owner),
      cmocka_unit_test(many_objects_are_told_apart),
      cmocka_unit_test(want_of_memory_is_answered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
