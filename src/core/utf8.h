#ifndef SLIP_CORE_UTF8_H
#define SLIP_CORE_UTF8_H
/*
 * Utf8: checks that bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates,
 * nothing over U+10FFFF), in one piece or in many.
 *
 * Pure; owns nothing.
 */
#include "core/span.h"

#include <stdint.h>

/* What is known of a character that a cut went through; zeroed is a beginning. */
struct slip_utf8 {
  uint8_t state;
};

/* Feeds the next piece; false as soon as the text cannot be UTF-8 any more. */
bool slip_utf8_feed(struct slip_utf8 *u, struct slip_span piece);
/* Whether the text may end here: no character is half read. */
bool slip_utf8_is_whole(const struct slip_utf8 *u);
/* Whether the span by itself is UTF-8. */
bool slip_utf8_is_valid(struct slip_span text);

#endif
