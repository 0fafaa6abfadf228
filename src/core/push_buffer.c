#include "core/push_buffer.h"

#include <stdlib.h>

static size_t size_of(const struct slip_buffered_push *push) {
  return slip_buffered_push_size(push->event_size, push->payload_size);
}

void slip_push_buffer_init(struct slip_push_buffer *b) {
  *b = (struct slip_push_buffer){0};
  b->end = &b->first;
}

void slip_push_buffer_clear(struct slip_push_buffer *b) {
  while (b->first != NULL)
    slip_push_buffer_drop(b, &b->first);
}

enum slip_err slip_push_buffer_add(struct slip_push_buffer *b, const struct slip_topic *topic,
                                   uint64_t ref, uint32_t mask,
                                   const struct slip_message *message) {
  struct slip_span event = message->event, payload = message->payload.bytes;
  struct slip_buffered_push *push = malloc(slip_buffered_push_size(event.size, payload.size));
  if (push == NULL)
    return SLIP_ENOMEM;
  *push = (struct slip_buffered_push){
      .topic = topic,
      .ref = ref,
      .mask = mask,
      .format = message->payload.format,
      .event_size = event.size,
      .payload_size = payload.size,
  };
  if (event.size > 0)
    memcpy(push->bytes, event.at, event.size);
  if (payload.size > 0)
    memcpy(push->bytes + event.size, payload.at, payload.size);
  *b->end = push;
  b->end = &push->next;
  b->count++;
  b->bytes += size_of(push);
  return SLIP_OK;
}

void slip_push_buffer_drop(struct slip_push_buffer *b, struct slip_buffered_push **link) {
  struct slip_buffered_push *push = *link;
  if (b->end == &push->next)
    b->end = link;
  *link = push->next;
  b->count--;
  b->bytes -= size_of(push);
  free(push);
}

void slip_push_buffer_drop_ref(struct slip_push_buffer *b, uint64_t ref) {
  for (struct slip_buffered_push **link = &b->first; *link != NULL; link = &(*link)->next) {
    if ((*link)->ref == ref) {
      slip_push_buffer_drop(b, link);
      return;
    }
  }
}
