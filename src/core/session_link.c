/* The connection of a session: see session_private.h for what its files share. */
#include "core/close_policy.h"
#include "core/limits.h"
#include "core/session_private.h"

#include <stdlib.h>

/* Reasons. */

/* What is left of a reason without memory. */
static const struct slip_reason bare_reasons[SLIP_REASON_COUNT] = {
#define BARE(kind_) [SLIP_REASON_##kind_] = {.kind = SLIP_REASON_##kind_}
    BARE(CLOSED_BY_REMOTE), BARE(CLOSED_BY_CLIENT), BARE(HEARTBEAT_TIMEOUT),
    BARE(WRITE_STALLED),    BARE(MESSAGE_TOO_BIG),  BARE(PROTOCOL_ERROR),
    BARE(CONNECT_FAILED),   BARE(CONNECT_TIMEOUT),  BARE(CONNECTION_LOST),
#undef BARE
};

const struct slip_reason *slip_session_reason(const struct slip_session *s) {
  return s->reason != NULL ? &s->reason->reason : &bare_reasons[s->reason_kind];
}

void slip_session_drop_reason(struct slip_session *s) {
  if (s->reason != NULL)
    slip_buf_clear(&s->reason->text);
  free(s->reason);
  s->reason = NULL;
}

/* Copies one text; absent when there is no memory for it. */
static struct slip_span keep(struct slip_buf *texts, struct slip_span text) {
  size_t at = texts->size;
  if (text.size == 0 || slip_buf_append(texts, text) != SLIP_OK)
    return (struct slip_span){0};
  return (struct slip_span){texts->memory + at, text.size};
}

/* The texts lie behind each other in one buffer, reserved at once so that it does not move under
 * them. */
static void fill_reason(struct slip_kept_reason *kept, const struct slip_reason *from) {
  struct slip_buf texts = {0};
  struct slip_reason reason = *from;
  char *room;
  reason.text = reason.headers = reason.body = (struct slip_span){0};
  size_t size = from->text.size + from->headers.size + from->body.size;
  if (size > 0 && slip_buf_reserve(&texts, size, &room) == SLIP_OK) {
    reason.text = keep(&texts, from->text);
    reason.headers = keep(&texts, from->headers);
    reason.body = keep(&texts, from->body);
  }
  slip_buf_clear(&kept->text); /* last: the new reason may be made of the old one's texts */
  *kept = (struct slip_kept_reason){reason, texts};
}

static void keep_reason(struct slip_session *s, const struct slip_reason *reason) {
  s->has_reason = true;
  s->reason_kind = reason->kind;
  if (s->reason == NULL)
    s->reason = calloc(1, sizeof *s->reason);
  if (s->reason != NULL)
    fill_reason(s->reason, reason);
}

/* The end of a connection, an attempt or a scheduled one. */

static void forget_link(struct slip_session *s) {
  s->link = LINK_NONE;
  s->link_deadline = SLIP_NEVER;
  s->heartbeat_at = SLIP_NEVER;
  s->awaits_heartbeat = false;
  s->input = (struct slip_span){0};
  slip_upgrade_reader_free(s->upgrade);
  s->upgrade = NULL;
  slip_ws_reader_clear(&s->reader);
  slip_deflate_free(s->deflate);
  s->deflate = NULL;
}

/* Most sessions have no drops to remember; without memory for one it is forgotten. */
static void note_end(struct slip_session *s, uint64_t uptime, bool is_stable) {
  if (s->breaker == NULL && uptime < SLIP_BREAKER_DROP_MSEC)
    s->breaker = calloc(1, sizeof *s->breaker);
  if (s->breaker == NULL)
    return;
  slip_breaker_add(s->breaker, s->now, uptime, is_stable);
  if (s->breaker->count > 0)
    return;
  free(s->breaker);
  s->breaker = NULL;
}

/* A connection that held for a while starts the back-off afresh. An end that we wanted is no drop,
 * however soon it came. */
static void judge_connection(struct slip_session *s) {
  uint64_t uptime = s->now - s->connected_at;
  bool is_stable = uptime >= s->config->stable_after_msec;
  if (is_stable)
    s->attempt = s->step = 0;
  if (s->reason_kind != SLIP_REASON_CLOSED_BY_CLIENT || uptime >= SLIP_BREAKER_DROP_MSEC)
    note_end(s, uptime, is_stable);
}

/* What the server, or its words, ask of the next attempt. */
static void note_demand(struct slip_session *s) {
  int64_t calendar = s->calendar + (int64_t)(s->now / 1000);
  uint32_t wait = slip_close_policy_wait(slip_session_reason(s), calendar, slip_luck_draw(s->luck));
  if (s->now + wait > s->not_before) /* calling an attempt off takes back no demand */
    s->not_before = s->now + wait;
}

/* `reason` has been kept. What was in flight ends with it. */
static void tell_disconnected(struct slip_session *s) {
  if (s->link == LINK_OPEN || s->link == LINK_CLOSING)
    judge_connection(s);
  note_demand(s);
  forget_link(s);
  slip_session_topics_lost(s);
  slip_pending_expire(&s->pending, 0, SLIP_REASON_DISCONNECTED);
  s->owes_end = true;
  slip_session_tell(
      s, &(struct slip_event){.kind = SLIP_EVENT_DISCONNECTED, .reason = slip_session_reason(s)});
}

static bool has_link(const struct slip_session *s) {
  return s->link >= LINK_DIALLING;
}

static void drop_outbox(struct slip_session *s) {
  slip_buf_clear(&s->outbox);
}

static void cut_link(struct slip_session *s, const struct slip_reason *reason) {
  keep_reason(s, reason);
  drop_outbox(s);
  if (has_link(s))
    slip_session_do(s, SLIP_DO_ABORT);
}

void slip_session_abort_link(struct slip_session *s, const struct slip_reason *reason) {
  cut_link(s, reason);
  tell_disconnected(s);
}

void slip_session_drop_link(struct slip_session *s, const struct slip_reason *reason) {
  cut_link(s, reason);
  forget_link(s);
}

void slip_session_fail_link(struct slip_session *s, uint16_t code,
                            const struct slip_reason *reason) {
  bool has_peer = s->link == LINK_OPEN || s->link == LINK_CLOSING;
  if (!has_peer) {
    slip_session_abort_link(s, reason);
    return;
  }
  enum slip_err err = SLIP_OK;
  if (s->link == LINK_OPEN) { /* while closing both the frame and the reason are out already */
    keep_reason(s, reason);
    /* the text may be a decoder's of the script's choice, which need not be UTF-8 */
    struct slip_span none = {0};
    struct slip_span text = slip_session_reason(s)->text;
    if (!slip_utf8_is_valid(text))
      text = none;
    err = slip_ws_close_write(&s->outbox, code, text, slip_luck_draw(s->luck));
  }
  slip_session_do(s, err == SLIP_OK ? SLIP_DO_CLOSE : SLIP_DO_ABORT);
  tell_disconnected(s);
}

void slip_session_fail(struct slip_session *s, uint16_t code, struct slip_span text) {
  struct slip_reason reason = {.kind = SLIP_REASON_PROTOCOL_ERROR, .code = code, .text = text};
  if (s->link == LINK_OPEN)
    slip_session_fail_link(s, code, &reason);
}

void slip_session_write_control(struct slip_session *s, enum slip_ws_kind kind,
                                struct slip_span data) {
  struct slip_reason reason = {.kind = SLIP_REASON_CONNECTION_LOST,
                               .text = SLIP_SPAN("out of memory")};
  if (slip_ws_frame_write(&s->outbox, kind, data, slip_luck_draw(s->luck)) != SLIP_OK)
    slip_session_abort_link(s, &reason);
}

static void lose_open_link(struct slip_session *s, const struct slip_reason *reason) {
  if (s->link == LINK_OPEN) /* while closing the reason is known already: somebody asked for it */
    keep_reason(s, reason);
  drop_outbox(s);
  tell_disconnected(s);
}

void slip_session_link_lost(struct slip_session *s, const struct slip_reason *reason) {
  if (s->link == LINK_DIALLING)
    slip_session_abort_link(s, reason);
  else if (s->link == LINK_UPGRADING)
    slip_session_upgrade_lost(s, reason);
  else if (has_link(s))
    lose_open_link(s, reason);
}

/* The peer does not answer our close frame, or not even take it: the reason stays. */
static void give_up_closing(struct slip_session *s) {
  drop_outbox(s);
  slip_session_do(s, SLIP_DO_ABORT);
  tell_disconnected(s);
}

void slip_session_link_stalled(struct slip_session *s) {
  struct slip_reason reason = {.kind = SLIP_REASON_WRITE_STALLED};
  if (s->link == LINK_CLOSING)
    give_up_closing(s);
  else if (has_link(s))
    slip_session_abort_link(s, &reason);
}

/* The closing handshake (RFC 6455 section 7). */

/* Without memory for the frame there is nothing to wait for; but the link ends later even then, as
 * actions that are queued may point into what it has read. */
static void start_closing(struct slip_session *s, uint16_t code, struct slip_span text) {
  enum slip_err err = slip_ws_close_write(&s->outbox, code, text, slip_luck_draw(s->luck));
  s->link = LINK_CLOSING;
  s->heartbeat_at = SLIP_NEVER;
  s->link_deadline = err == SLIP_OK ? s->now + SLIP_CLOSE_TIMEOUT_MSEC : s->now;
}

enum slip_err slip_session_disconnect(struct slip_session *s, uint16_t code,
                                      struct slip_span text) {
  if (!slip_ws_code_is_legal(code))
    return SLIP_EINVAL;
  if (!slip_utf8_is_valid(text))
    return SLIP_EUTF8;
  slip_session_end_buffered(s, NULL, SLIP_REASON_DISCONNECTED);
  if (s->link == LINK_NONE || s->link == LINK_CLOSING)
    return SLIP_OK;
  text = slip_ws_close_text(text); /* so that the reason has what the server gets */
  struct slip_reason reason = {.kind = SLIP_REASON_CLOSED_BY_CLIENT, .code = code, .text = text};
  if (s->link != LINK_OPEN) {
    slip_session_abort_link(s, &reason);
    return SLIP_OK;
  }
  keep_reason(s, &reason);
  start_closing(s, code, text);
  return SLIP_OK;
}

void slip_session_got_close(struct slip_session *s, const struct slip_ws_message *close) {
  struct slip_reason reason = {
      .kind = SLIP_REASON_CLOSED_BY_REMOTE, .code = close->code, .text = close->data};
  enum slip_err err = SLIP_OK;
  if (s->link == LINK_OPEN) {
    keep_reason(s, &reason);
    struct slip_span none = {0};
    err = slip_ws_close_write(&s->outbox, close->code, none, slip_luck_draw(s->luck));
  }
  slip_session_do(s, err == SLIP_OK ? SLIP_DO_CLOSE : SLIP_DO_ABORT);
  tell_disconnected(s);
}

bool slip_session_is_connected(const struct slip_session *s) {
  return s->link == LINK_OPEN;
}

bool slip_session_uptime(const struct slip_session *s, uint64_t *msec) {
  if (s->connected_at == SLIP_NEVER)
    return false;
  *msec = s->now - s->connected_at;
  return true;
}

bool slip_session_is_idle(const struct slip_session *s) {
  return s->link == LINK_NONE && !s->owes_end;
}

/* Time. */

static bool link_deadline_due(struct slip_session *s) {
  if (s->now < s->link_deadline)
    return false;
  if (s->link == LINK_CLOSING)
    give_up_closing(s);
  else
    slip_session_attempt_due(s);
  return true;
}

bool slip_session_link_due(struct slip_session *s) {
  if (link_deadline_due(s))
    return true;
  if (s->now < s->heartbeat_at)
    return false;
  slip_session_send_heartbeat(s);
  return true;
}
