#include "core/http_head.h"

#include "core/http_header.h"

void slip_http_head_init(struct slip_http_head *head, size_t max) {
  *head = (struct slip_http_head){0};
  slip_buf_init(&head->text, max);
}

void slip_http_head_clear(struct slip_http_head *head) {
  slip_buf_clear(&head->text);
}

void slip_http_head_restart(struct slip_http_head *head) {
  slip_buf_truncate(&head->text, 0);
  head->line_at = 0;
  head->is_whole = false;
}

/* The status line; *headers are the lines behind it. */
static struct slip_span status_line(const struct slip_http_head *head, struct slip_span *headers) {
  struct slip_span line = {0};
  *headers = (struct slip_span){slip_buf_span(&head->text).at, head->line_at};
  slip_http_line_next(headers, &line);
  return line;
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

static bool are_headers(struct slip_span lines) {
  struct slip_span line;
  struct slip_header header;
  while (slip_http_line_next(&lines, &line))
    if (!slip_http_header_read(line, &header))
      return false;
  return true;
}

static enum slip_http_fault end_head(struct slip_http_head *head) {
  struct slip_span headers;
  if (!read_status(status_line(head, &headers), &head->status))
    return SLIP_HTTP_BAD_STATUS;
  if (!are_headers(headers))
    return SLIP_HTTP_BAD_HEADER;
  head->is_whole = true;
  return SLIP_HTTP_NO_FAULT;
}

/* Tells at the first bytes, as a server that does not speak HTTP may never end its line. */
static bool may_be_http(const struct slip_http_head *head, struct slip_span next) {
  static const char begin[] = "HTTP/1.";
  size_t at = head->text.size;
  for (size_t i = 0; i < next.size && at + i < sizeof begin - 1; i++)
    if (next.at[i] != begin[at + i])
      return false;
  return true;
}

/* A record of TLS begins with its type: 21, an alert, answers what is no handshake. */
static enum slip_http_fault tell_other(const struct slip_http_head *head, struct slip_span piece) {
  return head->text.size == 0 && piece.at[0] == 21 ? SLIP_HTTP_TLS : SLIP_HTTP_NOT_HTTP;
}

static enum slip_http_fault keep(struct slip_http_head *head, struct slip_span piece) {
  switch (slip_buf_append(&head->text, piece)) {
  case SLIP_OK:
    return SLIP_HTTP_NO_FAULT;
  case SLIP_ETOOBIG:
    return SLIP_HTTP_TOO_LONG;
  default:
    return SLIP_HTTP_NO_MEMORY;
  }
}

/* A line with its end. */
static bool is_blank(struct slip_span line) {
  return line.size == 1 || (line.size == 2 && line.at[0] == '\r');
}

/* Reads to the end of a line and no further, so that what is behind the head stays in *in. */
static enum slip_http_fault read_line(struct slip_http_head *head, struct slip_span *in) {
  const char *end = memchr(in->at, '\n', in->size);
  struct slip_span piece = {in->at, end != NULL ? (size_t)(end - in->at) + 1 : in->size};
  if (!may_be_http(head, piece))
    return tell_other(head, piece);
  enum slip_http_fault fault = keep(head, piece);
  if (fault != SLIP_HTTP_NO_FAULT)
    return fault;
  *in = slip_span_skip(*in, piece.size);
  if (end == NULL)
    return SLIP_HTTP_NO_FAULT;
  if (is_blank(slip_span_skip(slip_buf_span(&head->text), head->line_at)))
    return end_head(head);
  head->line_at = head->text.size;
  return SLIP_HTTP_NO_FAULT;
}

enum slip_http_fault slip_http_head_feed(struct slip_http_head *head, struct slip_span *in) {
  enum slip_http_fault fault = SLIP_HTTP_NO_FAULT;
  while (fault == SLIP_HTTP_NO_FAULT && !head->is_whole && in->size > 0)
    fault = read_line(head, in);
  return fault;
}

struct slip_span slip_http_head_reason(const struct slip_http_head *head) {
  struct slip_span headers;
  struct slip_span line = status_line(head, &headers);
  return slip_span_skip(line, line.size > 12 ? 13 : line.size);
}

struct slip_span slip_http_head_headers(const struct slip_http_head *head) {
  struct slip_span headers;
  (void)status_line(head, &headers);
  return headers;
}

bool slip_http_head_is_1_0(const struct slip_http_head *head) {
  return slip_buf_span(&head->text).at[sizeof "HTTP/1." - 1] == '0';
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
