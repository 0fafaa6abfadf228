#include "core/utf8.h"

#include "core/word.h"

/*
 * The states are those of the ABNF in RFC 3629 section 4, each named by what it waits for. A
 * state's number is also where, in bits, its field lies in a byte's row of the table: the next
 * state is one shift away, and no load waits for the one before it.
 */
enum state {
  START = 0,      /* the first byte of a character; zero, so that a zeroed struct begins here */
  DEAD = 6,       /* nothing: this is not UTF-8 */
  ONE = 12,       /* one more byte, 80..BF */
  TWO = 18,       /* two more */
  THREE = 24,     /* three more */
  AFTER_E0 = 30,  /* two more, the next A0..BF: less is overlong */
  AFTER_ED = 36,  /* two more, the next 80..9F: more is a surrogate */
  AFTER_F0 = 42,  /* three more, the next 90..BF: less is overlong */
  AFTER_F4 = 48,  /* three more, the next 80..8F: more is over U+10FFFF */
  FIELD_MASK = 63 /* of the six bits of a field */
};

/* A row is ALL_DEAD with the legal steps put in: XOR with DEAD takes the default out again. */
#define ALL_DEAD (DEAD * 0x0041041041041041u)
#define STEP(from, to) ((uint64_t)((to) ^ DEAD) << (from))

#define ASCII (ALL_DEAD ^ STEP(START, START))
#define TAIL (ALL_DEAD ^ STEP(ONE, START) ^ STEP(TWO, ONE) ^ STEP(THREE, TWO))
#define TAIL_80 (TAIL ^ STEP(AFTER_ED, ONE) ^ STEP(AFTER_F4, TWO))
#define TAIL_90 (TAIL ^ STEP(AFTER_ED, ONE) ^ STEP(AFTER_F0, TWO))
#define TAIL_A0 (TAIL ^ STEP(AFTER_E0, ONE) ^ STEP(AFTER_F0, TWO))
#define LEAD(state) (ALL_DEAD ^ STEP(START, state))

#define X3(row) row, row, row
#define X4(row) row, X3(row)
#define X16(row) X4(row), X4(row), X4(row), X4(row)
#define X32(row) X16(row), X16(row)

static const uint64_t rows[256] = {
    X32(ASCII),     X32(ASCII),      X32(ASCII),     X32(ASCII), /* 00..7F */
    X16(TAIL_80),   X16(TAIL_90),    X32(TAIL_A0),               /* 80..BF */
    ALL_DEAD,       ALL_DEAD,                                    /* C0, C1: only overlong */
    X16(LEAD(ONE)), X4(LEAD(ONE)),   X4(LEAD(ONE)),  X4(LEAD(ONE)),
    LEAD(ONE),      LEAD(ONE),                                      /* C2..DF */
    LEAD(AFTER_E0), X4(LEAD(TWO)),   X4(LEAD(TWO)),  X4(LEAD(TWO)), /* E0..EC */
    LEAD(AFTER_ED), LEAD(TWO),       LEAD(TWO),                     /* ED..EF */
    LEAD(AFTER_F0), X3(LEAD(THREE)), LEAD(AFTER_F4),                /* F0..F4 */
    X4(ALL_DEAD),   X4(ALL_DEAD),    X3(ALL_DEAD),                  /* F5..FF */
};

static bool is_ascii(uint64_t bytes) {
  return (bytes & SLIP_WORD_OF(0x80)) == 0;
}

/* How many bytes from the front are surely ASCII. Most text on the wire is: this sets the pace. */
static size_t ascii_size(struct slip_span text) {
  size_t size = 0;
  for (; text.size - size >= 32; size += 32) {
    const char *at = text.at + size;
    if (!is_ascii(slip_word_load(at) | slip_word_load(at + 8) | slip_word_load(at + 16) |
                  slip_word_load(at + 24)))
      break;
  }
  while (text.size - size >= 8 && is_ascii(slip_word_load(text.at + size)))
    size += 8;
  size_t rest = text.size - size;
  bool is_all = rest > 0 && rest < 8 && is_ascii(slip_word_load_few(text.at + size, rest));
  return is_all ? text.size : size;
}

static uint64_t walk(uint64_t state, struct slip_span piece) {
  for (size_t i = 0; i < piece.size; i++)
    state = rows[(uint8_t)piece.at[i]] >> state & FIELD_MASK;
  return state;
}

bool slip_utf8_feed(struct slip_utf8 *u, struct slip_span piece) {
  uint64_t state = u->state;
  while (piece.size > 0 && state != DEAD) {
    if (state == START)
      piece = slip_span_skip(piece, ascii_size(piece));
    /* Bytes walked before the next look for ASCII: few, as most characters beyond it stand alone.
     */
    size_t count = piece.size < 16 ? piece.size : 16;
    state = walk(state, (struct slip_span){piece.at, count});
    piece = slip_span_skip(piece, count);
  }
  u->state = (uint8_t)state;
  return state != DEAD;
}

bool slip_utf8_is_whole(const struct slip_utf8 *u) {
  return u->state == START;
}

bool slip_utf8_is_valid(struct slip_span text) {
  struct slip_utf8 u = {0};
  return slip_utf8_feed(&u, text) && slip_utf8_is_whole(&u);
}
