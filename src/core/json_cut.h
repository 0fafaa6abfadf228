#ifndef SLIP_CORE_JSON_CUT_H
#define SLIP_CORE_JSON_CUT_H
/*
 * Json_cut: cuts JSON text (RFC 8259) into the raw text of its parts without making
 * values of them, so that a payload is decoded once, by whom it is for.
 *
 * Pure; owns nothing. The text is UTF-8 already: bytes over 0x7F pass as they are. It finds
 * where values begin and end and checks brackets, commas and strings on the way; whether a
 * number is well formed, and surrogates are in pairs, is left to the decoder.
 *
 * It goes through the text once: what is next is opened, to be cut further, or cut out whole. All
 * fail with SLIP_EMALFORMED, or SLIP_ETOOBIG where brackets nest deeper than
 * SLIP_JSON_CUT_DEPTH_MAX, and then the text is of no use any more.
 */
#include "core/json_string.h"
#include "core/limits.h"

#include <stdint.h>

/* A payload may nest as deep as a decoder allows; around it are a message and a reply. */
#define SLIP_JSON_CUT_DEPTH_MAX (SLIP_JSON_DEPTH_MAX + 2)

/* A value, cut out. */
struct slip_json_part {
  struct slip_span raw;   /* absent: not there */
  bool is_plain;          /* there is no escape in it */
  struct slip_span plain; /* of the known stretch, when one of its strings begins with that */
};

/* Where it is in the text, and which kinds of brackets are open there. */
struct slip_json_cut {
  const char *at;
  const char *end;
  unsigned depth;
  struct slip_span plain;                             /* known to be plain; absent: nothing is */
  struct slip_span passed;                            /* the same, when a string begins with it */
  bool is_plain;                                      /* what was passed since that was set */
  uint64_t objects[SLIP_JSON_CUT_DEPTH_MAX / 64 + 1]; /* a bit for each depth: not an array */
};

/* `plain`: a stretch of the text that is known to be plain (plain.h), which need not be looked at;
 * absent where none is. */
void slip_json_cut_init(struct slip_json_cut *c, struct slip_span text, struct slip_span plain);
/* Opens the array that is next. *has: there is an element in it; otherwise it is closed again. */
SLIP_CHECKED enum slip_err slip_json_cut_array(struct slip_json_cut *c, bool *has);
/* Goes on behind an element. *has: another one follows; otherwise the array is closed. */
SLIP_CHECKED enum slip_err slip_json_cut_next(struct slip_json_cut *c, bool *has);
/* Cuts out the value that is next, without the space around it. */
SLIP_CHECKED enum slip_err slip_json_cut_value(struct slip_json_cut *c, struct slip_json_part *out);
/*
 * Cuts the object that is next and picks the values of `count` keys; a key that is not there gives
 * an absent one, one that is there twice the last. Keys are compared after unescaping.
 */
SLIP_CHECKED enum slip_err slip_json_cut_object(struct slip_json_cut *c,
                                                const struct slip_span *keys, size_t count,
                                                struct slip_json_part *values);
/* Whether nothing is left but space. */
bool slip_json_cut_is_done(const struct slip_json_cut *c);

#endif
