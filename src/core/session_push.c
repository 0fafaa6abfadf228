/* The pushes of a session: see session_private.h for what its files share. */
#include "core/limits.h"
#include "core/session_private.h"

#include <assert.h>

/* The refs of a message as text, for as long as it is written. */
struct refs {
  char join[24], own[24];
};

static struct slip_message message_of(const struct slip_push *push, uint64_t join_ref, uint64_t ref,
                                      struct refs *refs) {
  return (struct slip_message){
      .kind = SLIP_MESSAGE_PUSH,
      .join_ref = slip_session_ref_text(join_ref, refs->join),
      .ref = slip_session_ref_text(ref, refs->own),
      .topic = push->topic,
      .event = push->event,
      .payload = push->payload,
  };
}

static uint32_t timeout_of(const struct slip_session *s, const struct slip_push *push) {
  return push->timeout_msec != 0 ? push->timeout_msec : s->config->push_timeout_msec;
}

static uint64_t deadline_of(const struct slip_session *s, const struct slip_push *push) {
  return s->now + timeout_of(s, push);
}

static uint16_t patience_of(const struct slip_session *s, const struct slip_push *push) {
  uint32_t timeout = timeout_of(s, push);
  return timeout <= UINT16_MAX ? (uint16_t)timeout : 0;
}

/* The queue: what is to be sent, and what waits for its topic. */

static size_t queued(const struct slip_session *s) {
  return s->outbox.size + s->buffer.bytes;
}

/* One push may be longer than the limit when it is the only one. */
static bool has_room(const struct slip_session *s, size_t more) {
  return queued(s) == 0 || queued(s) + more <= s->config->max_queue_bytes;
}

static size_t size_of(const struct slip_push *push) {
  return slip_buffered_push_size(push->event.size, push->payload.bytes.size);
}

/* Half of the queue is to be free, and what this push takes: less than now in any case, so that a
 * script that tries again at each WRITABLE is not refused for ever without anything having moved.
 */
static void note_refusal(struct slip_session *s, const struct slip_push *push) {
  size_t most = s->config->max_queue_bytes, size = size_of(push);
  size_t fitting = size < most ? most - size : 0;
  size_t at = fitting < most / 2 ? fitting : most / 2;
  if (!s->was_full || at < s->writable_at)
    s->writable_at = at;
  s->was_full = true;
}

bool slip_session_is_writable(const struct slip_session *s) {
  return s->was_full && queued(s) <= s->writable_at &&
         s->buffer.count <= s->config->max_buffered_pushes / 2 &&
         s->pending.count <= SLIP_PENDING_MAX / 2;
}

void slip_session_tell_writable(struct slip_session *s) {
  s->was_full = false;
  slip_session_tell(s, &(struct slip_event){.kind = SLIP_EVENT_WRITABLE});
}

/* Sent at once. */

static enum slip_err send_push(struct slip_session *s, const struct slip_push *push,
                               uint64_t join_ref) {
  if (!has_room(s, push->payload.bytes.size))
    return SLIP_EFULL;
  struct refs refs;
  struct slip_message message = message_of(push, join_ref, s->next_ref, &refs);
  struct slip_pending_entry entry = {.ref = s->next_ref,
                                     .join_ref = join_ref,
                                     .deadline = deadline_of(s, push),
                                     .kind = SLIP_PENDING_PUSH,
                                     .patience = patience_of(s, push)};
  enum slip_err err = slip_session_request(s, &message, &entry);
  if (err == SLIP_OK)
    s->pushes++;
  return err;
}

/* Kept until its topic is joined. */

/* Whether nobody wants a connection any more: our close frame is out, or the last one ended so. */
static bool is_disconnected(const struct slip_session *s) {
  bool was_asked_for = s->has_reason && s->reason_kind == SLIP_REASON_CLOSED_BY_CLIENT;
  return s->link == LINK_CLOSING || (s->link == LINK_NONE && was_asked_for);
}

/* What cannot be written is refused now, when somebody hears of it. In the payload only a codec can
 * find fault. */
static enum slip_err try_message(const struct slip_session *s, struct slip_message message) {
  struct slip_wire wire = {s->config->vsn, SLIP_FROM_CLIENT, s->config->codec};
  struct slip_buf trial = {0};
  enum slip_format format;
  if (wire.codec == NULL)
    message.payload.bytes = SLIP_SPAN("");
  enum slip_err err = slip_message_write(wire, &message, &trial, &format);
  slip_buf_clear(&trial);
  return err;
}

static enum slip_err keep_push(struct slip_session *s, const struct slip_push *push,
                               const struct slip_topic *topic) {
  struct refs refs;
  struct slip_message message = message_of(push, 0, s->next_ref, &refs);
  struct slip_pending_entry entry = {.ref = s->next_ref,
                                     .deadline = deadline_of(s, push),
                                     .kind = SLIP_PENDING_BUFFERED,
                                     .patience = patience_of(s, push)};
  enum slip_err err = try_message(s, message);
  if (err != SLIP_OK)
    return err;
  err = slip_pending_add(&s->pending, &entry);
  if (err != SLIP_OK)
    return err;
  err = slip_push_buffer_add(&s->buffer, topic, entry.ref, slip_luck_draw(s->luck), &message);
  if (err != SLIP_OK)
    (void)slip_pending_take(&s->pending, entry.ref, &entry);
  return err;
}

static enum slip_err buffer_push(struct slip_session *s, const struct slip_push *push,
                                 const struct slip_topic *topic) {
  if (slip_session_join_status(s, push->topic) != SLIP_JOIN_REQUESTED)
    return SLIP_ESTATE;
  if (s->buffer.count >= s->config->max_buffered_pushes || !has_room(s, size_of(push)))
    return SLIP_EFULL;
  return keep_push(s, push, topic);
}

/* The request. */

static enum slip_err send_or_buffer(struct slip_session *s, const struct slip_push *push) {
  const struct slip_topic *topic = slip_roster_find(&s->roster, push->topic);
  if (topic != NULL && topic->state == SLIP_CHANNEL_JOINED && s->link == LINK_OPEN)
    return send_push(s, push, topic->join_ref);
  if (push->may_wait && !is_disconnected(s))
    return buffer_push(s, push, topic);
  return s->link == LINK_OPEN ? SLIP_ESTATE : SLIP_ECLOSED;
}

enum slip_err slip_session_push(struct slip_session *s, const struct slip_push *push,
                                uint64_t *ref) {
  enum slip_err err = send_or_buffer(s, push);
  if (err == SLIP_EFULL)
    note_refusal(s, push);
  if (err == SLIP_OK)
    *ref = s->next_ref++;
  return err;
}

/* What becomes of those that are kept. */

/* From here on it is as if it had been pushed now, but for its time-out. */
static bool send_buffered(struct slip_session *s, const struct slip_buffered_push *kept,
                          struct slip_pending_entry *entry) {
  struct slip_push push = {
      .topic = slip_topic_name(kept->topic),
      .event = slip_buffered_push_event(kept),
      .payload = slip_buffered_push_payload(kept),
  };
  struct refs refs;
  struct slip_message message = message_of(&push, kept->topic->join_ref, kept->ref, &refs);
  enum slip_err err = slip_session_write_message(s, &message, kept->mask);
  if (err != SLIP_OK) {
    slip_session_note_unwritten(s, err);
    return false;
  }
  entry->kind = SLIP_PENDING_PUSH;
  entry->join_ref = kept->topic->join_ref;
  s->pushes++;
  return true;
}

void slip_session_flush_topic(struct slip_session *s, const struct slip_topic *topic) {
  struct slip_buffered_push **link = &s->buffer.first;
  while (*link != NULL) {
    struct slip_pending_entry *entry = slip_pending_find(&s->pending, (*link)->ref);
    assert(entry != NULL);
    if ((*link)->topic != topic || entry->deadline <= s->now) {
      link = &(*link)->next; /* of another topic, or too late: its time-out is told next */
    } else if (send_buffered(s, *link, entry)) {
      slip_push_buffer_drop(&s->buffer, link);
    } else {
      return; /* it waits for the next join, in its place */
    }
  }
}

void slip_session_end_buffered(struct slip_session *s, const struct slip_topic *topic,
                               enum slip_reason_kind why) {
  struct slip_buffered_push **link = &s->buffer.first;
  while (*link != NULL) {
    if (topic != NULL && (*link)->topic != topic) {
      link = &(*link)->next;
      continue;
    }
    slip_pending_end(&s->pending, (*link)->ref, (uint8_t)why);
    slip_push_buffer_drop(&s->buffer, link);
  }
}

bool slip_session_take_unanswered(struct slip_session *s, uint64_t *ref) {
  struct slip_pending_entry entry;
  slip_push_buffer_clear(&s->buffer);
  while (slip_pending_take_due(&s->pending, SLIP_NEVER, &entry)) {
    *ref = entry.ref;
    if (entry.kind == SLIP_PENDING_PUSH || entry.kind == SLIP_PENDING_BUFFERED)
      return true;
  }
  return false;
}

bool slip_session_awaits_reply(const struct slip_session *s, uint64_t before) {
  return slip_pending_has(&s->pending, SLIP_PENDING_PUSH, before);
}
