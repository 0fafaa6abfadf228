/* A request reads the same in pieces of any size (the last byte says which), what is behind it
 * stays, and its parts are its line. */
#include "core/http_header.h"
#include "core/http_request.h"

#include <stdlib.h>

enum { MAX = 4096 };

static enum slip_err gather(struct slip_http_lines *lines, struct slip_span *in, size_t piece) {
  enum slip_err err = SLIP_OK;
  slip_http_lines_init(lines, MAX);
  while (in->size > 0 && err == SLIP_OK && !lines->is_whole) {
    struct slip_span part = {in->at, in->size < piece ? in->size : piece};
    size_t given = part.size;
    err = slip_http_lines_feed(lines, &part);
    *in = slip_span_skip(*in, given - part.size);
  }
  return err;
}

static void check_request(const struct slip_http_lines *lines) {
  struct slip_http_request request;
  struct slip_buf text = {0};
  if (slip_http_request_read(lines, &request) != SLIP_OK)
    return;
  bool has_query = !slip_span_is_absent(request.query);
  size_t size = request.method.size + 1 + request.path.size + has_query + request.query.size + 1 +
                request.version.size;
  if (slip_http_lines_first(lines, &request.headers).size != size)
    abort();
  if (slip_http_unescape(request.query, true, &text) != SLIP_OK || text.size > request.query.size)
    abort();
  slip_buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct slip_span once = {(const char *)data, size}, often = once;
  struct slip_http_lines a, b;
  enum slip_err err = gather(&a, &once, size);
  if (gather(&b, &often, size > 0 ? data[size - 1] + 1u : 1) != err || a.is_whole != b.is_whole)
    abort();
  if (err == SLIP_OK && once.size != often.size)
    abort();
  if (a.is_whole)
    check_request(&a);
  slip_http_lines_clear(&a);
  slip_http_lines_clear(&b);
  return 0;
}
