#ifndef SLIP_CORE_LUCK_H
#define SLIP_CORE_LUCK_H
/*
 * Luck: a pool of random bytes that the shell fills and the core draws from.
 *
 * Pure: the core has no random source. The shell tops the pool up before it calls
 * into a session (`slip_luck_is_low`), from a cryptographic source, because masking
 * keys must not be guessed (RFC 6455 section 10.3); a spec fills it with what it likes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SLIP_LUCK_SIZE 2048u
/* The most that one call into a session draws; sessions bound their work per call by it. */
#define SLIP_LUCK_PER_CALL 512u

struct slip_luck {
  uint8_t bytes[SLIP_LUCK_SIZE];
  size_t used; /* the bytes before it have been drawn */
};

static inline bool slip_luck_is_low(const struct slip_luck *l) {
  return SLIP_LUCK_SIZE - l->used < SLIP_LUCK_PER_CALL;
}

/* Half of what a call may draw is gone: what can be left out had better be. */
static inline bool slip_luck_is_scarce(const struct slip_luck *l) {
  return SLIP_LUCK_SIZE - l->used < SLIP_LUCK_PER_CALL / 2;
}

/* Draws four bytes. Starts again at the front when the shell forgot to fill it. */
static inline uint32_t slip_luck_draw(struct slip_luck *l) {
  uint32_t word;
  if (l->used + sizeof word > SLIP_LUCK_SIZE)
    l->used = 0;
  memcpy(&word, l->bytes + l->used, sizeof word);
  l->used += sizeof word;
  return word;
}

#endif
