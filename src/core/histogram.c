#include "core/histogram_private.h"

static unsigned shift_of_bucket(unsigned bucket) {
  return bucket < SLIP_HISTOGRAM_LINEAR ? 0 : bucket / SLIP_HISTOGRAM_HALF - 1;
}

static uint32_t first_of(unsigned bucket) {
  unsigned shift = shift_of_bucket(bucket);
  return (uint32_t)(bucket - shift * SLIP_HISTOGRAM_HALF) << shift;
}

static uint32_t last_of(unsigned bucket) {
  return first_of(bucket) + ((UINT32_C(1) << shift_of_bucket(bucket)) - 1);
}

static uint32_t middle_of_bucket(unsigned bucket) {
  uint32_t first = first_of(bucket);
  return first + (last_of(bucket) - first) / 2;
}

/* What is answered for it, which is nothing that was not measured. */
static uint32_t middle_of(const struct slip_histogram *h, unsigned bucket) {
  uint32_t middle = middle_of_bucket(bucket);
  if (middle < h->least)
    return h->least;
  return middle > h->greatest ? h->greatest : middle;
}

void slip_histogram_clear(struct slip_histogram *h) {
  memset(h, 0, sizeof *h);
}

void slip_histogram_record(struct slip_histogram *h, uint64_t usec) {
  if (!slip_histogram_has_room(h, 1))
    return;
  if (usec > SLIP_HISTOGRAM_MOST)
    h->clamped++;
  uint32_t value = usec > SLIP_HISTOGRAM_MOST ? SLIP_HISTOGRAM_MOST : (uint32_t)usec;
  slip_histogram_note_ends(h, value, value);
  h->counts[slip_histogram_bucket_of(value)]++;
  h->count++;
}

/* How many of `usec - pace`, `usec - 2 * pace` … are at least `value`. */
static uint64_t count_from(uint64_t usec, uint64_t pace, uint64_t value) {
  return value > usec ? 0 : (usec - value) / pace;
}

/* By bucket, since a long value at a fast pace has left out millions. */
void slip_histogram_record_paced(struct slip_histogram *h, uint64_t usec, uint64_t pace) {
  slip_histogram_record(h, usec);
  uint64_t longest = usec > SLIP_HISTOGRAM_MOST ? SLIP_HISTOGRAM_MOST : usec;
  uint64_t left_out = pace == 0 ? 0 : count_from(longest, pace, pace);
  if (left_out == 0 || !slip_histogram_has_room(h, left_out))
    return;
  uint32_t least = (uint32_t)(longest - left_out * pace), greatest = (uint32_t)(longest - pace);
  slip_histogram_note_ends(h, least, greatest);
  unsigned last = slip_histogram_bucket_of(greatest);
  for (unsigned bucket = slip_histogram_bucket_of(least); bucket <= last; bucket++) {
    uint64_t from = first_of(bucket) < least ? least : first_of(bucket);
    h->counts[bucket] +=
        count_from(longest, pace, from) - count_from(longest, pace, (uint64_t)last_of(bucket) + 1);
  }
  h->count += left_out;
}

enum slip_err slip_histogram_merge(struct slip_histogram *h, const struct slip_histogram *from) {
  if (from->count == 0)
    return SLIP_OK;
  if (!slip_histogram_has_room(h, from->count))
    return SLIP_ETOOBIG;
  slip_histogram_note_ends(h, from->least, from->greatest);
  unsigned last = slip_histogram_bucket_of(from->greatest);
  for (unsigned bucket = slip_histogram_bucket_of(from->least); bucket <= last; bucket++)
    h->counts[bucket] += from->counts[bucket];
  h->count += from->count;
  h->clamped += from->clamped;
  return SLIP_OK;
}

uint32_t slip_histogram_at(const struct slip_histogram *h, uint32_t part) {
  if (h->count == 0)
    return 0;
  if (part >= SLIP_HISTOGRAM_WHOLE)
    return h->greatest;
  uint64_t rank = (h->count * part + SLIP_HISTOGRAM_WHOLE - 1) / SLIP_HISTOGRAM_WHOLE;
  if (rank <= 1)
    return h->least;
  uint64_t passed = 0;
  unsigned bucket = slip_histogram_bucket_of(h->least);
  while ((passed += h->counts[bucket]) < rank)
    bucket++;
  return middle_of(h, bucket);
}

uint64_t slip_histogram_up_to(const struct slip_histogram *h, uint64_t usec) {
  if (h->count == 0 || usec >= h->greatest)
    return h->count;
  unsigned last = slip_histogram_bucket_of((uint32_t)usec);
  uint64_t count = 0;
  for (unsigned bucket = slip_histogram_bucket_of(h->least); bucket <= last; bucket++)
    count += h->counts[bucket];
  return count;
}

double slip_histogram_mean(const struct slip_histogram *h) {
  double sum = 0;
  if (h->count == 0)
    return 0;
  unsigned last = slip_histogram_bucket_of(h->greatest);
  for (unsigned bucket = slip_histogram_bucket_of(h->least); bucket <= last; bucket++)
    sum += (double)h->counts[bucket] * middle_of(h, bucket);
  return sum / (double)h->count;
}

double slip_histogram_sum(const struct slip_histogram *h) {
  double sum = 0;
  if (h->count == 0)
    return 0;
  unsigned last = slip_histogram_bucket_of(h->greatest);
  for (unsigned bucket = slip_histogram_bucket_of(h->least); bucket <= last; bucket++)
    sum += (double)h->counts[bucket] * middle_of_bucket(bucket);
  return sum;
}
