/* The answer of a proxy reads the same in pieces of any size (the last byte says which), and what
 * is behind it stays. */
#include "core/limits.h"
#include "core/tunnel.h"

#include <stdlib.h>

struct reading {
  enum slip_err err;
  bool is_done;
  bool is_open;
  size_t left;
};

static struct reading read_in_pieces(const uint8_t *data, size_t size, size_t piece) {
  struct reading r = {.left = size};
  struct slip_tunnel_reader reader;
  slip_tunnel_reader_init(&reader);
  while (r.left > 0 && r.err == SLIP_OK && !r.is_done) {
    struct slip_span in = {(const char *)data + size - r.left, r.left < piece ? r.left : piece};
    size_t given = in.size;
    r.err = slip_tunnel_reader_feed(&reader, &in, &r.is_done);
    r.left -= given - in.size;
  }
  r.is_open = slip_tunnel_reader_is_open(&reader);
  if (reader.head.lines.text.size > SLIP_TUNNEL_HEAD_MAX ||
      (r.err != SLIP_OK) != (reader.fault != NULL))
    abort();
  slip_tunnel_reader_clear(&reader);
  return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct reading a = read_in_pieces(data, size, size);
  struct reading b = read_in_pieces(data, size, size > 0 ? data[size - 1] + 1u : 1);
  if (a.err != b.err || a.is_done != b.is_done || a.is_open != b.is_open)
    abort();
  if (a.err == SLIP_OK && a.left != b.left)
    abort();
  return 0;
}
