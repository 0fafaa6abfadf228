#ifndef SLIP_CORE_HTTP_DATE_H
#define SLIP_CORE_HTTP_DATE_H
/*
 * Http_date: reads the date of an HTTP header, in each of its three forms (RFC 9110 section 5.6.7):
 *
 *   Sun, 06 Nov 1994 08:49:37 GMT     as RFC 5322 has it: what everybody sends
 *   Sunday, 06-Nov-94 08:49:37 GMT    as RFC 850 had it
 *   Sun Nov  6 08:49:37 1994          as asctime() writes it
 *
 * Pure; owns nothing. Seconds are those since 1970-01-01 00:00:00 UTC, without leap seconds.
 */
#include "core/err.h"
#include "core/span.h"

#include <stdint.h>

/*
 * `now` only says in which century the two digits of RFC 850 are: they are at most 50 years ahead
 * of it. The name of the day must be one, but not the right one. A leap second counts as the one
 * after it. SLIP_EMALFORMED: none of the forms, or a day or a time that does not exist.
 */
SLIP_CHECKED enum slip_err slip_http_date_read(struct slip_span text, int64_t now, int64_t *out);

#endif
