/* The topics of a session: see session_private.h for what its files share. */
#include "core/limits.h"
#include "core/session_private.h"

/* A topic's reasons carry nothing but their kind: what the server said is the event's payload. */
static const struct slip_reason refused = {.kind = SLIP_REASON_FAILED_TO_JOIN};
static const struct slip_reason crashed = {.kind = SLIP_REASON_CHANNEL_ERROR};
static const struct slip_reason closed = {.kind = SLIP_REASON_CHANNEL_CLOSED};
static const struct slip_reason timed_out = {.kind = SLIP_REASON_JOIN_TIMEOUT};

static void tell_topic(struct slip_session *s, enum slip_event_kind kind, struct slip_topic *topic,
                       const struct slip_message *message) {
  struct slip_event event = {.kind = kind, .topic = slip_topic_name(topic)};
  if (message != NULL)
    event.payload = message->payload;
  slip_session_tell(s, &event);
}

/* The join is over: what hung on it ends, and handle_topic_close hears why. */
static void tell_closed(struct slip_session *s, struct slip_topic *topic,
                        const struct slip_reason *reason, const struct slip_message *message) {
  struct slip_event event = {
      .kind = SLIP_EVENT_TOPIC_CLOSED, .topic = slip_topic_name(topic), .reason = reason};
  if (message != NULL)
    event.payload = message->payload;
  slip_pending_expire(&s->pending, topic->join_ref, (uint8_t)reason->kind);
  slip_session_tell(s, &event);
}

static void tell_left(struct slip_session *s, struct slip_topic *topic) {
  if (topic->join_ref != 0)
    slip_pending_expire(&s->pending, topic->join_ref, SLIP_REASON_CHANNEL_CLOSED);
  slip_session_end_buffered(s, topic, SLIP_REASON_CHANNEL_CLOSED);
  tell_topic(s, SLIP_EVENT_LEFT, topic, NULL);
  slip_roster_forget(&s->roster, topic);
}

static void ask_params(struct slip_session *s, struct slip_topic *topic) {
  topic->rejoin_at = SLIP_NEVER;
  if (s->link != LINK_OPEN || topic->is_due_told)
    return; /* it is asked for when the link is up */
  topic->is_due_told = true;
  tell_topic(s, SLIP_EVENT_JOIN_DUE, topic, NULL);
}

bool slip_session_is_join_due(const struct slip_session *s, struct slip_span topic) {
  const struct slip_topic *t = slip_roster_find(&s->roster, topic);
  return t != NULL && t->is_due_told && s->link == LINK_OPEN;
}

static void start_backoff(struct slip_session *s, struct slip_topic *topic) {
  uint32_t wait = slip_backoff_wait(&s->config->rejoin, topic->rejoins, slip_luck_draw(s->luck));
  if (topic->rejoins < UINT16_MAX)
    topic->rejoins++;
  topic->rejoin_at = s->now + wait;
  slip_session_tell(s, &(struct slip_event){.kind = SLIP_EVENT_REJOIN_SCHEDULED,
                                            .topic = slip_topic_name(topic),
                                            .attempt = topic->rejoins,
                                            .wait_msec = wait});
}

/* phx_leave; its answer is waited for only when `is_awaited`: a join that timed out is left in
 * passing. */
static void send_leave(struct slip_session *s, struct slip_topic *topic, bool is_awaited) {
  if (!slip_session_is_connected(s))
    return; /* our close frame is out, nothing may follow it: the topic is left with the link */
  char ref[24], join_ref[24];
  struct slip_pending_entry entry = {
      .ref = s->next_ref++,
      .join_ref = topic->join_ref,
      .deadline = s->now + s->config->join_timeout_msec,
      .kind = SLIP_PENDING_LEAVE,
  };
  struct slip_message message = {
      .kind = SLIP_MESSAGE_PUSH,
      .join_ref = slip_session_ref_text(topic->join_ref, join_ref),
      .ref = slip_session_ref_text(entry.ref, ref),
      .topic = slip_topic_name(topic),
      .event = SLIP_SPAN("phx_leave"),
      .payload = {SLIP_JSON, SLIP_SPAN("{}")},
  };
  enum slip_err err = is_awaited ? slip_session_request(s, &message, &entry)
                                 : slip_session_write_message(s, &message, slip_luck_draw(s->luck));
  if (err != SLIP_OK)
    slip_session_note_unwritten(s, err); /* the server must not keep a channel that we forget */
  else if (s->config->sent != NULL)
    s->config->sent->leaves++;
}

static void carry_out(struct slip_session *s, struct slip_topic *topic,
                      enum slip_channel_action action, const struct slip_message *message) {
  switch (action) {
  case SLIP_CHANNEL_NOTHING:
  case SLIP_CHANNEL_DO_JOIN: /* by slip_session_send_join, which has the payload */
    break;
  case SLIP_CHANNEL_ASK_PARAMS:
    ask_params(s, topic);
    break;
  case SLIP_CHANNEL_START_BACKOFF:
    start_backoff(s, topic);
    break;
  case SLIP_CHANNEL_DO_LEAVE:
    slip_session_end_buffered(s, topic, SLIP_REASON_CHANNEL_CLOSED);
    send_leave(s, topic, true);
    break;
  case SLIP_CHANNEL_TELL_JOINED:
    topic->rejoins = 0;
    tell_topic(s, SLIP_EVENT_JOINED, topic, message);
    slip_session_flush_topic(s, topic); /* before what the script pushes when it hears of it */
    break;
  case SLIP_CHANNEL_TELL_REFUSED:
    tell_closed(s, topic, &refused, message);
    break;
  case SLIP_CHANNEL_TELL_CRASHED:
    tell_closed(s, topic, &crashed, message);
    break;
  case SLIP_CHANNEL_TELL_CLOSED:
    slip_session_end_buffered(s, topic, SLIP_REASON_CHANNEL_CLOSED);
    tell_closed(s, topic, &closed, message);
    break;
  case SLIP_CHANNEL_TELL_TIMED_OUT:
    send_leave(s, topic, false);
    tell_closed(s, topic, &timed_out, message);
    break;
  case SLIP_CHANNEL_TELL_LEFT:
    tell_left(s, topic);
    break;
  case SLIP_CHANNEL_TELL_LEFT_AND_ASK_PARAMS:
    tell_left(s, topic);
    topic->is_forgotten = false;
    ask_params(s, topic);
    break;
  }
}

static void enter_state(struct slip_session *s, struct slip_topic *topic,
                        enum slip_channel_state next) {
  if (topic->state == SLIP_CHANNEL_JOINING)
    s->joins--;
  if (next == SLIP_CHANNEL_JOINING)
    s->joins++;
  if (next != SLIP_CHANNEL_WAITING) {
    topic->is_due_told = false;
    topic->rejoin_at = SLIP_NEVER;
  }
  topic->state = next;
}

enum slip_err slip_session_step_topic(struct slip_session *s, struct slip_topic *topic,
                                      enum slip_channel_input input,
                                      const struct slip_message *message) {
  struct slip_channel_step step;
  enum slip_err err = slip_channel_step(topic->state, input, &step);
  if (err != SLIP_OK)
    return err;
  enter_state(s, topic, step.next);
  carry_out(s, topic, step.action, message);
  return SLIP_OK;
}

/* Steps that are legal in every state. */
static void must_step(struct slip_session *s, struct slip_topic *topic,
                      enum slip_channel_input input) {
  if (slip_session_step_topic(s, topic, input, NULL) != SLIP_OK)
    s->is_starved = true;
}

/* The link. */

void slip_session_topics_up(struct slip_session *s) {
  for (uint32_t i = 0; i < s->roster.count; i++)
    must_step(s, slip_roster_at(&s->roster, i), SLIP_CHANNEL_LINK_UP);
}

static void lose_topic(struct slip_session *s, struct slip_topic *topic) {
  bool was_in = topic->state == SLIP_CHANNEL_JOINING || topic->state == SLIP_CHANNEL_JOINED;
  must_step(s, topic, SLIP_CHANNEL_LINK_LOST);
  topic->is_due_told = false;
  topic->rejoin_at =
      SLIP_NEVER; /* errored topics come back as soon as the link does, as in phoenix.js */
  topic->rejoins = 0;
  if (was_in && !s->config->rejoin_on_reconnect) {
    enter_state(s, topic, SLIP_CHANNEL_CLOSED);
    slip_session_end_buffered(s, topic, SLIP_REASON_DISCONNECTED);
  }
}

void slip_session_topics_lost(struct slip_session *s) {
  for (uint32_t i = 0; i < s->roster.count; i++)
    lose_topic(s, slip_roster_at(&s->roster, i));
}

/* Requests. */

enum slip_err slip_session_join(struct slip_session *s, struct slip_span topic) {
  if (!slip_utf8_is_valid(topic))
    return SLIP_EUTF8;
  struct slip_topic *t;
  enum slip_err err = slip_roster_add(&s->roster, topic, &t);
  if (err != SLIP_OK)
    return err;
  return slip_session_step_topic(s, t, SLIP_CHANNEL_ASK_JOIN, NULL);
}

/* phx_join under a new join_ref, which is its ref too. */
static enum slip_err request_join(struct slip_session *s, struct slip_topic *topic,
                                  struct slip_payload payload) {
  char ref[24];
  struct slip_span text = slip_session_ref_text(s->next_ref, ref);
  struct slip_pending_entry entry = {
      .ref = s->next_ref,
      .join_ref = s->next_ref,
      .deadline = s->now + s->config->join_timeout_msec,
      .kind = SLIP_PENDING_JOIN,
  };
  struct slip_message message = {
      .kind = SLIP_MESSAGE_PUSH,
      .join_ref = text,
      .ref = text,
      .topic = slip_topic_name(topic),
      .event = SLIP_SPAN("phx_join"),
      .payload = payload,
  };
  return slip_session_request(s, &message, &entry);
}

enum slip_err slip_session_send_join(struct slip_session *s, struct slip_span topic,
                                     struct slip_payload payload) {
  struct slip_topic *t = slip_roster_find(&s->roster, topic);
  if (t == NULL || t->state != SLIP_CHANNEL_WAITING || s->link != LINK_OPEN)
    return SLIP_ESTATE;
  if (slip_session_is_full(s, payload.bytes.size))
    return SLIP_EFULL;
  enum slip_err err = request_join(s, t, payload);
  if (err != SLIP_OK)
    return err;
  t->join_ref = s->next_ref++;
  if (s->config->sent != NULL)
    s->config->sent->joins++;
  if (!s->is_join_unheard)
    s->quiet_since = s->now;
  s->is_join_unheard = true;
  return slip_session_step_topic(s, t, SLIP_CHANNEL_SEND_JOIN, NULL);
}

void slip_session_drop_join(struct slip_session *s, struct slip_span topic) {
  struct slip_topic *t = slip_roster_find(&s->roster, topic);
  if (t != NULL && t->state == SLIP_CHANNEL_WAITING)
    enter_state(s, t, SLIP_CHANNEL_CLOSED);
}

enum slip_err slip_session_rejoin(struct slip_session *s, struct slip_span topic) {
  struct slip_topic *t = slip_roster_find(&s->roster, topic);
  if (t == NULL || t->is_forgotten)
    return SLIP_ESTATE;
  return slip_session_step_topic(s, t, SLIP_CHANNEL_ASK_REJOIN, NULL);
}

enum slip_err slip_session_leave(struct slip_session *s, struct slip_span topic) {
  struct slip_topic *t = slip_roster_find(&s->roster, topic);
  if (t == NULL)
    return SLIP_OK;
  if (t->state == SLIP_CHANNEL_CLOSED) {
    slip_session_end_buffered(s, t, SLIP_REASON_CHANNEL_CLOSED);
    slip_roster_forget(&s->roster, t);
  }
  return slip_session_step_topic(s, t, SLIP_CHANNEL_ASK_LEAVE, NULL);
}

enum slip_join_status slip_session_join_status(const struct slip_session *s,
                                               struct slip_span topic) {
  static const enum slip_join_status statuses[SLIP_CHANNEL_STATE_COUNT] = {
      [SLIP_CHANNEL_CLOSED] = SLIP_JOIN_CLOSED,     [SLIP_CHANNEL_WAITING] = SLIP_JOIN_REQUESTED,
      [SLIP_CHANNEL_JOINING] = SLIP_JOIN_REQUESTED, [SLIP_CHANNEL_JOINED] = SLIP_JOIN_JOINED,
      [SLIP_CHANNEL_LEAVING] = SLIP_JOIN_CLOSED,
  };
  const struct slip_topic *t = slip_roster_find(&s->roster, topic);
  return t == NULL || t->is_forgotten ? SLIP_JOIN_NONE : statuses[t->state];
}

/* Time. */

uint64_t slip_session_rejoin_deadline(const struct slip_session *s) {
  uint64_t earliest = SLIP_NEVER;
  for (uint32_t i = 0; i < s->roster.count; i++)
    if (slip_roster_at(&s->roster, i)->rejoin_at < earliest)
      earliest = slip_roster_at(&s->roster, i)->rejoin_at;
  return earliest;
}

bool slip_session_rejoin_due(struct slip_session *s) {
  for (uint32_t i = 0; i < s->roster.count; i++) {
    if (slip_roster_at(&s->roster, i)->rejoin_at <= s->now) {
      must_step(s, slip_roster_at(&s->roster, i), SLIP_CHANNEL_REJOIN_DUE);
      return true;
    }
  }
  return false;
}

bool slip_session_next_joined(const struct slip_session *s, uint32_t *place,
                              struct slip_span *topic) {
  while (*place < s->roster.count) {
    const struct slip_topic *t = slip_roster_at(&s->roster, (*place)++);
    if (t->state != SLIP_CHANNEL_JOINED)
      continue;
    *topic = slip_topic_name(t);
    return true;
  }
  return false;
}
