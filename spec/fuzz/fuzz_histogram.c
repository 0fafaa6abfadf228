/*
 * The law: what is read into an empty histogram is written as the same bytes, and read twice it has
 * twice as many values between the same ends.
 */
#include "core/histogram.h"

#include <stdlib.h>

#define MUST(condition) ((condition) ? (void)0 : abort())

static void check_middle(const struct slip_histogram *h) {
  uint32_t middle = slip_histogram_at(h, SLIP_HISTOGRAM_WHOLE / 2);
  MUST(middle >= h->least && middle <= h->greatest);
}

static void check_twice(struct slip_histogram *h, struct slip_span bytes) {
  struct slip_histogram once = *h;
  if (slip_histogram_read(h, bytes) == SLIP_OK)
    MUST(h->count == 2 * once.count && h->clamped == 2 * once.clamped);
  else
    MUST(h->count == once.count && 2 * once.count > SLIP_HISTOGRAM_COUNT_MOST);
  MUST(h->least == once.least && h->greatest == once.greatest);
  check_middle(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct slip_span bytes = {(const char *)data, size};
  struct slip_histogram h;
  char again[SLIP_HISTOGRAM_BYTES_MOST];
  slip_histogram_clear(&h);
  if (slip_histogram_read(&h, bytes) != SLIP_OK)
    return 0;
  struct slip_span written = {again, slip_histogram_write(&h, again)};
  MUST(slip_span_is_equal(bytes, written));
  check_twice(&h, bytes);
  return 0;
}
