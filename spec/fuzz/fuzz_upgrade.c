/* The answer to an upgrade reads the same in pieces of any size (the last byte says which). */
#include "core/upgrade.h"

#include <stdlib.h>

struct reading {
  struct slip_upgrade_reader *reader;
  enum slip_err err;
  enum slip_upgrade_verdict verdict;
  struct slip_upgrade_answer answer;
};

static struct reading read_in_pieces(const uint8_t *data, size_t size, size_t piece) {
  struct reading r = {.verdict = SLIP_UPGRADE_UNFINISHED};
  const struct slip_span request = SLIP_SPAN("GET / HTTP/1.1\r\n"
                                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                             "Sec-WebSocket-Protocol: phoenix, other\r\n\r\n");
  const struct slip_extension none = {0};
  if (slip_upgrade_reader_new(request, &none, &r.reader) != SLIP_OK)
    abort();
  for (size_t at = 0; at < size && r.err == SLIP_OK; at += piece) {
    struct slip_span in = {(const char *)data + at, size - at < piece ? size - at : piece};
    r.err = slip_upgrade_reader_feed(r.reader, &in, &r.verdict);
  }
  if (slip_upgrade_reader_end(r.reader) || r.verdict == SLIP_UPGRADE_ACCEPTED)
    slip_upgrade_reader_answer(r.reader, &r.answer);
  return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct reading a = read_in_pieces(data, size, size);
  struct reading b = read_in_pieces(data, size, size > 0 ? data[size - 1] + 1u : 1);
  if (a.err != b.err || a.verdict != b.verdict || a.answer.status != b.answer.status ||
      !slip_span_is_equal(a.answer.headers, b.answer.headers) ||
      !slip_span_is_equal(a.answer.body, b.answer.body))
    abort();
  slip_upgrade_reader_free(a.reader);
  slip_upgrade_reader_free(b.reader);
  return 0;
}
