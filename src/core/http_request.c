#include "core/http_request.h"

#include "core/http_header.h"

/* Takes what is before the mark off the front, and the mark. False: there is none. */
static bool take(struct slip_span *text, char mark, struct slip_span *part) {
  const char *found = text->size > 0 ? memchr(text->at, mark, text->size) : NULL;
  if (found == NULL)
    return false;
  *part = (struct slip_span){text->at, (size_t)(found - text->at)};
  *text = slip_span_skip(*text, part->size + 1);
  return true;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_escape(struct slip_span text) {
  return text.size >= 3 && text.at[0] == '%' && slip_http_hex(text.at[1]) >= 0 &&
         slip_http_hex(text.at[2]) >= 0;
}

static bool are_escapes_whole(struct slip_span text) {
  for (size_t i = 0; i < text.size; i++)
    if (text.at[i] == '%' && !is_escape(slip_span_skip(text, i)))
      return false;
  return true;
}

static bool is_version(struct slip_span text) {
  static const char form[] = "HTTP/#.#"; /* '#' stands for a digit */
  if (text.size != sizeof form - 1)
    return false;
  for (size_t i = 0; i < text.size; i++)
    if (form[i] == '#' ? !is_digit(text.at[i]) : text.at[i] != form[i])
      return false;
  return true;
}

/* "/path?query". */
static bool read_target(struct slip_span target, struct slip_http_request *out) {
  if (target.size == 0 || !slip_http_is_value(target) || !are_escapes_whole(target))
    return false;
  if (take(&target, '?', &out->path))
    out->query = target;
  else
    out->path = target;
  return out->path.size > 0 &&
         (out->path.at[0] == '/' || slip_span_is_equal(out->method, SLIP_SPAN("CONNECT")));
}

/* "GET /path?query HTTP/1.1". */
static bool read_request_line(struct slip_span line, struct slip_http_request *out) {
  struct slip_span target;
  if (!take(&line, ' ', &out->method) || !take(&line, ' ', &target))
    return false;
  out->version = line;
  return slip_http_is_token(out->method) && read_target(target, out) && is_version(out->version);
}

enum slip_err slip_http_request_read(const struct slip_http_lines *lines,
                                     struct slip_http_request *out) {
  struct slip_http_request request = {0};
  struct slip_span line = slip_http_lines_first(lines, &request.headers);
  if (!read_request_line(line, &request) || !slip_http_are_headers(request.headers))
    return SLIP_EMALFORMED;
  *out = request;
  return SLIP_OK;
}

bool slip_http_request_is_upgrade(const struct slip_http_request *request) {
  return slip_http_header_lists(request->headers, SLIP_SPAN("upgrade"), SLIP_SPAN("websocket"));
}

static bool has_body(const struct slip_http_request *request) {
  struct slip_span size = slip_upgrade_header(request->headers, SLIP_SPAN("content-length"));
  struct slip_span coding = slip_upgrade_header(request->headers, SLIP_SPAN("transfer-encoding"));
  return !slip_span_is_absent(coding) ||
         (!slip_span_is_absent(size) && !slip_span_is_equal(size, SLIP_SPAN("0")));
}

bool slip_http_request_is_last(const struct slip_http_request *request) {
  return !slip_span_is_equal(request->version, SLIP_SPAN("HTTP/1.1")) || has_body(request) ||
         slip_http_header_lists(request->headers, SLIP_SPAN("connection"), SLIP_SPAN("close"));
}

enum slip_err slip_http_request_header(const struct slip_http_request *request,
                                       struct slip_span name, struct slip_buf *out,
                                       bool *is_there) {
  struct slip_span headers = request->headers;
  struct slip_header header;
  enum slip_err err = SLIP_OK;
  bool is_found = false;
  while (err == SLIP_OK && slip_upgrade_header_next(&headers, &header)) {
    if (!slip_http_is_same(header.name, name))
      continue;
    if (is_found)
      err = slip_buf_append(out, SLIP_SPAN(", "));
    if (err == SLIP_OK)
      err = slip_buf_append(out, header.value);
    is_found = true;
  }
  *is_there = is_found;
  return err;
}

enum slip_err slip_http_unescape(struct slip_span text, bool is_query, struct slip_buf *out) {
  char *room;
  size_t size = 0;
  enum slip_err err = slip_buf_reserve(out, text.size, &room); /* it only gets shorter */
  if (err != SLIP_OK)
    return err;
  for (; text.size > 0; size++) {
    bool is_escaped = is_escape(text);
    if (is_escaped)
      room[size] = (char)(slip_http_hex(text.at[1]) * 16 + slip_http_hex(text.at[2]));
    else
      room[size] = is_query && text.at[0] == '+' ? ' ' : text.at[0];
    text = slip_span_skip(text, is_escaped ? 3 : 1);
  }
  slip_buf_commit(out, size);
  return SLIP_OK;
}
