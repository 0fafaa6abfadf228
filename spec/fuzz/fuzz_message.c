/* What reads as a message is written, and what was written reads and is written the same again.
 * The first byte chooses the protocol version, who sent it and whether it is binary. */
#include "core/message.h"
#include "core/utf8.h"

#include <stdint.h>
#include <stdlib.h>

/* Reads and writes; false when it does not read. What reads must be written. */
static bool copy(struct slip_wire wire, struct slip_payload in, struct slip_buf *out) {
  struct slip_buf scratch = {0};
  struct slip_message m;
  enum slip_format format;
  const char *fault;
  bool is_read = slip_message_read(wire, in, &scratch, &m, &fault) == SLIP_OK;
  if (is_read && (slip_message_write(wire, &m, out, &format) != SLIP_OK || format != in.format))
    abort();
  slip_buf_clear(&scratch);
  return is_read;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t choice = size == 0 ? 0 : data[0];
  struct slip_wire wire = {choice & 1 ? SLIP_VSN_1 : SLIP_VSN_2,
                           choice & 2 ? SLIP_FROM_CLIENT : SLIP_FROM_SERVER, NULL};
  struct slip_payload in = {.format = choice & 4 ? SLIP_BINARY : SLIP_JSON,
                            .bytes = {(const char *)data, size}};
  in.bytes = slip_span_skip(in.bytes, size == 0 ? 0 : 1);
  struct slip_buf once = {0}, twice = {0};
  if ((in.format == SLIP_BINARY || slip_utf8_is_valid(in.bytes)) && copy(wire, in, &once)) {
    in.bytes = slip_buf_span(&once);
    if (!copy(wire, in, &twice) || !slip_span_is_equal(in.bytes, slip_buf_span(&twice)))
      abort();
  }
  slip_buf_clear(&once);
  slip_buf_clear(&twice);
  return 0;
}
