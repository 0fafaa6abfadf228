/* The elements of an array stand in order in its text, and each of them, put between brackets by
 * itself, is cut into itself. What is known to be plain changes nothing. */
#include "core/json_cut.h"
#include "core/plain.h"

#include <stdlib.h>

#define MUST(condition) ((condition) ? (void)0 : abort())

static void check_alone(struct slip_span item) {
  struct slip_json_cut cut;
  struct slip_buf array = {0};
  struct slip_json_part again;
  bool has;
  MUST(slip_buf_append(&array, SLIP_SPAN("[ ")) == SLIP_OK);
  MUST(slip_buf_append(&array, item) == SLIP_OK);
  MUST(slip_buf_append(&array, SLIP_SPAN("\t]")) == SLIP_OK);
  slip_json_cut_init(&cut, slip_buf_span(&array), (struct slip_span){0});
  MUST(slip_json_cut_array(&cut, &has) == SLIP_OK && has);
  MUST(slip_json_cut_value(&cut, &again) == SLIP_OK && slip_span_is_equal(item, again.raw));
  MUST(slip_json_cut_next(&cut, &has) == SLIP_OK && !has && slip_json_cut_is_done(&cut));
  slip_buf_clear(&array);
}

/* What a reader finds that gets the text in pieces. */
static void check_known(struct slip_span text) {
  struct slip_plain_run run = {0};
  struct slip_json_part blind = {0}, part = {0};
  struct slip_json_cut cut;
  size_t first = text.size / 3;
  (void)slip_plain_run_feed(&run, 0, (struct slip_span){text.at, first}, text.size - first);
  (void)slip_plain_run_feed(&run, first, slip_span_skip(text, first), 0);
  slip_json_cut_init(&cut, text, (struct slip_span){0});
  enum slip_err err = slip_json_cut_value(&cut, &blind);
  slip_json_cut_init(&cut, text, slip_plain_run_span(&run, text));
  MUST(slip_json_cut_value(&cut, &part) == err && part.is_plain == blind.is_plain);
  MUST(slip_span_is_equal(part.raw, blind.raw));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct slip_span text = {(const char *)data, size}, key = SLIP_SPAN("a");
  struct slip_json_part item;
  struct slip_json_cut cut;
  bool has;
  check_known(text);
  slip_json_cut_init(&cut, text, (struct slip_span){0});
  if (slip_json_cut_object(&cut, &key, 1, &item) == SLIP_OK && !slip_span_is_absent(item.raw))
    check_alone(item.raw);
  slip_json_cut_init(&cut, text, (struct slip_span){0});
  enum slip_err err = slip_json_cut_array(&cut, &has);
  for (const char *at = text.at; err == SLIP_OK && has; at = item.raw.at + item.raw.size) {
    if (slip_json_cut_value(&cut, &item) != SLIP_OK)
      return 0;
    MUST(item.raw.at > at && item.raw.size > 0);
    check_alone(item.raw);
    err = slip_json_cut_next(&cut, &has);
  }
  return 0;
}
