/* Frames read the same in pieces of any size (the first byte says which) as at once. */
#include "core/ws_frame.h"

#include <stdlib.h>

/* FNV-1a over what was read, so that two readings are compared without keeping them. */
static uint64_t mix(uint64_t sum, uint64_t value) {
  return (sum ^ value) * 0x100000001b3u;
}

static uint64_t read_in_pieces(const uint8_t *data, size_t size, size_t piece) {
  uint64_t sum = 0xcbf29ce484222325u;
  enum slip_err err = SLIP_OK;
  struct slip_ws_reader r;
  slip_ws_reader_init(&r, 1 << 20);
  for (size_t at = 0; at < size && err == SLIP_OK; at += piece) {
    struct slip_span in = {(const char *)data + at, size - at < piece ? size - at : piece};
    struct slip_ws_message m;
    bool has = true;
    while (has && (err = slip_ws_reader_next(&r, &in, &m, &has)) == SLIP_OK && has) {
      sum = mix(mix(mix(sum, m.kind), m.code), m.data.size);
      for (size_t i = 0; i < m.data.size; i++)
        sum = mix(sum, (uint8_t)m.data.at[i]);
    }
  }
  slip_ws_reader_clear(&r);
  return mix(sum, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 1 &&
      read_in_pieces(data + 1, size - 1, data[0] + 1u) != read_in_pieces(data + 1, size - 1, size))
    abort();
  return 0;
}
