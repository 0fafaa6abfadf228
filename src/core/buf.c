#include "core/buf.h"

#include "core/large.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

void slip_buf_init(struct slip_buf *b, size_t max) {
  *b = (struct slip_buf){0};
  slip_buf_limit(b, max);
}

void slip_buf_limit(struct slip_buf *b, size_t max) {
  b->max = max < UINT32_MAX ? (uint32_t)max : UINT32_MAX;
}

void slip_buf_clear(struct slip_buf *b) {
  free(b->memory);
  slip_buf_init(b, b->max);
}

static void move_to_front(struct slip_buf *b) {
  if (b->head == 0)
    return;
  assert(b->memory != NULL); /* what has a head has been filled */
  memmove(b->memory, b->memory + b->head, b->size);
  b->head = 0;
}

static size_t limit_of(const struct slip_buf *b) {
  return b->max != 0 ? b->max : UINT32_MAX;
}

/* `need` is within the limit. */
static enum slip_err grow(struct slip_buf *b, size_t need) {
  size_t room = (size_t)b->room * 2;
  if (room < 64)
    room = 64;
  if (room < need)
    room = need + need / 16; /* who asks for much at once knows nearly all that comes */
  if (room > limit_of(b))
    room = limit_of(b);
  char *memory = realloc(b->memory, room);
  if (memory == NULL)
    return SLIP_ENOMEM;
  slip_large_prepare(memory, room);
  b->memory = memory;
  b->room = (uint32_t)room;
  return SLIP_OK;
}

enum slip_err slip_buf_make_room(struct slip_buf *b, size_t count, char **room) {
  if (b->size > limit_of(b) || count > limit_of(b) - b->size)
    return SLIP_ETOOBIG;
  move_to_front(b);
  if (b->memory == NULL || count > b->room - b->size) {
    enum slip_err err = grow(b, b->size + count);
    if (err != SLIP_OK)
      return err;
  }
  *room = b->memory + b->size;
  return SLIP_OK;
}

void slip_buf_swap(struct slip_buf *a, struct slip_buf *b) {
  struct slip_buf was = *a;
  *a = *b;
  a->max = was.max;
  was.max = b->max;
  *b = was;
}

void slip_buf_drop(struct slip_buf *b, size_t count) {
  assert(count <= b->size);
  b->size -= (uint32_t)count;
  b->head = b->size == 0 ? 0 : b->head + (uint32_t)count;
}

void slip_buf_truncate(struct slip_buf *b, size_t size) {
  assert(size <= b->size);
  b->size = (uint32_t)size;
}
