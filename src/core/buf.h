#ifndef SLIP_CORE_BUF_H
#define SLIP_CORE_BUF_H
/*
 * Buf: a growing byte buffer with a maximum, taken from at the front.
 *
 * Pure. Owns its memory; holds none while empty after `clear`. Zeroed is a valid
 * empty buffer without a maximum of its own. None holds more than 4 GiB, less a byte: a session
 * has several buffers and an idle one nothing in them, so they are small.
 */
#include "core/err.h"
#include "core/span.h"

#include <assert.h>
#include <stdint.h>

struct slip_buf {
  char *memory;
  uint32_t head; /* where the bytes begin */
  uint32_t size; /* how many bytes there are */
  uint32_t room; /* how much memory there is */
  uint32_t max;  /* the most bytes it may hold; 0: no maximum of its own */
};

void slip_buf_init(struct slip_buf *b, size_t max);
/* Another maximum; memory that it has already is used all the same. */
void slip_buf_limit(struct slip_buf *b, size_t max);
/* Frees the memory; the buffer is empty and usable. */
void slip_buf_clear(struct slip_buf *b);

/* The bytes; borrowed until the next call that changes the buffer. */
static inline struct slip_span slip_buf_span(const struct slip_buf *b) {
  /* Without memory the head is 0: even that may not be added to NULL. */
  return (struct slip_span){b->head == 0 ? b->memory : b->memory + b->head, b->size};
}

/* What `reserve` does where there is no room yet. */
SLIP_CHECKED enum slip_err slip_buf_make_room(struct slip_buf *b, size_t count, char **room);

/*
 * Makes room for `count` bytes behind the end and points *room at it; `slip_buf_commit` then
 * counts those that were written. SLIP_ETOOBIG, SLIP_ENOMEM.
 */
SLIP_CHECKED static inline enum slip_err slip_buf_reserve(struct slip_buf *b, size_t count,
                                                          char **room) {
  if (b->memory == NULL || count > b->room - b->head - b->size)
    return slip_buf_make_room(b, count, room);
  *room = b->memory + b->head + b->size;
  return SLIP_OK;
}

static inline void slip_buf_commit(struct slip_buf *b, size_t count) {
  assert(count <= b->room - b->head - b->size);
  b->size += (uint32_t)count;
}

/* Copies the bytes to the end. SLIP_ETOOBIG over the maximum, SLIP_ENOMEM; then nothing changed. */
SLIP_CHECKED static inline enum slip_err slip_buf_append(struct slip_buf *b,
                                                         struct slip_span bytes) {
  char *room;
  if (bytes.size == 0)
    return SLIP_OK;
  enum slip_err err = slip_buf_reserve(b, bytes.size, &room);
  if (err != SLIP_OK)
    return err;
  memcpy(room, bytes.at, bytes.size);
  slip_buf_commit(b, bytes.size);
  return SLIP_OK;
}

/* Exchanges what two buffers hold; each keeps its maximum. */
void slip_buf_swap(struct slip_buf *a, struct slip_buf *b);
/* Takes `count` bytes off the front. */
void slip_buf_drop(struct slip_buf *b, size_t count);
/* Takes bytes off the end until `size` are left. */
void slip_buf_truncate(struct slip_buf *b, size_t size);

#endif
