#ifndef SLIP_CORE_HISTOGRAM_H
#define SLIP_CORE_HISTOGRAM_H
/*
 * Histogram: how often which latency was measured, from 1 µs to an hour, to within 1 %.
 *
 * Pure; no memory but its own, which is 14 kB whatever is recorded. Cleared is a valid empty one.
 *
 * Values below 128 have a bucket each, and each doubling above is cut into 64 buckets of the same
 * width. What is answered for a bucket is its middle, so it is off by 1 part in 128 at most; the
 * least and the greatest value are kept as they are.
 */
#include "core/err.h"
#include "core/span.h"

#include <stdint.h>

/* An hour, in microseconds: what is greater is recorded as that, and counted as clamped. */
#define SLIP_HISTOGRAM_MOST UINT32_C(3600000000)
/* 128 that are one microsecond wide; 64 for each power of two from 2^7 to 2^31. */
#define SLIP_HISTOGRAM_BUCKETS (128u + 25u * 64u)
/* The most values that one holds: then neither a count nor a rank runs over. */
#define SLIP_HISTOGRAM_COUNT_MOST (UINT64_C(1) << 43)
/* The most bytes that `write` needs: a version, three numbers, and two for each bucket. */
#define SLIP_HISTOGRAM_BYTES_MOST (1u + 3u * 7u + SLIP_HISTOGRAM_BUCKETS * (2u + 7u))
/* Percentiles are asked for in parts per million: 99.9 % is 999,000. */
#define SLIP_HISTOGRAM_WHOLE UINT32_C(1000000)

struct slip_histogram {
  uint64_t counts[SLIP_HISTOGRAM_BUCKETS];
  uint64_t count;   /* of all values */
  uint64_t clamped; /* of those that were longer than an hour */
  uint32_t least;   /* of no meaning while `count` is 0, as `greatest` */
  uint32_t greatest;
};

void slip_histogram_clear(struct slip_histogram *h);

/* Counts a value. One that would be more than the most is not counted. */
void slip_histogram_record(struct slip_histogram *h, uint64_t usec);

/*
 * The same, corrected for coordinated omission: who was to measure every `pace` microseconds and
 * waited for this value meanwhile has left out those that would have been `usec - pace`,
 * `usec - 2 * pace` … down to `pace`, so they are counted as well. A pace of 0 corrects nothing.
 */
void slip_histogram_record_paced(struct slip_histogram *h, uint64_t usec, uint64_t pace);

/* Adds the values of `from`. SLIP_ETOOBIG: together they were too many; then nothing changed. */
SLIP_CHECKED enum slip_err slip_histogram_merge(struct slip_histogram *h,
                                                const struct slip_histogram *from);

/*
 * The value that `part` of all values, in parts per million, do not exceed: the nearest rank, so it
 * is one that was measured, to within 1 %. 0 parts are the least value, all the greatest; 0 of an
 * empty histogram.
 */
uint32_t slip_histogram_at(const struct slip_histogram *h, uint32_t part);

/* How many values are at most `usec`, to within 1 % of that: its whole bucket counts. */
uint64_t slip_histogram_up_to(const struct slip_histogram *h, uint64_t usec);

/* The mean to within 1 %, mostly far closer; 0 of an empty histogram. */
double slip_histogram_mean(const struct slip_histogram *h);

/* The sum to within 1 %. Unlike the mean times the count it never falls when values come: it does
 * not go by the least and the greatest. */
double slip_histogram_sum(const struct slip_histogram *h);

/* Writes it to `out`, which has room for SLIP_HISTOGRAM_BYTES_MOST; answers how many bytes it is:
 * a version, and two or three for each bucket that is not empty. */
size_t slip_histogram_write(const struct slip_histogram *h, char *out);

/*
 * Adds the values of one that was written. There is one way to write a histogram, so what is read
 * into an empty one is written as the same bytes. SLIP_EMALFORMED, SLIP_ETOOBIG: together they were
 * too many; then nothing changed.
 */
SLIP_CHECKED enum slip_err slip_histogram_read(struct slip_histogram *h, struct slip_span bytes);

#endif
