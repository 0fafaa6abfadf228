#include "core/histogram.h"
#include "spec/support/check.h"

enum { VALUES = 20000 };

static uint64_t draw(uint64_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

/* Distributions: each draws a value of 0 to an hour. */

static uint32_t draw_evenly(uint64_t *seed) {
  return (uint32_t)(draw(seed) % SLIP_HISTOGRAM_MOST) + 1;
}

static uint32_t draw_any_magnitude(uint64_t *seed) {
  uint64_t most = UINT64_C(1) << draw(seed) % 32;
  return (uint32_t)((most + draw(seed) % most) % SLIP_HISTOGRAM_MOST);
}

/* 2 msec mostly, and one in a hundred some seconds. */
static uint32_t draw_two_hills(uint64_t *seed) {
  return (uint32_t)(draw(seed) % 100 == 0 ? 3000000 + draw(seed) % 2000000
                                          : 1500 + draw(seed) % 1000);
}

static uint32_t draw_few(uint64_t *seed) {
  return (uint32_t)(draw(seed) % 3 * 64);
}

static uint32_t draw_one(uint64_t *seed) {
  (void)seed;
  return 123457;
}

static uint32_t (*const distributions[])(uint64_t *) = {draw_evenly, draw_any_magnitude,
                                                        draw_two_hills, draw_few, draw_one};
enum { DISTRIBUTIONS = sizeof distributions / sizeof *distributions };

static struct slip_histogram new_histogram(void) {
  struct slip_histogram h;
  slip_histogram_clear(&h);
  return h;
}

static void assert_same(const struct slip_histogram *a, const struct slip_histogram *b) {
  assert_memory_equal(a->counts, b->counts, sizeof a->counts);
  assert_int_equal(a->count, b->count);
  assert_int_equal(a->clamped, b->clamped);
  assert_int_equal(a->least, b->least);
  assert_int_equal(a->greatest, b->greatest);
}

static void assert_near(double got, double wanted) {
  if (got < wanted * 0.99 || got > wanted * 1.01)
    fail_msg("%f is more than 1 %% from %f", got, wanted);
}

static int compare(const void *a, const void *b) {
  uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
  return (first > second) - (first < second);
}

static uint64_t count_up_to(const uint32_t *sorted, size_t count, double most) {
  size_t place = 0;
  while (place < count && sorted[place] <= most)
    place++;
  return place;
}

/* No value up to the bound is left out, and none is counted that is more than 1 in 64 above. */
static void check_up_to(const struct slip_histogram *h, const uint32_t *sorted, size_t count) {
  for (uint64_t bound = 1; bound < SLIP_HISTOGRAM_MOST * 2ull; bound = bound * 3 + 1) {
    uint64_t got = slip_histogram_up_to(h, bound);
    assert_true(got >= count_up_to(sorted, count, (double)bound));
    assert_true(got <= count_up_to(sorted, count, (double)bound * 65 / 64));
  }
  assert_int_equal(slip_histogram_up_to(h, h->greatest), count);
}

static void check_against_sorted(uint32_t *values, size_t count) {
  struct slip_histogram h = new_histogram();
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    slip_histogram_record(&h, values[i]);
    sum += values[i];
  }
  qsort(values, count, sizeof *values, compare);
  assert_int_equal(h.count, count);
  assert_int_equal(h.least, values[0]);
  assert_int_equal(h.greatest, values[count - 1]);
  assert_int_equal(slip_histogram_at(&h, 0), values[0]);
  assert_int_equal(slip_histogram_at(&h, SLIP_HISTOGRAM_WHOLE), values[count - 1]);
  assert_near(slip_histogram_mean(&h), sum / (double)count);
  assert_near(slip_histogram_sum(&h), sum);
  for (uint32_t part = 100; part < SLIP_HISTOGRAM_WHOLE; part += 100) {
    uint64_t rank = (count * (uint64_t)part + SLIP_HISTOGRAM_WHOLE - 1) / SLIP_HISTOGRAM_WHOLE;
    assert_near(slip_histogram_at(&h, part), values[rank - 1]);
  }
  check_up_to(&h, values, count);
}

static void is_within_1_percent_of_sorted_values(void **state) {
  (void)state;
  uint32_t *values = malloc(VALUES * sizeof *values);
  for (size_t d = 0; d < DISTRIBUTIONS; d++)
    for (size_t count = 1; count <= VALUES; count = count * 5 + 1) {
      uint64_t seed = 88172645463325252u + count;
      for (size_t i = 0; i < count; i++)
        values[i] = distributions[d](&seed);
      check_against_sorted(values, count);
    }
  free(values);
}

static void is_within_1_percent_at_both_ends_of_every_doubling(void **state) {
  (void)state;
  for (unsigned bit = 0; bit < 32; bit++)
    for (int64_t off = -1; off <= 1; off++) {
      int64_t value = (INT64_C(1) << bit) + off;
      if (value > SLIP_HISTOGRAM_MOST)
        continue;
      struct slip_histogram h = new_histogram();
      for (uint32_t other = 0; other < 3; other++) /* so that neither end is the value itself */
        slip_histogram_record(&h, other == 0   ? 0
                                  : other == 1 ? (uint64_t)value
                                               : SLIP_HISTOGRAM_MOST);
      assert_near(slip_histogram_at(&h, 500000), (double)value);
    }
}

static void is_empty_when_nothing_was_recorded(void **state) {
  (void)state;
  struct slip_histogram h = new_histogram();
  assert_int_equal(h.count, 0);
  assert_int_equal(slip_histogram_at(&h, 500000), 0);
  assert_int_equal(slip_histogram_at(&h, SLIP_HISTOGRAM_WHOLE), 0);
  assert_true(slip_histogram_mean(&h) == 0);
  assert_true(slip_histogram_sum(&h) == 0);
}

static void has_a_sum_that_does_not_fall_when_the_least_value_does(void **state) {
  (void)state;
  struct slip_histogram h = new_histogram();
  for (int i = 0; i < 1000; i++)
    slip_histogram_record(&h, 1007);
  double before = slip_histogram_sum(&h);
  slip_histogram_record(&h, 1000); /* which has the same bucket */
  assert_true(slip_histogram_sum(&h) > before);
}

static void takes_what_is_longer_than_an_hour_for_an_hour_and_counts_it(void **state) {
  (void)state;
  struct slip_histogram h = new_histogram();
  slip_histogram_record(&h, SLIP_HISTOGRAM_MOST);
  assert_int_equal(h.clamped, 0);
  slip_histogram_record(&h, (uint64_t)SLIP_HISTOGRAM_MOST + 1);
  slip_histogram_record(&h, UINT64_MAX);
  assert_int_equal(h.clamped, 2);
  assert_int_equal(h.count, 3);
  assert_int_equal(h.greatest, SLIP_HISTOGRAM_MOST);
  assert_int_equal(slip_histogram_at(&h, 1), SLIP_HISTOGRAM_MOST);
}

static void counts_no_more_than_the_most(void **state) {
  (void)state;
  struct slip_histogram h = new_histogram(), one = new_histogram();
  slip_histogram_record(&one, 5);
  slip_histogram_record(&h, 5);
  for (unsigned bit = 0; bit < 43; bit++)
    CHECK_OK(slip_histogram_merge(&h, &h));
  assert_int_equal(h.count, SLIP_HISTOGRAM_COUNT_MOST);
  assert_int_equal(slip_histogram_merge(&h, &one), SLIP_ETOOBIG);
  slip_histogram_record(&h, 7);
  slip_histogram_record_paced(&h, 7, 1);
  assert_int_equal(h.count, SLIP_HISTOGRAM_COUNT_MOST);
  assert_int_equal(h.greatest, 5);
  assert_int_equal(slip_histogram_at(&h, SLIP_HISTOGRAM_WHOLE - 1), 5);
}

static void merged_is_as_if_one_had_recorded_all(void **state) {
  (void)state;
  uint64_t seed = 42;
  for (size_t d = 0; d < DISTRIBUTIONS; d++) {
    struct slip_histogram all = new_histogram(), parts[3], sum = new_histogram();
    for (size_t part = 0; part < 3; part++)
      parts[part] = new_histogram();
    for (size_t i = 0; i < VALUES; i++) {
      uint32_t value = distributions[d](&seed);
      slip_histogram_record(&all, value);
      slip_histogram_record(&parts[i % 2], value); /* the last one stays empty */
    }
    for (size_t part = 0; part < 3; part++)
      CHECK_OK(slip_histogram_merge(&sum, &parts[part]));
    assert_same(&sum, &all);
  }
}

/* What record_paced says, value by value. */
static void record_what_was_left_out(struct slip_histogram *h, uint64_t usec, uint64_t pace) {
  uint64_t longest = usec > SLIP_HISTOGRAM_MOST ? SLIP_HISTOGRAM_MOST : usec;
  slip_histogram_record(h, usec);
  for (; pace > 0 && longest >= 2 * pace; longest -= pace)
    slip_histogram_record(h, longest - pace);
}

static void counts_also_what_a_long_value_has_left_out(void **state) {
  (void)state;
  static const uint64_t cases[][2] = {{1000, 0},
                                      {1000, 1000},
                                      {1000, 1001},
                                      {1000, 999},
                                      {1000, 500},
                                      {1000, 1},
                                      {127, 1},
                                      {128, 1},
                                      {12345678, 1234},
                                      {0, 10},
                                      {1, 1},
                                      {100000, 7},
                                      {UINT64_MAX, 1u << 20},
                                      {3600000001, 900},
                                      {5, UINT64_MAX}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct slip_histogram h = new_histogram(), wanted = new_histogram();
    slip_histogram_record_paced(&h, cases[i][0], cases[i][1]);
    record_what_was_left_out(&wanted, cases[i][0], cases[i][1]);
    assert_same(&h, &wanted);
  }
}

/* 1 msec, but for one second in which nothing was answered: that is a second of 101, not one value
 * of 100,001. */
static void shows_a_standstill_as_long_as_it_was(void **state) {
  (void)state;
  struct slip_histogram plain = new_histogram(), paced = new_histogram();
  for (size_t i = 0; i < 100000; i++) {
    slip_histogram_record(&plain, 1000);
    slip_histogram_record_paced(&paced, 1000, 1000);
  }
  slip_histogram_record(&plain, 1000000);
  slip_histogram_record_paced(&paced, 1000000, 1000);
  assert_near(slip_histogram_at(&plain, 999000), 1000);
  assert_near(slip_histogram_at(&paced, 999000), 900000);
}

/* Bytes. */

static struct slip_span write_down(const struct slip_histogram *h, char *room) {
  size_t size = slip_histogram_write(h, room);
  assert_in_range(size, 1, SLIP_HISTOGRAM_BYTES_MOST);
  return (struct slip_span){room, size};
}

static void check_round_trip(const struct slip_histogram *h) {
  char *room = malloc(SLIP_HISTOGRAM_BYTES_MOST), *again = malloc(SLIP_HISTOGRAM_BYTES_MOST);
  struct slip_histogram read = new_histogram();
  struct slip_span bytes = write_down(h, room);
  CHECK_OK(slip_histogram_read(&read, bytes));
  assert_same(&read, h);
  assert_true(slip_span_is_equal(write_down(&read, again), bytes));
  free(room);
  free(again);
}

static void is_read_as_it_was_written(void **state) {
  (void)state;
  uint64_t seed = 7;
  struct slip_histogram h = new_histogram();
  check_round_trip(&h);
  for (size_t d = 0; d < DISTRIBUTIONS; d++) {
    h = new_histogram();
    for (size_t i = 0; i < VALUES; i++)
      slip_histogram_record(&h, distributions[d](&seed));
    check_round_trip(&h);
  }
  slip_histogram_record(&h, UINT64_MAX);
  check_round_trip(&h);
}

static void fits_in_its_most_bytes_when_every_bucket_is_full(void **state) {
  (void)state;
  struct slip_histogram h = new_histogram();
  slip_histogram_record(&h, UINT64_MAX);
  for (uint64_t value = 0; value < SLIP_HISTOGRAM_MOST; value += value / 128 + 1)
    slip_histogram_record(&h, value);
  for (unsigned bit = 0; bit < 31; bit++)
    CHECK_OK(slip_histogram_merge(&h, &h));
  check_round_trip(&h);
}

static void reading_adds_as_merging_does(void **state) {
  (void)state;
  uint64_t seed = 3;
  char *room = malloc(SLIP_HISTOGRAM_BYTES_MOST);
  struct slip_histogram a = new_histogram(), b = new_histogram(), merged;
  for (size_t i = 0; i < VALUES; i++) {
    slip_histogram_record(&a, draw_any_magnitude(&seed));
    slip_histogram_record(&b, draw_two_hills(&seed));
  }
  merged = a;
  CHECK_OK(slip_histogram_merge(&merged, &b));
  CHECK_OK(slip_histogram_read(&a, write_down(&b, room)));
  assert_same(&a, &merged);
  free(room);
}

static void refuses_a_sum_over_the_most_unchanged(void **state) {
  (void)state;
  char *room = malloc(SLIP_HISTOGRAM_BYTES_MOST);
  struct slip_histogram h = new_histogram(), before;
  slip_histogram_record(&h, 5);
  for (unsigned bit = 0; bit < 43; bit++)
    CHECK_OK(slip_histogram_merge(&h, &h));
  before = h;
  assert_int_equal(slip_histogram_read(&h, write_down(&h, room)), SLIP_ETOOBIG);
  assert_same(&h, &before);
  free(room);
}

#define CHECK_REFUSED(literal)                                                                     \
  do {                                                                                             \
    struct slip_histogram h_ = new_histogram(), before_ = new_histogram();                         \
    assert_int_equal(slip_histogram_read(&h_, SLIP_SPAN(literal)), SLIP_EMALFORMED);               \
    assert_same(&h_, &before_);                                                                    \
  } while (0)

static void refuses_what_is_no_histogram(void **state) {
  (void)state;
  struct slip_histogram h = new_histogram();
  CHECK_OK(slip_histogram_read(&h, SLIP_SPAN("\x01\x05\x05\x00\x05\x01"))); /* this is: one 5 */
  CHECK_REFUSED("");
  CHECK_REFUSED("\x00");
  CHECK_REFUSED("\x02\x05\x05\x00\x05\x01");     /* another version */
  CHECK_REFUSED("\x01\x05\x05\x00\x05\x00");     /* an empty bucket */
  CHECK_REFUSED("\x01\x05\x05\x00\x04\x01");     /* the first bucket is not the least value's */
  CHECK_REFUSED("\x01\x05\x06\x00\x05\x01");     /* the last one is not the greatest value's */
  CHECK_REFUSED("\x01\x06\x05\x00\x06\x01");     /* the least is more than the greatest */
  CHECK_REFUSED("\x01\x05\x05\x01\x05\x01");     /* clamped to 5 µs */
  CHECK_REFUSED("\x01\x05\x05\x00\x85\x00\x01"); /* a number with a zero too many */
  CHECK_REFUSED("\x01\x05\x05\x00");             /* no bucket */
  CHECK_REFUSED("\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"); /* a number that is too long */
  CHECK_REFUSED("\x01\x00\x05\x00\x00\x01\xbf\x0d\x01");         /* a bucket behind the last one */
}

/* 130 and 131 share a bucket: with one value in it, it cannot have two ends. */
static void refuses_one_value_with_two_ends(void **state) {
  (void)state;
  struct slip_histogram h = new_histogram();
  CHECK_REFUSED("\x01\x82\x01\x83\x01\x00\x81\x01\x01");
  CHECK_OK(slip_histogram_read(&h, SLIP_SPAN("\x01\x82\x01\x83\x01\x00\x81\x01\x02")));
}

/* In memory that fits exactly, so that a read behind the end is seen. */
static void refuses_every_front_part_that_ends_within_a_number_or_too_soon(void **state) {
  (void)state;
  char *room = malloc(SLIP_HISTOGRAM_BYTES_MOST);
  struct slip_histogram h = new_histogram(), empty = new_histogram();
  for (uint64_t value = 1; value < SLIP_HISTOGRAM_MOST; value *= 3)
    slip_histogram_record(&h, value);
  struct slip_span bytes = write_down(&h, room);
  for (size_t size = 2; size < bytes.size; size++) {
    char *part = malloc(size);
    memcpy(part, room, size);
    struct slip_histogram read = new_histogram();
    assert_int_equal(slip_histogram_read(&read, (struct slip_span){part, size}), SLIP_EMALFORMED);
    assert_same(&read, &empty);
    free(part);
  }
  free(room);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_within_1_percent_of_sorted_values),
      cmocka_unit_test(is_within_1_percent_at_both_ends_of_every_doubling),
      cmocka_unit_test(is_empty_when_nothing_was_recorded),
      cmocka_unit_test(has_a_sum_that_does_not_fall_when_the_least_value_does),
      cmocka_unit_test(takes_what_is_longer_than_an_hour_for_an_hour_and_counts_it),
      cmocka_unit_test(counts_no_more_than_the_most),
      cmocka_unit_test(merged_is_as_if_one_had_recorded_all),
      cmocka_unit_test(counts_also_what_a_long_value_has_left_out),
      cmocka_unit_test(shows_a_standstill_as_long_as_it_was),
      cmocka_unit_test(is_read_as_it_was_written),
      cmocka_unit_test(fits_in_its_most_bytes_when_every_bucket_is_full),
      cmocka_unit_test(reading_adds_as_merging_does),
      cmocka_unit_test(refuses_a_sum_over_the_most_unchanged),
      cmocka_unit_test(refuses_what_is_no_histogram),
      cmocka_unit_test(refuses_one_value_with_two_ends),
      cmocka_unit_test(refuses_every_front_part_that_ends_within_a_number_or_too_soon),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
