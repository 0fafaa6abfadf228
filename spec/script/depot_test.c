#include "script/depot.h"

#include "spec/support/check.h"

#include <string.h>

static void gives_out_again_what_it_was_given_the_last_first(void **state) {
  (void)state;
  struct slip_depot depot = {0};
  void *one = slip_depot_take(&depot, SLIP_DEPOT_SMALLEST);
  void *other = slip_depot_take(&depot, SLIP_DEPOT_SMALLEST);
  slip_depot_give(&depot, one);
  slip_depot_give(&depot, other);
  assert_ptr_equal(slip_depot_take(&depot, SLIP_DEPOT_SMALLEST), other);
  assert_ptr_equal(slip_depot_take(&depot, SLIP_DEPOT_SMALLEST), one);
  free(one);
  free(other);
}

static void keeps_the_latest_two(void **state) {
  (void)state;
  struct slip_depot depot = {0};
  void *blocks[SLIP_DEPOT_BLOCKS + 1];
  for (size_t i = 0; i <= SLIP_DEPOT_BLOCKS; i++)
    blocks[i] = slip_depot_take(&depot, SLIP_DEPOT_SMALLEST);
  for (size_t i = 0; i <= SLIP_DEPOT_BLOCKS; i++)
    slip_depot_give(&depot, blocks[i]);
  assert_ptr_equal(depot.blocks[0], blocks[SLIP_DEPOT_BLOCKS]);
  assert_ptr_equal(depot.blocks[1], blocks[SLIP_DEPOT_BLOCKS - 1]);
  slip_depot_clear(&depot); /* AddressSanitizer looks on */
  assert_null(depot.blocks[0]);
}

static void a_block_is_large_enough_and_not_much_larger(void **state) {
  (void)state;
  struct slip_depot depot = {0};
  void *block = slip_depot_take(&depot, 2 * SLIP_DEPOT_SMALLEST);
  slip_depot_give(&depot, block);
  char *small = slip_depot_take(&depot, SLIP_DEPOT_SMALLEST);
  char *large = slip_depot_take(&depot, 3 * SLIP_DEPOT_SMALLEST);
  char *alike = slip_depot_take(&depot, 2 * SLIP_DEPOT_SMALLEST - SLIP_DEPOT_SMALLEST / 4);
  assert_ptr_not_equal(small, block);
  assert_ptr_not_equal(large, block);
  assert_ptr_equal(alike, block);
  memset(large, 'x', 3 * SLIP_DEPOT_SMALLEST);
  free(small);
  free(large);
  free(alike);
}

static void what_is_too_large_is_not_kept(void **state) {
  (void)state;
  struct slip_depot depot = {0};
  slip_depot_give(&depot, slip_depot_take(&depot, SLIP_DEPOT_LARGEST + 1));
  assert_null(depot.blocks[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gives_out_again_what_it_was_given_the_last_first),
      cmocka_unit_test(keeps_the_latest_two),
      cmocka_unit_test(a_block_is_large_enough_and_not_much_larger),
      cmocka_unit_test(what_is_too_large_is_not_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
