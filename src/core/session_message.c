/* Messages of a session, in and out: see session_private.h for what its files share. */
#include "core/session_private.h"

#include <stdlib.h>

struct slip_span slip_session_ref_text(uint64_t ref, char room[24]) {
  char *end = room + 24, *at = end;
  do {
    *--at = (char)('0' + ref % 10);
    ref /= 10;
  } while (ref > 0);
  return (struct slip_span){at, (size_t)(end - at)};
}

/* A ref of ours, back from the wire; 0 for what cannot be one. */
static uint64_t ref_of(struct slip_span text) {
  uint64_t ref = 0;
  if (text.size == 0 || text.size > 19)
    return 0;
  for (size_t i = 0; i < text.size; i++) {
    if (text.at[i] < '0' || text.at[i] > '9')
      return 0;
    ref = ref * 10 + (uint64_t)(text.at[i] - '0');
  }
  return ref;
}

/* Out. */

/* Worth more than the memory of its head, which is written apart. */
#define TAKEN_FROM (64u * 1024)

static bool may_take(const struct slip_session *s, const struct slip_payload *payload) {
  return payload->lent != NULL && payload->bytes.size >= TAKEN_FROM && s->outbox.size == 0 &&
         s->deflate == NULL && s->config->vsn == SLIP_VSN_2 && s->config->codec == NULL;
}

/* In vsn 2 a bracket is all that stands behind a payload: what stands before is put into the gap
 * before it, and the outbox takes the memory. *is_taken: there was enough room in the gap. */
static enum slip_err take_message(struct slip_session *s, struct slip_message message,
                                  uint32_t mask, bool *is_taken) {
  struct slip_wire wire = {s->config->vsn, SLIP_FROM_CLIENT, s->config->codec};
  struct slip_buf *body = message.payload.lent, around = {0};
  size_t payload = body->size - message.payload.bytes.size;
  enum slip_format format;
  message.payload.bytes = SLIP_SPAN("");
  enum slip_err err = slip_message_write(wire, &message, &around, &format);
  *is_taken = err == SLIP_OK && around.size - 1 + SLIP_WS_HEAD_MAX <= payload;
  if (*is_taken)
    err = slip_buf_append(body, SLIP_SPAN("]"));
  if (*is_taken && err == SLIP_OK) {
    size_t from = payload - (around.size - 1);
    memcpy(body->memory + body->head + from, around.memory, around.size - 1);
    slip_ws_frame_take(&s->outbox, body, from, SLIP_WS_TEXT, mask);
  }
  slip_buf_clear(&around);
  return err;
}

static enum slip_err copy_message(struct slip_session *s, const struct slip_message *message,
                                  uint32_t mask) {
  struct slip_wire wire = {s->config->vsn, SLIP_FROM_CLIENT, s->config->codec};
  enum slip_format format;
  size_t place;
  enum slip_err err = slip_ws_frame_open(&s->outbox, &place);
  if (err != SLIP_OK)
    return err;
  err = slip_message_write(wire, message, &s->outbox, &format);
  if (err == SLIP_OK && s->deflate != NULL)
    err = slip_session_pack(s, place);
  if (err != SLIP_OK) {
    slip_ws_frame_cancel(&s->outbox, place);
    return err;
  }
  enum slip_ws_kind kind = format == SLIP_BINARY ? SLIP_WS_BINARY : SLIP_WS_TEXT;
  slip_ws_frame_seal(&s->outbox, place, kind, mask);
  return SLIP_OK;
}

void slip_session_note_unwritten(struct slip_session *s, enum slip_err err) {
  if (err == SLIP_ESCRIPT)
    s->is_mute = true;
  else
    s->is_starved = true;
}

enum slip_err slip_session_write_message(struct slip_session *s, const struct slip_message *message,
                                         uint32_t mask) {
  bool is_taken = false;
  enum slip_err err = SLIP_OK;
  if (may_take(s, &message->payload))
    err = take_message(s, *message, mask, &is_taken);
  return err != SLIP_OK || is_taken ? err : copy_message(s, message, mask);
}

enum slip_err slip_session_request(struct slip_session *s, const struct slip_message *message,
                                   const struct slip_pending_entry *entry) {
  size_t queued = s->outbox.size;
  enum slip_err err = slip_session_write_message(s, message, slip_luck_draw(s->luck));
  if (err != SLIP_OK)
    return err;
  err = slip_pending_add(&s->pending, entry);
  if (err == SLIP_OK)
    return SLIP_OK;
  slip_buf_truncate(&s->outbox, queued);
  if (s->deflate != NULL)
    slip_deflate_forget(s->deflate);
  return err;
}

bool slip_session_is_full(const struct slip_session *s, size_t more) {
  return s->outbox.size > 0 && s->outbox.size + more > s->config->max_queue_bytes;
}

/* In. */

static struct slip_action tell(const struct slip_event *event) {
  return (struct slip_action){.kind = SLIP_DO_TELL, .event = *event};
}

static bool drop(const struct slip_message *m, struct slip_action *out) {
  *out = tell(&(struct slip_event){
      .kind = SLIP_EVENT_DROPPED, .topic = m->topic, .name = m->event, .payload = m->payload});
  return true;
}

static void got_join_reply(struct slip_session *s, uint64_t join_ref,
                           const struct slip_message *m) {
  struct slip_topic *topic = slip_roster_find_join(&s->roster, join_ref);
  bool is_ok = slip_span_is_equal(m->status, SLIP_SPAN("ok"));
  if (topic !=
      NULL) /* a leave that overtook the join may have made this illegal: then it is only late */
    (void)!slip_session_step_topic(s, topic, is_ok ? SLIP_CHANNEL_GOT_OK : SLIP_CHANNEL_GOT_REFUSAL,
                                   m);
}

static void got_leave_reply(struct slip_session *s, uint64_t join_ref) {
  struct slip_topic *topic = slip_roster_find_join(&s->roster, join_ref);
  if (topic != NULL)
    (void)!slip_session_step_topic(s, topic, SLIP_CHANNEL_GOT_LEFT, NULL);
}

/* What is not sent cannot be answered, whatever the server says. */
static bool take_request(struct slip_session *s, uint64_t ref, struct slip_pending_entry *out) {
  const struct slip_pending_entry *entry = slip_pending_find(&s->pending, ref);
  return entry != NULL && entry->kind != SLIP_PENDING_BUFFERED &&
         slip_pending_take(&s->pending, ref, out);
}

/* A deadline of 0 is that of a push that is over for another reason. */
static uint32_t waited(const struct slip_session *s, const struct slip_pending_entry *entry) {
  if (entry->patience == 0 || entry->deadline == 0)
    return SLIP_WAIT_LONG;
  return (uint32_t)(s->now + entry->patience - entry->deadline);
}

/* By ref alone: a push or join to a topic that the server does not know is answered with join_ref
 * null (recordings push_unjoined and join_unmatched_topic in spec/replay). */
static bool got_reply(struct slip_session *s, const struct slip_message *m,
                      struct slip_action *out) {
  struct slip_pending_entry entry;
  if (!take_request(s, ref_of(m->ref), &entry))
    return drop(m, out);
  switch (entry.kind) {
  case SLIP_PENDING_PUSH:
    *out = tell(&(struct slip_event){.kind = SLIP_EVENT_REPLY,
                                     .ref = entry.ref,
                                     .wait_msec = waited(s, &entry),
                                     .topic = m->topic,
                                     .name = m->status,
                                     .payload = m->payload});
    return true;
  case SLIP_PENDING_JOIN:
    got_join_reply(s, entry.join_ref, m);
    return false;
  case SLIP_PENDING_LEAVE:
    got_leave_reply(s, entry.join_ref);
    return false;
  case SLIP_PENDING_HEARTBEAT:
    slip_session_got_heartbeat(s);
    return false;
  case SLIP_PENDING_BUFFERED:
    break;
  }
  return false;
}

/* Whether the message belongs to the topic's present join; broadcasts, and all of vsn 1, carry no
 * join_ref. */
static bool is_current(const struct slip_topic *topic, const struct slip_message *m) {
  return topic != NULL &&
         (slip_span_is_absent(m->join_ref) || ref_of(m->join_ref) == topic->join_ref);
}

static bool got_end(struct slip_session *s, struct slip_topic *topic, enum slip_channel_input input,
                    const struct slip_message *m, struct slip_action *out) {
  if (slip_session_step_topic(s, topic, input, m) == SLIP_OK)
    return false;
  return drop(m, out);
}

static bool got_push(struct slip_session *s, const struct slip_message *m,
                     struct slip_action *out) {
  struct slip_topic *topic = slip_roster_find(&s->roster, m->topic);
  if (!is_current(topic, m))
    return drop(m, out);
  if (slip_span_is_equal(m->event, SLIP_SPAN("phx_close")))
    return got_end(s, topic, SLIP_CHANNEL_GOT_CLOSE, m, out);
  if (slip_span_is_equal(m->event, SLIP_SPAN("phx_error")))
    return got_end(s, topic, SLIP_CHANNEL_GOT_ERROR, m, out);
  if (topic->state != SLIP_CHANNEL_JOINED && topic->state != SLIP_CHANNEL_JOINING)
    return drop(m, out);
  *out = tell(&(struct slip_event){
      .kind = SLIP_EVENT_MESSAGE, .topic = m->topic, .name = m->event, .payload = m->payload});
  return true;
}

bool slip_session_got_message(struct slip_session *s, const struct slip_ws_message *in,
                              struct slip_action *out) {
  struct slip_wire wire = {s->config->vsn, SLIP_FROM_SERVER, s->config->codec};
  struct slip_payload payload = {.format = in->kind == SLIP_WS_BINARY ? SLIP_BINARY : SLIP_JSON,
                                 .bytes = in->data,
                                 .plain = in->plain};
  struct slip_message message;
  struct slip_buf scratch = {0};
  const char *fault = NULL;
  enum slip_err err = slip_message_read(wire, payload, &scratch, &message, &fault);
  free(s->unescaped); /* of the message before: all that it led to is done */
  s->unescaped = scratch.memory;
  if (err != SLIP_OK) {
    slip_session_fail(s, SLIP_WS_BAD_DATA,
                      slip_span_of(fault != NULL ? fault : slip_err_text(err)));
    return false;
  }
  s->messages++;
  s->quiet_since = s->now;
  s->is_join_unheard = false;
  if (message.kind == SLIP_MESSAGE_REPLY)
    return got_reply(s, &message, out);
  return got_push(s, &message, out);
}

/* Requests that end without an answer. */

/*
 * A join that is slow holds up the whole socket, heartbeats too (recording
 * join_slow_blocks_socket). It is waited for as long as a join may take without a message from
 * the server; after that the link counts as dead, however many joins have been sent into it since.
 */
static void heartbeat_due(struct slip_session *s, struct slip_pending_entry *entry) {
  uint64_t patience = s->quiet_since + s->config->join_timeout_msec;
  uint64_t again = s->now + s->config->heartbeat_timeout_msec;
  entry->deadline = again < patience ? again : patience;
  if (s->joins == 0 || s->now >= patience || slip_pending_add(&s->pending, entry) != SLIP_OK)
    slip_session_heartbeat_missed(s);
}

static bool push_due(struct slip_session *s, const struct slip_pending_entry *entry,
                     struct slip_action *out) {
  static const struct slip_reason reasons[] = {
      [SLIP_REASON_CHANNEL_ERROR] = {.kind = SLIP_REASON_CHANNEL_ERROR},
      [SLIP_REASON_CHANNEL_CLOSED] = {.kind = SLIP_REASON_CHANNEL_CLOSED},
      [SLIP_REASON_DISCONNECTED] = {.kind = SLIP_REASON_DISCONNECTED},
  };
  bool is_late = entry->why == 0;
  if (is_late && entry->kind == SLIP_PENDING_BUFFERED)
    slip_push_buffer_drop_ref(&s->buffer, entry->ref);
  *out = tell(&(struct slip_event){
      .kind = SLIP_EVENT_REPLY,
      .ref = entry->ref,
      .name = is_late ? SLIP_SPAN("timeout") : SLIP_SPAN("error"),
      .reason = is_late ? NULL : &reasons[entry->why],
  });
  return true;
}

/* The time of a join is over with its leave, which has its own, as in phoenix.js. */
static bool is_overtaken(const struct slip_topic *topic, const struct slip_pending_entry *entry) {
  return entry->kind == SLIP_PENDING_JOIN && topic->state == SLIP_CHANNEL_LEAVING;
}

static void step_due(struct slip_session *s, const struct slip_pending_entry *entry) {
  struct slip_topic *topic = slip_roster_find_join(&s->roster, entry->join_ref);
  if (topic != NULL && entry->why == 0 && !is_overtaken(topic, entry))
    (void)!slip_session_step_topic(s, topic, SLIP_CHANNEL_TIMED_OUT, NULL);
}

bool slip_session_next_expired(struct slip_session *s, struct slip_action *out) {
  struct slip_pending_entry entry;
  while (slip_pending_take_due(&s->pending, s->now, &entry)) {
    if (entry.kind == SLIP_PENDING_PUSH || entry.kind == SLIP_PENDING_BUFFERED)
      return push_due(s, &entry, out);
    if (entry.kind == SLIP_PENDING_HEARTBEAT && entry.why == 0)
      heartbeat_due(s, &entry);
    else if (entry.kind != SLIP_PENDING_HEARTBEAT)
      step_due(s, &entry);
  }
  return false;
}
