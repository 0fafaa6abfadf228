#ifndef SLIP_CORE_HISTOGRAM_PRIVATE_H
#define SLIP_CORE_HISTOGRAM_PRIVATE_H
/*
 * Histogram_private: which values share a bucket; for histogram.c and histogram_bytes.c.
 */
#include "core/histogram.h"

/* The values that have buckets of their own, and how many buckets each power of two above has. */
enum {
  SLIP_HISTOGRAM_LINEAR_BITS = 7,
  SLIP_HISTOGRAM_LINEAR = 1 << SLIP_HISTOGRAM_LINEAR_BITS,
  SLIP_HISTOGRAM_HALF = SLIP_HISTOGRAM_LINEAR / 2,
};

/* How often the bucket of this value is twice as wide as the first ones. */
static inline unsigned slip_histogram_shift_of(uint32_t value) {
  unsigned highest = 31u - (unsigned)__builtin_clz(value | 1u);
  return highest < SLIP_HISTOGRAM_LINEAR_BITS ? 0 : highest - (SLIP_HISTOGRAM_LINEAR_BITS - 1);
}

/* What is left of the value is below LINEAR, and from HALF on unless it has a bucket of its own. */
static inline unsigned slip_histogram_bucket_of(uint32_t value) {
  unsigned shift = slip_histogram_shift_of(value);
  return shift * SLIP_HISTOGRAM_HALF + (value >> shift);
}

/* Whether they can be counted besides those that there are. */
static inline bool slip_histogram_has_room(const struct slip_histogram *h, uint64_t count) {
  return count <= SLIP_HISTOGRAM_COUNT_MOST - h->count;
}

/* Before `count` is raised: extends from the least to the greatest value by others. */
static inline void slip_histogram_note_ends(struct slip_histogram *h, uint32_t least,
                                            uint32_t greatest) {
  if (h->count == 0 || least < h->least)
    h->least = least;
  if (h->count == 0 || greatest > h->greatest)
    h->greatest = greatest;
}

#endif
