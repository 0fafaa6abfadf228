#include "core/ws_frame.h"

#include <assert.h>

enum {
  FINAL = 0x80,
  COMPRESSED = 0x40, /* RSV1 (RFC 7692 section 6) */
  MASKED = 0x80,
  LENGTH_IN_16_BITS = 126,
  LENGTH_IN_64_BITS = 127,
  MASK_SIZE = 4,
  HEAD_MAX = SLIP_WS_HEAD_MAX,
  CONTROL_MAX = 125,
  CLOSE_CODE_SIZE = 2,
};

static size_t length_size(size_t length) {
  return length > UINT16_MAX ? 8 : length >= LENGTH_IN_16_BITS ? 2 : 0;
}

static size_t head_size(size_t length) {
  return 2 + length_size(length) + MASK_SIZE;
}

/* RFC 6455 section 5.2: the header of a whole, final, masked frame. */
static void write_head(uint8_t *at, enum slip_ws_kind kind, size_t length, uint32_t mask) {
  size_t field = length_size(length);
  at[0] = (uint8_t)(FINAL | kind);
  at[1] = (uint8_t)(MASKED | (field == 8   ? LENGTH_IN_64_BITS
                              : field == 2 ? LENGTH_IN_16_BITS
                                           : length));
  for (size_t i = 0; i < field; i++)
    at[2 + i] = (uint8_t)(length >> 8 * (field - 1 - i));
  memcpy(at + 2 + field, &mask, sizeof mask);
}

/* Eight at a time: each word is read before it, or what follows it, is written over. */
void slip_ws_mask(char *to, const char *from, size_t size, uint32_t mask) {
  /* The key's bytes in the order of memory, twice; the same on machines of either byte order. */
  uint64_t key = (uint64_t)mask << 32 | mask;
  size_t i = 0;
  for (; size - i >= sizeof key; i += sizeof key) {
    uint64_t word;
    memcpy(&word, from + i, sizeof word);
    word ^= key;
    memcpy(to + i, &word, sizeof word);
  }
  const char *bytes = (const char *)&key;
  for (; i < size; i++)
    to[i] = (char)(from[i] ^ bytes[i % sizeof key]);
}

enum slip_err slip_ws_frame_write(struct slip_buf *out, enum slip_ws_kind kind,
                                  struct slip_span data, uint32_t mask) {
  size_t head = head_size(data.size);
  if (data.size > SIZE_MAX - head)
    return SLIP_ETOOBIG;
  char *at;
  enum slip_err err = slip_buf_reserve(out, head + data.size, &at);
  if (err != SLIP_OK)
    return err;
  write_head((uint8_t *)at, kind, data.size, mask);
  slip_ws_mask(at + head, data.at, data.size, mask);
  slip_buf_commit(out, head + data.size);
  return SLIP_OK;
}

enum slip_err slip_ws_frame_open(struct slip_buf *out, size_t *place) {
  char *room;
  enum slip_err err = slip_buf_reserve(out, HEAD_MAX, &room);
  if (err != SLIP_OK)
    return err;
  *place = out->size;
  room[0] = 0;
  slip_buf_commit(out, HEAD_MAX);
  return SLIP_OK;
}

void slip_ws_frame_seal(struct slip_buf *out, size_t place, enum slip_ws_kind kind, uint32_t mask) {
  assert(place + HEAD_MAX <= out->size);
  size_t size = out->size - place - HEAD_MAX;
  size_t head = head_size(size);
  char *at = out->memory + out->head + place;
  char flags = at[0];
  write_head((uint8_t *)at, kind, size, mask);
  at[0] = (char)(at[0] | flags);
  slip_ws_mask(at + head, at + HEAD_MAX, size, mask);
  slip_buf_truncate(out, place + head + size);
}

void slip_ws_frame_cancel(struct slip_buf *out, size_t place) {
  slip_buf_truncate(out, place);
}

struct slip_span slip_ws_frame_payload(const struct slip_buf *out, size_t place) {
  return slip_span_skip(slip_buf_span(out), place + HEAD_MAX);
}

enum slip_err slip_ws_frame_compress(struct slip_buf *out, size_t place, struct slip_span packed) {
  slip_buf_truncate(out, place + HEAD_MAX);
  enum slip_err err = slip_buf_append(out, packed);
  out->memory[out->head + place] = COMPRESSED;
  return err;
}

void slip_ws_frame_take(struct slip_buf *out, struct slip_buf *body, size_t from,
                        enum slip_ws_kind kind, uint32_t mask) {
  size_t size = body->size - from;
  size_t head = head_size(size);
  assert(out->size == 0 && from >= head);
  slip_buf_drop(body, from - head);
  char *at = body->memory + body->head;
  write_head((uint8_t *)at, kind, size, mask);
  slip_ws_mask(at + head, at + head, size, mask);
  slip_buf_swap(out, body);
}

/* A byte that a character continues with does not begin what is cut off. */
struct slip_span slip_ws_close_text(struct slip_span text) {
  size_t max = CONTROL_MAX - CLOSE_CODE_SIZE;
  if (text.size <= max)
    return text;
  while (max > 0 && ((uint8_t)text.at[max] & 0xC0) == 0x80)
    max--;
  return (struct slip_span){text.at, max};
}

enum slip_err slip_ws_close_write(struct slip_buf *out, uint16_t code, struct slip_span text,
                                  uint32_t mask) {
  char data[CONTROL_MAX] = {(char)(code >> 8), (char)code};
  if (code == SLIP_WS_NO_CODE && text.size == 0)
    return slip_ws_frame_write(out, SLIP_WS_CLOSE, (struct slip_span){data, 0}, mask);
  if (!slip_ws_code_is_legal(code))
    return SLIP_EINVAL;
  if (!slip_utf8_is_valid(text))
    return SLIP_EUTF8;
  struct slip_span said = slip_ws_close_text(text);
  if (said.size > 0)
    memcpy(data + CLOSE_CODE_SIZE, said.at, said.size);
  struct slip_span payload = {data, CLOSE_CODE_SIZE + said.size};
  return slip_ws_frame_write(out, SLIP_WS_CLOSE, payload, mask);
}
