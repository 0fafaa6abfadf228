#ifndef SLIP_CORE_CLOSE_POLICY_H
#define SLIP_CORE_CLOSE_POLICY_H
/*
 * Close_policy: what the end of a connection means for the next one (docs/api.md, "Reconnecting").
 *
 *   1008 from the server, closed by us   no reconnect by itself
 *   1012 from the server                 a random 1 to 5 s at least
 *   1013 from the server                 a random 30 to 60 s at least
 *   429, 503 with Retry-After            as long at least, and a little longer
 *   everything else                      as the table of steps says
 *
 * Pure; owns nothing. Luck and the calendar come in, a decision goes out.
 */
#include "core/reason.h"

/* Whether who does what is usual does not connect again: the end was wanted, here or there. */
bool slip_close_policy_is_final(const struct slip_reason *reason);

/*
 * How long to wait at least before the next attempt, in msec from when the connection ended; 0: no
 * demand. `luck` is any random word. `calendar` is the time in seconds since 1970, by which a
 * Retry-After that is a date is read when the answer has no Date of its own: beside one, it is the
 * difference of the two, whatever our clock says (RFC 9110 section 10.2.3). A wait over
 * SLIP_RETRY_AFTER_MAX seconds is cut to that: a slip of the server's must not keep us away for
 * days. What is no Retry-After is passed over. As all that were refused in one second were told
 * the same time, up to a tenth is added by luck, and up to a second at least.
 */
uint32_t slip_close_policy_wait(const struct slip_reason *reason, int64_t calendar, uint32_t luck);

#endif
