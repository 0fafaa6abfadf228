#ifndef SLIP_CORE_PUSH_BUFFER_H
#define SLIP_CORE_PUSH_BUFFER_H
/*
 * Push_buffer: the pushes of one session that wait for their topic to be joined, in their order.
 *
 * Pure. Owns copies of the pushes; while there are none, no memory. When one of them times out is
 * known by `pending`, which has each of them by its ref.
 */
#include "core/message.h"
#include "core/roster.h"

struct slip_buffered_push {
  struct slip_buffered_push *next;
  const struct slip_topic *topic; /* borrowed: a topic takes its pushes with it */
  uint64_t ref;
  uint32_t mask; /* of its frame, drawn by the call that pushed: what goes out when a topic is
                    joined draws nothing, however much it is */
  enum slip_format format;
  size_t event_size;
  size_t payload_size;
  char bytes[]; /* the event, then the payload */
};

struct slip_push_buffer {
  struct slip_buffered_push *first;
  struct slip_buffered_push **end; /* where the next one is linked */
  uint32_t count;
  size_t bytes; /* all the memory that it has */
};

void slip_push_buffer_init(struct slip_push_buffer *b);
void slip_push_buffer_clear(struct slip_push_buffer *b);
/*
 * Adds a push behind all others; event and payload are copied. `message` has them; its topic and
 * refs are not looked at. SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_push_buffer_add(struct slip_push_buffer *b,
                                                const struct slip_topic *topic, uint64_t ref,
                                                uint32_t mask, const struct slip_message *message);
/* Frees the push that `link` points to (`first`, or the `next` of another), which then points to
 * the one behind it. */
void slip_push_buffer_drop(struct slip_push_buffer *b, struct slip_buffered_push **link);
/* Drops the push with that ref, if there is one. */
void slip_push_buffer_drop_ref(struct slip_push_buffer *b, uint64_t ref);

static inline struct slip_span slip_buffered_push_event(const struct slip_buffered_push *p) {
  return (struct slip_span){p->bytes, p->event_size};
}

static inline struct slip_payload slip_buffered_push_payload(const struct slip_buffered_push *p) {
  return (struct slip_payload){.format = p->format,
                               .bytes = {p->bytes + p->event_size, p->payload_size}};
}

/* What a push of that size would take. */
static inline size_t slip_buffered_push_size(size_t event_size, size_t payload_size) {
  return sizeof(struct slip_buffered_push) + event_size + payload_size;
}

#endif
