#ifndef SLIP_CORE_PLAIN_H
#define SLIP_CORE_PLAIN_H
/*
 * Plain: the bytes that stand for themselves in a string of JSON: all but quotes, backslashes and
 * control characters.
 *
 * Pure; owns nothing.
 */
#include "core/span.h"
#include "core/word.h"

/* Eight bytes at once: the high bit of each that is not plain. The subtractions borrow at a byte
 * that is too low; those over 0x7F are always plain. A borrow may reach the byte above too, so only
 * the lowest hit is sure. */
static inline uint64_t slip_plain_misses(uint64_t word) {
  uint64_t quote = word ^ SLIP_WORD_OF('"');
  uint64_t backslash = word ^ SLIP_WORD_OF('\\');
  uint64_t low =
      (quote - SLIP_WORD_OF(1)) | (backslash - SLIP_WORD_OF(1)) | (word - SLIP_WORD_OF(0x20));
  return low & ~word & SLIP_WORD_OF(0x80);
}

/* Whether all of it is plain, and ASCII. */
bool slip_plain_is_ascii(struct slip_span text);
/* The first byte that is not plain, or `end`. */
const char *slip_plain_end(const char *at, const char *end);
/* Where the plain bytes begin that reach to `end`; `end` when there are none. */
const char *slip_plain_start(const char *at, const char *end);

/*
 * A long plain stretch of a text that comes in pieces, behind a quote: found piece by piece, while
 * each is in the cache, it need not be looked at again when the text is whole. Zeroed is a
 * beginning.
 */
struct slip_plain_run {
  uint32_t from; /* where in the text it begins; 0: there is none */
  uint32_t size;
};

/* Feeds the piece that begins at `offset` of the text, and says whether all of it is plain, and
 * ASCII. `left` bytes are still to come behind it: a stretch that has ended is kept when they
 * cannot be a longer one. */
bool slip_plain_run_feed(struct slip_plain_run *run, size_t offset, struct slip_span piece,
                         size_t left);
/* The stretch in the text that was fed; absent when there is none. */
struct slip_span slip_plain_run_span(const struct slip_plain_run *run, struct slip_span text);

#endif
