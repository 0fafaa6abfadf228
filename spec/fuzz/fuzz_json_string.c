/* A string that reads is skipped to its end, and what it says is written and reads the same. */
#include "core/json_string.h"
#include "core/utf8.h"

#include <stdint.h>
#include <stdlib.h>

static void check_written(struct slip_span text, struct slip_span raw) {
  struct slip_buf scratch = {0};
  struct slip_span again;
  bool is_plain = true;
  if (slip_json_string_skip(raw.at, raw.at + raw.size, &is_plain) != raw.at + raw.size ||
      slip_json_string_read(raw, &scratch, &again) != SLIP_OK || !slip_span_is_equal(text, again) ||
      !slip_json_string_says(raw, text))
    abort();
  slip_buf_clear(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct slip_span raw = {(const char *)data, size}, text;
  struct slip_buf scratch = {0}, out = {0};
  const char *end = raw.at + size;
  bool is_plain = true;
  bool is_skipped =
      size > 0 && raw.at[0] == '"' && slip_json_string_skip(raw.at, end, &is_plain) == end;
  if (slip_json_string_read(raw, &scratch, &text) == SLIP_OK) {
    if (!is_skipped || !slip_json_string_says(raw, text) || is_plain != (text.at == raw.at + 1))
      abort();
    enum slip_err err = slip_json_string_write(&out, text);
    if (err != (slip_utf8_is_valid(text) ? SLIP_OK : SLIP_EUTF8))
      abort();
    if (err == SLIP_OK)
      check_written(text, slip_buf_span(&out));
  }
  slip_buf_clear(&scratch);
  slip_buf_clear(&out);
  return 0;
}
