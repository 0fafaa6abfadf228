/* The elements of an array stand in order in its text, and each of them, put between brackets by
 * itself, is cut into itself. No array is an object. */
#include "core/json_cut.h"

#include <stdint.h>
#include <stdlib.h>

#define ITEM_MAX 16u
#define MUST(condition) ((condition) ? (void)0 : abort())

static void check_alone(struct slip_span item) {
  struct slip_buf array = {0};
  struct slip_span again;
  size_t count;
  MUST(slip_buf_append(&array, SLIP_SPAN("[ ")) == SLIP_OK);
  MUST(slip_buf_append(&array, item) == SLIP_OK);
  MUST(slip_buf_append(&array, SLIP_SPAN("\t]")) == SLIP_OK);
  MUST(slip_json_cut_array(slip_buf_span(&array), &again, 1, &count) == SLIP_OK);
  MUST(count == 1 && slip_span_is_equal(item, again));
  slip_buf_clear(&array);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct slip_span text = {(const char *)data, size}, key = SLIP_SPAN("a"), value;
  struct slip_span items[ITEM_MAX];
  size_t count = 0;
  bool is_object = slip_json_cut_object(text, &key, 1, &value) == SLIP_OK;
  if (is_object && !slip_span_is_absent(value))
    check_alone(value);
  MUST(slip_json_cut_array(text, items, ITEM_MAX, &count) != SLIP_OK || !is_object);
  const char *at = text.at;
  for (size_t i = 0; i < count && i < ITEM_MAX; at = items[i].at + items[i].size, i++) {
    MUST(items[i].at > at && items[i].size > 0);
    check_alone(items[i]);
  }
  return 0;
}
