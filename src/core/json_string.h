#ifndef SLIP_CORE_JSON_STRING_H
#define SLIP_CORE_JSON_STRING_H
/*
 * Json_string: the strings of JSON (RFC 8259 section 7), found, read and written.
 *
 * Pure; owns nothing. What is read is UTF-8 already: bytes over 0x7F pass as they are.
 */
#include "core/buf.h"

#include <stdbool.h>

/*
 * The place behind the closing quote of the string that begins with the quote at `at`; NULL when
 * it does not end before `end`, or has a bad escape or a control character in it. *is_plain becomes
 * false when it has escapes, otherwise it stays: what is between the quotes is the text.
 */
const char *slip_json_string_skip(const char *at, const char *end, bool *is_plain);
/* Whether a raw string, quotes and all, that `skip` accepted says `text`. */
bool slip_json_string_says(struct slip_span raw, struct slip_span text);
/*
 * Reads a raw string value, quotes and all, into its text. Without escapes the text is borrowed
 * from `raw`; with, it is appended to `scratch` and borrowed from there until scratch changes.
 * SLIP_EMALFORMED: no string, a bad escape, a lone surrogate, a control character. SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_json_string_read(struct slip_span raw, struct slip_buf *scratch,
                                                 struct slip_span *text);
/* Appends text as a JSON string, quoted and escaped. SLIP_EUTF8: it is not UTF-8. SLIP_ETOOBIG,
 * SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_json_string_write(struct slip_buf *out, struct slip_span text);

#endif
