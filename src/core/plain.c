#include "core/plain.h"

/* ---- all of it ---- */

/* As signed numbers, so that one comparison finds control characters and what is not ASCII. */
typedef int8_t wide __attribute__((vector_size(32)));

enum { BLOCK = 8 * sizeof(wide) };

__attribute__((always_inline)) static inline bool is_block_ascii(const char *at) {
  wide misses = {0};
  for (size_t i = 0; i < BLOCK; i += sizeof(wide)) {
    wide v;
    memcpy(&v, at + i, sizeof v);
    misses |= (v == '"') | (v == '\\') | (v < 0x20);
  }
  uint64_t parts[4];
  memcpy(parts, &misses, sizeof parts);
  return (parts[0] | parts[1] | parts[2] | parts[3]) == 0;
}

/* In blocks, the last of which may begin within the one before. */
__attribute__((always_inline)) static inline bool are_blocks_ascii(const char *at,
                                                                   const char *end) {
  for (; end - at > BLOCK; at += BLOCK)
    if (!is_block_ascii(at))
      return false;
  return is_block_ascii(end - BLOCK);
}

static bool are_blocks_ascii_anywhere(const char *at, const char *end) {
  return are_blocks_ascii(at, end);
}

#ifdef __x86_64__
/* The same, with vectors of this size in the machine. */
__attribute__((target("avx2"))) static bool are_blocks_ascii_avx2(const char *at, const char *end) {
  return are_blocks_ascii(at, end);
}

static bool is_long_ascii(const char *at, const char *end) {
  return __builtin_cpu_supports("avx2") ? are_blocks_ascii_avx2(at, end)
                                        : are_blocks_ascii_anywhere(at, end);
}
#else
#define is_long_ascii are_blocks_ascii_anywhere
#endif

bool slip_plain_is_ascii(struct slip_span text) {
  if (text.size >= BLOCK)
    return is_long_ascii(text.at, text.at + text.size);
  uint64_t found = 0;
  for (; text.size >= 8; text = slip_span_skip(text, 8)) {
    uint64_t word = slip_word_load(text.at);
    found |= word | slip_plain_misses(word);
  }
  if (text.size > 0) {
    uint64_t word = slip_word_load_few(text.at, text.size);
    found |= word | slip_plain_misses(word);
  }
  return (found & SLIP_WORD_OF(0x80)) == 0;
}

/* ---- where it ends ---- */

typedef uint8_t vector __attribute__((vector_size(16)));

enum { STEP = 4 * sizeof(vector) };

static bool is_plain(char c) {
  return c != '"' && c != '\\' && (unsigned char)c >= 0x20;
}

static vector find_misses(const char *at) {
  vector v;
  memcpy(&v, at, sizeof v);
  return (vector)((v == (uint8_t)'"') | (v == (uint8_t)'\\') | (v < (uint8_t)0x20));
}

/* Whether all of STEP bytes are plain. */
static bool is_step_plain(const char *at) {
  vector misses =
      find_misses(at) | find_misses(at + 16) | find_misses(at + 32) | find_misses(at + 48);
  uint64_t halves[2];
  memcpy(halves, &misses, sizeof halves);
  return (halves[0] | halves[1]) == 0;
}

/* Moves *at, eight bytes at a time, to the first that is not plain. False: there is none in the
 * words before `end`, and *at is behind them. */
static bool find_in_words(const char **at, const char *end) {
  for (; end - *at >= 8; *at += 8) {
    uint64_t misses = slip_plain_misses(slip_word_load(*at));
    if (misses == 0)
      continue;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    *at += __builtin_ctzll(misses) / 8;
#else
    while (is_plain(**at)) /* the lowest hit is not the first one */
      ++*at;
#endif
    return true;
  }
  return false;
}

/* Nearly all that is received goes through here: most strings end soon, and of the others many
 * bytes are looked at at once. */
const char *slip_plain_end(const char *at, const char *end) {
  if (end - at > STEP) {
    if (find_in_words(&at, at + 32))
      return at;
    while (end - at >= STEP && is_step_plain(at))
      at += STEP;
  }
  if (find_in_words(&at, end))
    return at;
  while (at < end && is_plain(*at))
    at++;
  return at;
}

const char *slip_plain_start(const char *at, const char *end) {
  while (end - at >= STEP && is_step_plain(end - STEP))
    end -= STEP;
  while (at < end && is_plain(end[-1]))
    end--;
  return end;
}

/* ---- a stretch ---- */

/* It goes on with the plain bytes of the piece. True: to its end, or another is not looked for. */
static bool extend(struct slip_plain_run *run, size_t offset, struct slip_span piece, size_t left) {
  if (run->from == 0)
    return false;
  if (run->from + run->size < offset)
    return true; /* it has ended before, and is kept */
  const char *end = piece.at + piece.size;
  const char *stop = slip_plain_end(piece.at, end);
  run->size += (uint32_t)(stop - piece.at);
  return stop == end || run->size >= left + (size_t)(end - stop);
}

/* Begins behind the last quote of the piece, if what follows is plain. */
static void begin(struct slip_plain_run *run, size_t offset, struct slip_span piece) {
  const char *end = piece.at + piece.size;
  const char *start = slip_plain_start(piece.at, end);
  *run = (struct slip_plain_run){0};
  if (start > piece.at && start[-1] == '"')
    *run = (struct slip_plain_run){(uint32_t)(offset + (size_t)(start - piece.at)),
                                   (uint32_t)(end - start)};
}

bool slip_plain_run_feed(struct slip_plain_run *run, size_t offset, struct slip_span piece,
                         size_t left) {
  if (slip_plain_is_ascii(piece)) {
    if (run->from + run->size == offset && run->from > 0)
      run->size += (uint32_t)piece.size;
    return true;
  }
  if (!extend(run, offset, piece, left))
    begin(run, offset, piece);
  return false;
}

struct slip_span slip_plain_run_span(const struct slip_plain_run *run, struct slip_span text) {
  if (run->from == 0)
    return (struct slip_span){0};
  return (struct slip_span){text.at + run->from, run->size};
}
