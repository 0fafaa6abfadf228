#ifndef SLIP_CORE_JSON_CUT_H
#define SLIP_CORE_JSON_CUT_H
/*
 * Json_cut: cuts JSON text (RFC 8259) into the raw text of its parts without making
 * values of them, so that a payload is decoded once, by whom it is for.
 *
 * Pure; owns nothing. The text is UTF-8 already: bytes over 0x7F pass as they are. It finds
 * where values begin and end and checks brackets, commas and strings on the way; whether a
 * number is well formed, and surrogates are in pairs, is left to the decoder.
 */
#include "core/json_string.h"

/*
 * Cuts an array. *count is how many elements there are, also beyond `max`, the room in
 * `items`. SLIP_EMALFORMED: no array, or broken. SLIP_ETOOBIG: an element nests deeper than
 * SLIP_JSON_DEPTH_MAX and one more, which is the object around a reply's response. On failure
 * the items mean nothing.
 */
SLIP_CHECKED enum slip_err slip_json_cut_array(struct slip_span text, struct slip_span *items,
                                               size_t max, size_t *count);
/*
 * Cuts an object and picks the values of `count` keys; a key that is not there gives an absent
 * span, one that is there twice the last. Keys are compared after unescaping.
 * SLIP_EMALFORMED, SLIP_ETOOBIG; then the values mean nothing.
 */
SLIP_CHECKED enum slip_err slip_json_cut_object(struct slip_span text, const struct slip_span *keys,
                                                size_t count, struct slip_span *values);
#endif
