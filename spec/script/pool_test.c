#include "script/pool.h"

#include "spec/support/check.h"

#include <string.h>

static void gives_out_again_what_it_was_given_the_last_first(void **state) {
  (void)state;
  struct slip_pool pool = {0};
  void *one = slip_pool_take(&pool, 56);
  void *other = slip_pool_take(&pool, 56);
  slip_pool_give(&pool, one, 56);
  slip_pool_give(&pool, other, 56);
  assert_int_equal(pool.kept, 112);
  assert_ptr_equal(slip_pool_take(&pool, 56), other);
  assert_ptr_equal(slip_pool_take(&pool, 49), one);
  assert_int_equal(pool.kept, 0);
  free(one);
  free(other);
}

static void a_block_is_as_large_as_the_largest_that_is_the_same(void **state) {
  (void)state;
  struct slip_pool pool = {0};
  for (size_t size = 1; size <= SLIP_POOL_LARGEST; size++) {
    size_t largest = size;
    while (slip_pool_is_same(size, largest + 1))
      largest++;
    char *block = slip_pool_take(&pool, size);
    memset(block, 'x', largest); /* AddressSanitizer looks on */
    slip_pool_give(&pool, block, largest);
  }
  slip_pool_clear(&pool);
}

static void sizes_that_differ_do_not_meet(void **state) {
  (void)state;
  struct slip_pool pool = {0};
  void *block = slip_pool_take(&pool, 8);
  slip_pool_give(&pool, block, 8);
  void *larger = slip_pool_take(&pool, 9);
  assert_ptr_not_equal(larger, block);
  assert_false(slip_pool_is_same(8, 9));
  slip_pool_give(&pool, larger, 9);
  slip_pool_clear(&pool);
}

static void keeps_no_more_than_it_may(void **state) {
  (void)state;
  struct slip_pool pool = {0};
  enum { MANY = SLIP_POOL_MOST / SLIP_POOL_LARGEST + 10 };
  static void *blocks[MANY];
  for (size_t i = 0; i < MANY; i++)
    blocks[i] = slip_pool_take(&pool, SLIP_POOL_LARGEST);
  for (size_t i = 0; i < MANY; i++)
    slip_pool_give(&pool, blocks[i], SLIP_POOL_LARGEST);
  assert_int_equal(pool.kept, SLIP_POOL_MOST);
  slip_pool_clear(&pool);
  assert_int_equal(pool.kept, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gives_out_again_what_it_was_given_the_last_first),
      cmocka_unit_test(a_block_is_as_large_as_the_largest_that_is_the_same),
      cmocka_unit_test(sizes_that_differ_do_not_meet),
      cmocka_unit_test(keeps_no_more_than_it_may),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
