#include "core/http_body.h"

#include "core/http_header.h"

static bool read_length(struct slip_span text, uint64_t *out) {
  uint64_t length = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (text.at[i] < '0' || text.at[i] > '9' || length > UINT64_MAX / 100)
      return false;
    length = length * 10 + (uint64_t)(text.at[i] - '0');
  }
  *out = length;
  return text.size > 0;
}

void slip_http_body_init(struct slip_http_body *b, uint16_t status, struct slip_span headers) {
  struct slip_span length = slip_upgrade_header(headers, SLIP_SPAN("Content-Length"));
  *b = (struct slip_http_body){.state = SLIP_HTTP_BODY_UNTIL_END};
  if (status == 204 || status == 304)
    b->state = SLIP_HTTP_BODY_DONE;
  else if (slip_http_header_lists(headers, SLIP_SPAN("Transfer-Encoding"), SLIP_SPAN("chunked")))
    b->state = SLIP_HTTP_BODY_CHUNK_SIZE;
  else if (read_length(length, &b->left))
    b->state = b->left > 0 ? SLIP_HTTP_BODY_COUNTED : SLIP_HTTP_BODY_DONE;
}

bool slip_http_body_is_done(const struct slip_http_body *b) {
  return b->state == SLIP_HTTP_BODY_DONE;
}

/* A digit, or what ends the digits; the last chunk has the size 0, and trailers tell us nothing. */
static enum slip_http_body_state step_size(struct slip_http_body *b, char c) {
  int digit = slip_http_hex(c);
  if (digit >= 0 && b->left <= UINT32_MAX) {
    b->left = b->left << 4 | (unsigned)digit;
    return SLIP_HTTP_BODY_CHUNK_SIZE;
  }
  if (c == '\n')
    return b->left > 0 ? SLIP_HTTP_BODY_CHUNK_DATA : SLIP_HTTP_BODY_DONE;
  bool is_rest = c == '\r' || c == ';' || c == ' ' || c == '\t';
  return is_rest ? SLIP_HTTP_BODY_CHUNK_REST : SLIP_HTTP_BODY_DONE;
}

/* One byte of what frames the chunks. */
static enum slip_http_body_state step(struct slip_http_body *b, char c) {
  if (b->state == SLIP_HTTP_BODY_CHUNK_SIZE)
    return step_size(b, c);
  if (b->state == SLIP_HTTP_BODY_CHUNK_REST)
    return c == '\n' ? step_size(b, c) : SLIP_HTTP_BODY_CHUNK_REST;
  if (c == '\n')
    return SLIP_HTTP_BODY_CHUNK_SIZE;
  return c == '\r' ? SLIP_HTTP_BODY_CHUNK_END : SLIP_HTTP_BODY_DONE;
}

static bool is_data(const struct slip_http_body *b) {
  return b->state == SLIP_HTTP_BODY_COUNTED || b->state == SLIP_HTTP_BODY_CHUNK_DATA;
}

static struct slip_span take_data(struct slip_http_body *b, struct slip_span *in) {
  struct slip_span data = {in->at, b->left < in->size ? (size_t)b->left : in->size};
  *in = slip_span_skip(*in, data.size);
  b->left -= data.size;
  if (b->left == 0)
    b->state = b->state == SLIP_HTTP_BODY_COUNTED ? SLIP_HTTP_BODY_DONE : SLIP_HTTP_BODY_CHUNK_END;
  return data;
}

bool slip_http_body_next(struct slip_http_body *b, struct slip_span *in, struct slip_span *out) {
  while (in->size > 0 && b->state != SLIP_HTTP_BODY_DONE) {
    if (is_data(b)) {
      *out = take_data(b, in);
      return true;
    }
    if (b->state == SLIP_HTTP_BODY_UNTIL_END) {
      *out = *in;
      *in = slip_span_skip(*in, in->size);
      return true;
    }
    b->state = step(b, in->at[0]);
    *in = slip_span_skip(*in, 1);
  }
  return false;
}
