#include "core/limits.h"
#include "core/session_private.h"

#include <stdlib.h>

const struct slip_session_config slip_session_defaults = {
    .heartbeat_interval_msec = 30000,
    .heartbeat_timeout_msec = 15000,
    .connect_timeout_msec = 15000,
    .join_timeout_msec = 10000,
    .push_timeout_msec = 10000,
    .write_timeout_msec = 15000,
    .stable_after_msec = 5000,
    .max_message_bytes = (size_t)16 << 20,
    .max_queue_bytes = (size_t)8 << 20,
    .max_buffered_pushes = 1000,
    .rejoin_on_reconnect = true,
    .vsn = SLIP_VSN_2,
    .compress = {.level = 6, .threshold = 256},
    /* phoenix.js's reconnectAfterMs and Slipstream's rejoin_after_msec, with a jitter of a half */
    .reconnect = {.steps = {10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000},
                  .count = 10,
                  .jitter = 500,
                  .spread = 100}, /* 10,000 clients in 5 msec would overflow a listen queue */
    .rejoin = {.steps = {100, 500, 1000, 2000, 5000, 10000}, .count = 6, .jitter = 500},
};

enum slip_err slip_session_new(const struct slip_session_config *config, struct slip_luck *luck,
                               struct slip_session **out) {
  struct slip_session *s = calloc(1, sizeof *s);
  if (s == NULL)
    return SLIP_ENOMEM;
  s->config = config;
  s->luck = luck;
  s->next_ref = 1;
  s->link_deadline = SLIP_NEVER;
  s->heartbeat_at = SLIP_NEVER;
  s->connected_at = SLIP_NEVER;
  slip_ws_reader_init(&s->reader, config->max_message_bytes);
  slip_pending_init(&s->pending);
  slip_push_buffer_init(&s->buffer);
  *out = s;
  return SLIP_OK;
}

static void drop_first_action(struct slip_session *s) {
  struct slip_queued_action *last = s->last_action, *first = last->next;
  last->next = first->next;
  if (first == last)
    s->last_action = NULL;
  free(first);
}

void slip_session_free(struct slip_session *s) {
  if (s == NULL)
    return;
  slip_upgrade_reader_free(s->upgrade);
  slip_ws_reader_clear(&s->reader);
  slip_deflate_free(s->deflate);
  free(s->unescaped);
  slip_buf_clear(&s->outbox);
  while (s->last_action != NULL)
    drop_first_action(s);
  free(s->breaker);
  slip_session_drop_reason(s);
  slip_roster_clear(&s->roster);
  slip_pending_clear(&s->pending);
  slip_push_buffer_clear(&s->buffer);
  free(s);
}

const struct slip_session_config *slip_session_config(const struct slip_session *s) {
  return s->config;
}

void slip_session_tick(struct slip_session *s, uint64_t now) {
  s->now = now;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

uint64_t slip_session_deadline(const struct slip_session *s) {
  if (slip_session_is_writable(s))
    return s->now;
  uint64_t link = earlier(s->link_deadline, s->heartbeat_at);
  return earlier(link,
                 earlier(slip_pending_deadline(&s->pending), slip_session_rejoin_deadline(s)));
}

/* The queue. */

static bool has_queued(struct slip_session *s, const struct slip_action *action) {
  struct slip_queued_action *queued = malloc(sizeof *queued), *last = s->last_action;
  if (queued == NULL)
    return false;
  queued->action = *action;
  queued->next = last != NULL ? last->next : queued;
  if (last != NULL)
    last->next = queued;
  s->last_action = queued;
  return true;
}

static void queue(struct slip_session *s, const struct slip_action *action) {
  if (!has_queued(s, action))
    s->is_starved = true; /* `next` ends the link for it: nothing is lost in silence */
}

void slip_session_do(struct slip_session *s, enum slip_action_kind kind) {
  queue(s, &(struct slip_action){.kind = kind});
}

void slip_session_tell(struct slip_session *s, const struct slip_event *event) {
  queue(s, &(struct slip_action){.kind = SLIP_DO_TELL, .event = *event});
}

void slip_session_mention(struct slip_session *s, const struct slip_event *event) {
  (void)has_queued(s, &(struct slip_action){.kind = SLIP_DO_TELL, .event = *event});
}

/* The topic was left, or the link is no more, before its JOIN_DUE was told: nobody need look for
 * params. Nor for where a redirect leads whose attempt has ended. */
static bool is_stale(const struct slip_session *s, const struct slip_action *action) {
  if (action->kind != SLIP_DO_TELL)
    return false;
  if (action->event.kind == SLIP_EVENT_REDIRECTED)
    return s->link != LINK_DUE || s->redirects == 0;
  return action->event.kind == SLIP_EVENT_JOIN_DUE &&
         !slip_session_is_join_due(s, action->event.topic);
}

static bool take_queued(struct slip_session *s, struct slip_action *out) {
  do {
    if (s->last_action == NULL)
      return false;
    *out = s->last_action->next->action;
    drop_first_action(s);
  } while (is_stale(s, out));
  if (out->kind == SLIP_DO_TELL && out->event.kind == SLIP_EVENT_DISCONNECTED)
    s->owes_end = false;
  return true;
}

/* Here no queued action can point to what goes. */
static void tidy(struct slip_session *s) {
  slip_roster_sweep(&s->roster);
  if (s->link == LINK_OPEN && s->reason != NULL)
    slip_session_drop_reason(s);
  if (s->is_mute)
    slip_session_fail(s, SLIP_WS_NORMAL, slip_span_of(s->config->codec->fault));
  s->is_mute = false;
  if (s->is_starved) {
    s->is_starved = false;
    struct slip_reason reason = {.kind = SLIP_REASON_CONNECTION_LOST,
                                 .text = SLIP_SPAN("out of memory")};
    slip_session_fail_link(s, SLIP_WS_NORMAL, &reason);
  }
}

static bool is_listening(const struct slip_session *s) {
  return s->link == LINK_UPGRADING || s->link == LINK_OPEN || s->link == LINK_CLOSING;
}

static bool read_input(struct slip_session *s, struct slip_action *out) {
  if (s->link == LINK_UPGRADING) {
    slip_session_read_upgrade(s);
    return false;
  }
  return slip_session_read_frame(s, out);
}

/* Deadlines come after the input: what arrived in time counts, however late we look. */
static bool do_due(struct slip_session *s) {
  if (slip_session_link_due(s) || slip_session_rejoin_due(s))
    return true;
  if (!slip_session_is_writable(s))
    return false;
  slip_session_tell_writable(s);
  return true;
}

bool slip_session_next(struct slip_session *s, struct slip_action *out) {
  for (;;) {
    if (slip_pending_deadline(&s->pending) == 0 && slip_session_next_expired(s, out))
      return true; /* what hung on a lost join or link ends before the loss is told */
    if (take_queued(s, out))
      return true;
    tidy(s);
    if (s->input.size > 0 && is_listening(s)) {
      if (read_input(s, out))
        return true;
    } else if (slip_session_next_expired(s, out)) {
      return true;
    } else if (s->last_action == NULL && !do_due(s)) {
      s->input = (struct slip_span){0};
      free(s->unescaped);
      s->unescaped = NULL;
      if (s->deflate != NULL)
        slip_deflate_rest(s->deflate);
      return false;
    }
  }
}

void slip_session_feed(struct slip_session *s, struct slip_span bytes) {
  s->input = bytes;
}

char *slip_session_room(struct slip_session *s, size_t *size) {
  return s->link == LINK_OPEN ? slip_ws_reader_room(&s->reader, size) : NULL;
}

uint64_t slip_session_messages(const struct slip_session *s) {
  return s->messages;
}

uint64_t slip_session_pushes(const struct slip_session *s) {
  return s->pushes;
}

uint64_t slip_session_next_ref(const struct slip_session *s) {
  return s->next_ref;
}

void slip_session_set_next_ref(struct slip_session *s, uint64_t ref) {
  s->next_ref = ref;
}

uint32_t slip_session_buffered(const struct slip_session *s) {
  return s->buffer.count;
}

struct slip_span slip_session_outbox(const struct slip_session *s) {
  return slip_buf_span(&s->outbox);
}

void slip_session_sent(struct slip_session *s, size_t count) {
  slip_buf_drop(&s->outbox, count);
  if (s->outbox.size == 0)
    slip_buf_clear(&s->outbox);
}
