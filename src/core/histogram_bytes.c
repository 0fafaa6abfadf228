/*
 * A histogram as bytes: the version, and unless it is empty the least value, the greatest and how
 * many were clamped, then for each bucket that is not empty how many were passed over since the one
 * before it, and its count. Numbers have 7 bits a byte, the lowest first, and the eighth in all but
 * their last byte.
 */
#include "core/histogram_private.h"

enum { VERSION = 1, BITS = 7, MORE = 0x80, SHIFT_MOST = 63 };

static char *write_number(char *at, uint64_t value) {
  for (; value >= MORE; value >>= BITS)
    *at++ = (char)(value | MORE);
  *at++ = (char)value;
  return at;
}

static char *write_buckets(const struct slip_histogram *h, char *at) {
  unsigned passed = 0;
  uint64_t left = h->count;
  for (unsigned bucket = 0; left > 0; bucket++) {
    if (h->counts[bucket] == 0) {
      passed++;
      continue;
    }
    at = write_number(write_number(at, passed), h->counts[bucket]);
    left -= h->counts[bucket];
    passed = 0;
  }
  return at;
}

size_t slip_histogram_write(const struct slip_histogram *h, char *out) {
  char *at = out;
  *at++ = VERSION;
  if (h->count > 0) {
    at = write_number(at, h->least);
    at = write_number(at, h->greatest);
    at = write_number(at, h->clamped);
    at = write_buckets(h, at);
  }
  return (size_t)(at - out);
}

/* Takes a number of at most `most` off the front. */
static bool read_number(struct slip_span *bytes, uint64_t most, uint64_t *value) {
  uint64_t sum = 0;
  for (unsigned shift = 0; bytes->size > 0 && shift < SHIFT_MOST; shift += BITS) {
    uint8_t byte = (uint8_t)*bytes->at;
    *bytes = slip_span_skip(*bytes, 1);
    sum |= (uint64_t)(byte & (MORE - 1)) << shift;
    if (byte & MORE)
      continue;
    *value = sum;
    return sum <= most && (byte != 0 || shift == 0); /* no zeros that could be left out */
  }
  return false;
}

/* What comes before the buckets, and then how many values they hold. */
struct head {
  uint64_t least, greatest, clamped, count;
};

static bool read_head(struct slip_span *bytes, struct head *head) {
  return read_number(bytes, SLIP_HISTOGRAM_MOST, &head->least) &&
         read_number(bytes, SLIP_HISTOGRAM_MOST, &head->greatest) &&
         read_number(bytes, SLIP_HISTOGRAM_COUNT_MOST, &head->clamped);
}

/* Takes a bucket off the front; `*bucket` is the one where it may begin, and then where it is. */
static bool read_bucket(struct slip_span *bytes, uint64_t *bucket, uint64_t *count) {
  uint64_t passed;
  if (*bucket >= SLIP_HISTOGRAM_BUCKETS ||
      !read_number(bytes, SLIP_HISTOGRAM_BUCKETS - 1 - *bucket, &passed) ||
      !read_number(bytes, SLIP_HISTOGRAM_COUNT_MOST, count))
    return false;
  *bucket += passed;
  return *count > 0;
}

/* Whether these are the buckets of such a histogram: from the one of its least value to that of the
 * greatest, in which those are that were clamped. */
static bool check_buckets(struct slip_span bytes, struct head *head) {
  uint64_t next = 0, bucket = 0, count = 0;
  head->count = 0;
  while (bytes.size > 0) {
    bucket = next;
    if (!read_bucket(&bytes, &bucket, &count) || count > SLIP_HISTOGRAM_COUNT_MOST - head->count)
      return false;
    if (head->count == 0 && bucket != slip_histogram_bucket_of((uint32_t)head->least))
      return false;
    head->count += count;
    next = bucket + 1;
  }
  return head->count > 0 && bucket == slip_histogram_bucket_of((uint32_t)head->greatest) &&
         head->clamped <= (head->greatest == SLIP_HISTOGRAM_MOST ? count : 0);
}

/* Whether the least and the greatest value are what that many values may have. */
static bool check_ends(const struct head *head) {
  return head->count == 1 ? head->least == head->greatest : head->least <= head->greatest;
}

static void add_buckets(struct slip_histogram *h, struct slip_span bytes) {
  for (uint64_t bucket = 0, count; read_bucket(&bytes, &bucket, &count); bucket++)
    h->counts[bucket] += count;
}

enum slip_err slip_histogram_read(struct slip_histogram *h, struct slip_span bytes) {
  struct head head;
  if (bytes.size == 0 || *bytes.at != VERSION)
    return SLIP_EMALFORMED;
  bytes = slip_span_skip(bytes, 1);
  if (bytes.size == 0) /* an empty one */
    return SLIP_OK;
  if (!read_head(&bytes, &head) || !check_buckets(bytes, &head) || !check_ends(&head))
    return SLIP_EMALFORMED;
  if (!slip_histogram_has_room(h, head.count))
    return SLIP_ETOOBIG;
  slip_histogram_note_ends(h, (uint32_t)head.least, (uint32_t)head.greatest);
  add_buckets(h, bytes);
  h->count += head.count;
  h->clamped += head.clamped;
  return SLIP_OK;
}
