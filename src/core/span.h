#ifndef SLIP_CORE_SPAN_H
#define SLIP_CORE_SPAN_H
/*
 * Span: some bytes of somebody else's.
 *
 * Borrowed, always: a span never outlives the call, or the lifetime that the
 * header which hands it out states. May hold NUL bytes; is not terminated.
 * `at == NULL` means absent, which is not the same as empty.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slip_span {
  const char *at;
  size_t size;
};

/* The span over a string literal. */
#define SLIP_SPAN(literal) ((struct slip_span){(literal), sizeof(literal) - 1})

static inline struct slip_span slip_span_of(const char *text) {
  return (struct slip_span){text, text == NULL ? 0 : strlen(text)};
}

static inline bool slip_span_is_absent(struct slip_span s) {
  return s.at == NULL;
}

static inline bool slip_span_is_equal(struct slip_span a, struct slip_span b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

/* The span without its first `count` bytes; `count` is at most its size. */
static inline struct slip_span slip_span_skip(struct slip_span s, size_t count) {
  return count == 0 ? s : (struct slip_span){s.at + count, s.size - count};
}

#endif
