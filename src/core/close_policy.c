#include "core/close_policy.h"

#include "core/http_date.h"
#include "core/limits.h"
#include "core/upgrade.h"

/* Close codes (RFC 6455 section 7.4.1 and IANA's registry). */
#define POLICY_VIOLATION 1008
#define SERVICE_RESTART 1012
#define TRY_AGAIN_LATER 1013
/* HTTP statuses. */
#define TOO_MANY_REQUESTS 429
#define SERVICE_UNAVAILABLE 503

bool slip_close_policy_is_final(const struct slip_reason *reason) {
  if (reason->kind == SLIP_REASON_CLOSED_BY_CLIENT)
    return true;
  return reason->kind == SLIP_REASON_CLOSED_BY_REMOTE && reason->code == POLICY_VIOLATION;
}

static uint32_t between(uint32_t least, uint32_t most, uint32_t luck) {
  return least + (uint32_t)((uint64_t)(most - least) * luck / UINT32_MAX);
}

static uint32_t wait_for_code(uint16_t code, uint32_t luck) {
  if (code == SERVICE_RESTART)
    return between(1000, 5000, luck);
  if (code == TRY_AGAIN_LATER)
    return between(30000, 60000, luck);
  return 0;
}

/* Retry-After (RFC 9110 section 10.2.3): the readers answer seconds, 0 … SLIP_RETRY_AFTER_MAX, or
 * false. */

static uint32_t clamp(int64_t seconds) {
  if (seconds < 0)
    return 0;
  return seconds > SLIP_RETRY_AFTER_MAX ? SLIP_RETRY_AFTER_MAX : (uint32_t)seconds;
}

static bool read_seconds(struct slip_span text, uint32_t *out) {
  int64_t seconds = 0;
  for (size_t i = 0; i < text.size; i++) {
    char c = text.at[i];
    if (c < '0' || c > '9')
      return false;
    seconds = clamp(seconds * 10 + (c - '0')); /* so that no number of digits is too many */
  }
  *out = clamp(seconds);
  return text.size > 0;
}

static bool read_date(struct slip_span text, struct slip_span headers, int64_t calendar,
                      uint32_t *out) {
  int64_t now = calendar;
  int64_t then;
  struct slip_span date = slip_upgrade_header(headers, SLIP_SPAN("Date"));
  if (slip_http_date_read(date, calendar, &now) != SLIP_OK)
    now = calendar;
  if (slip_http_date_read(text, now, &then) != SLIP_OK)
    return false;
  *out = clamp(then - now);
  return true;
}

static uint32_t wait_for_refusal(const struct slip_reason *reason, int64_t calendar,
                                 uint32_t luck) {
  uint32_t seconds;
  struct slip_span text = slip_upgrade_header(reason->headers, SLIP_SPAN("Retry-After"));
  if (!read_seconds(text, &seconds) && !read_date(text, reason->headers, calendar, &seconds))
    return 0;
  uint32_t wait = seconds * 1000;
  return between(wait, wait + (seconds > 10 ? wait / 10 : 1000), luck);
}

uint32_t slip_close_policy_wait(const struct slip_reason *reason, int64_t calendar, uint32_t luck) {
  if (reason->kind == SLIP_REASON_CLOSED_BY_REMOTE)
    return wait_for_code(reason->code, luck);
  bool is_busy = reason->status == TOO_MANY_REQUESTS || reason->status == SERVICE_UNAVAILABLE;
  if (reason->kind == SLIP_REASON_CONNECT_FAILED && is_busy)
    return wait_for_refusal(reason, calendar, luck);
  return 0;
}
