/* Whatever its parts hold, what is written is one request of as many lines as it has headers. */
#include "core/upgrade.h"

#include <stdlib.h>

/* Takes what is before the next byte 0xFF off the front. */
static struct slip_span take(struct slip_span *rest) {
  const char *end = rest->size > 0 ? memchr(rest->at, 0xff, rest->size) : NULL;
  struct slip_span part = {rest->at, end != NULL ? (size_t)(end - rest->at) : rest->size};
  *rest = slip_span_skip(*rest, end != NULL ? part.size + 1 : part.size);
  return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct slip_span rest = {(const char *)data, size};
  struct slip_header header = {0};
  struct slip_upgrade_request request = {.headers = &header, .header_count = 1};
  request.host = take(&rest);
  request.target = take(&rest);
  request.protocols = take(&rest);
  header.name = take(&rest);
  header.value = rest;
  struct slip_buf b = {0};
  const char *fault;
  if (slip_upgrade_write(&request, &b, &fault) == SLIP_OK) {
    size_t lines = 0, controls = 0;
    for (size_t i = 0; i < b.size; i++) {
      lines += b.memory[i] == '\n' && b.memory[i - 1] == '\r';
      controls += (uint8_t)b.memory[i] < 0x20 && b.memory[i] != '\t';
    }
    if (lines != 9u - slip_span_is_absent(request.protocols) || controls != 2 * lines)
      abort();
  }
  slip_buf_clear(&b);
  return 0;
}
