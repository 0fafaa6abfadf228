#ifndef SLIP_CORE_WORD_H
#define SLIP_CORE_WORD_H
/*
 * Word: eight bytes of a text in a number, to look at all of them at once.
 *
 * Pure.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* That byte, eight times. */
#define SLIP_WORD_OF(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight bytes, in the machine's order. */
static inline uint64_t slip_word_load(const char *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

/* The bytes of a text of one to seven, each once or more, in any order. */
static inline uint64_t slip_word_load_few(const char *at, size_t size) {
  uint32_t first, last;
  if (size < sizeof first)
    return (SLIP_WORD_OF((uint8_t)at[0]) & ~UINT64_C(0xFFFF)) |
           (uint64_t)(uint8_t)at[size / 2] << 8 | (uint8_t)at[size - 1];
  memcpy(&first, at, sizeof first);
  memcpy(&last, at + size - sizeof last, sizeof last);
  return (uint64_t)first << 32 | last;
}

#endif
