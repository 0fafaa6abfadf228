#ifndef SLIP_CORE_HTTP_HEAD_H
#define SLIP_CORE_HTTP_HEAD_H
/*
 * Http_head: reads the head of an HTTP/1.1 answer, the status line and the headers, as it comes.
 *
 * Pure. Owns what its lines do, until it is cleared.
 */
#include "core/http_lines.h"

#include <stdint.h>

enum slip_http_fault {
  SLIP_HTTP_NO_FAULT,
  SLIP_HTTP_NOT_HTTP,
  SLIP_HTTP_TLS, /* a record of TLS instead */
  SLIP_HTTP_BAD_STATUS,
  SLIP_HTTP_BAD_HEADER,
  SLIP_HTTP_TOO_LONG,
  SLIP_HTTP_NO_MEMORY,
  SLIP_HTTP_FAULT_COUNT
};

struct slip_http_head {
  struct slip_http_lines lines;
  bool is_whole;
  uint16_t status; /* once it is whole, 100 to 999 */
};

void slip_http_head_init(struct slip_http_head *head, size_t max);
void slip_http_head_clear(struct slip_http_head *head);
/* Begins another one, as an answer that counts comes behind a 103. */
void slip_http_head_restart(struct slip_http_head *head);
/*
 * Reads as slip_http_lines_feed does. After a fault it must not be fed again.
 */
SLIP_CHECKED enum slip_http_fault slip_http_head_feed(struct slip_http_head *head,
                                                      struct slip_span *in);
/* "Forbidden", and the raw lines "Name: value\r\n…", of a whole one; borrowed from it. */
struct slip_span slip_http_head_reason(const struct slip_http_head *head);
struct slip_span slip_http_head_headers(const struct slip_http_head *head);
bool slip_http_head_is_1_0(const struct slip_http_head *head);
/* The code for it: SLIP_OK, SLIP_EMALFORMED, SLIP_ETOOBIG, SLIP_ENOMEM. */
enum slip_err slip_http_fault_err(enum slip_http_fault fault);

#endif
