#include "core/http_head.h"

#include "core/http_header.h"

void slip_http_head_init(struct slip_http_head *head, size_t max) {
  *head = (struct slip_http_head){0};
  slip_http_lines_init(&head->lines, max);
}

void slip_http_head_clear(struct slip_http_head *head) {
  slip_http_lines_clear(&head->lines);
}

void slip_http_head_restart(struct slip_http_head *head) {
  slip_http_lines_restart(&head->lines);
  head->is_whole = false;
}

/* "HTTP/1.1 101 Switching Protocols"; the reason, and the space before it, may be missing. */
static bool read_status(struct slip_span line, uint16_t *status) {
  static const char form[] = "HTTP/1.# ###"; /* '#' stands for a digit */
  if (line.size < sizeof form - 1 || !slip_http_is_value(line))
    return false;
  for (size_t i = 0; form[i] != '\0'; i++) {
    bool is_digit = line.at[i] >= '0' && line.at[i] <= '9';
    if (form[i] == '#' ? !is_digit : line.at[i] != form[i])
      return false;
  }
  const char *digits = line.at + 9;
  *status = (uint16_t)((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0'));
  return *status >= 100 && (line.size == sizeof form - 1 || line.at[12] == ' ');
}

/* Tells at the first bytes, as a server that does not speak HTTP may never end its line. */
static bool may_be_http(size_t at, struct slip_span next) {
  static const char begin[] = "HTTP/1.";
  for (size_t i = 0; i < next.size && at + i < sizeof begin - 1; i++)
    if (next.at[i] != begin[at + i])
      return false;
  return true;
}

/* A record of TLS begins with its type: 21, an alert, answers what is no handshake. */
static enum slip_http_fault tell_other(size_t at, struct slip_span next) {
  return at == 0 && next.at[0] == 21 ? SLIP_HTTP_TLS : SLIP_HTTP_NOT_HTTP;
}

static enum slip_http_fault end_head(struct slip_http_head *head) {
  struct slip_span headers;
  if (!read_status(slip_http_lines_first(&head->lines, &headers), &head->status))
    return SLIP_HTTP_BAD_STATUS;
  head->is_whole = slip_http_are_headers(headers);
  return head->is_whole ? SLIP_HTTP_NO_FAULT : SLIP_HTTP_BAD_HEADER;
}

enum slip_http_fault slip_http_head_feed(struct slip_http_head *head, struct slip_span *in) {
  size_t at = head->lines.text.size;
  if (head->is_whole)
    return SLIP_HTTP_NO_FAULT;
  if (!may_be_http(at, *in))
    return tell_other(at, *in);
  switch (slip_http_lines_feed(&head->lines, in)) {
  case SLIP_OK:
    return head->lines.is_whole ? end_head(head) : SLIP_HTTP_NO_FAULT;
  case SLIP_ETOOBIG:
    return SLIP_HTTP_TOO_LONG;
  default:
    return SLIP_HTTP_NO_MEMORY;
  }
}

struct slip_span slip_http_head_reason(const struct slip_http_head *head) {
  struct slip_span headers;
  struct slip_span line = slip_http_lines_first(&head->lines, &headers);
  return slip_span_skip(line, line.size > 12 ? 13 : line.size);
}

struct slip_span slip_http_head_headers(const struct slip_http_head *head) {
  struct slip_span headers;
  (void)slip_http_lines_first(&head->lines, &headers);
  return headers;
}

bool slip_http_head_is_1_0(const struct slip_http_head *head) {
  return slip_buf_span(&head->lines.text).at[sizeof "HTTP/1." - 1] == '0';
}

enum slip_err slip_http_fault_err(enum slip_http_fault fault) {
  static const enum slip_err errs[SLIP_HTTP_FAULT_COUNT] = {
      [SLIP_HTTP_NO_FAULT] = SLIP_OK,           [SLIP_HTTP_NOT_HTTP] = SLIP_EMALFORMED,
      [SLIP_HTTP_TLS] = SLIP_EMALFORMED,        [SLIP_HTTP_BAD_STATUS] = SLIP_EMALFORMED,
      [SLIP_HTTP_BAD_HEADER] = SLIP_EMALFORMED, [SLIP_HTTP_TOO_LONG] = SLIP_ETOOBIG,
      [SLIP_HTTP_NO_MEMORY] = SLIP_ENOMEM,
  };
  return errs[fault];
}
