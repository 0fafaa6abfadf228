#ifndef SLIP_CORE_JSON_CUT_H
#define SLIP_CORE_JSON_CUT_H
/*
 * Json_cut: cuts JSON text (RFC 8259) into the raw text of its parts without making
 * values of them, so that a payload is decoded once, by whom it is for.
 *
 * Pure; owns nothing. It finds where values begin and end and checks brackets, commas
 * and strings on the way; whether a number is well formed is left to the decoder.
 */
#include "core/buf.h"

/*
 * Cuts an array. *count is how many elements there are, also beyond `max`, the room in
 * `items`. SLIP_EMALFORMED: no array, or broken. SLIP_ETOOBIG: nests deeper than
 * SLIP_JSON_DEPTH_MAX.
 */
SLIP_CHECKED enum slip_err slip_json_cut_array(struct slip_span text, struct slip_span *items,
                                               size_t max, size_t *count);
/*
 * Cuts an object and picks the values of `count` keys; a key that is not there gives an absent
 * span, one that is there twice the last. Keys are compared after unescaping.
 * SLIP_EMALFORMED, SLIP_ETOOBIG.
 */
SLIP_CHECKED enum slip_err slip_json_cut_object(struct slip_span text, const struct slip_span *keys,
                                                size_t count, struct slip_span *values);
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
