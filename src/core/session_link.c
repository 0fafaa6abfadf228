/* The connection of a session: see session_private.h for what its four files share. */
#include "core/limits.h"
#include "core/session_private.h"

#include <stdlib.h>

/* Reasons. */

/* Copies one text into the session's own memory; absent when there is none for it. */
static struct slip_span keep(struct slip_session *s, struct slip_span text) {
  size_t at = s->reason_text.size;
  if (text.size == 0 || slip_buf_append(&s->reason_text, text) != SLIP_OK)
    return (struct slip_span){0};
  return (struct slip_span){s->reason_text.memory + at, text.size};
}

/* The texts lie behind each other in one buffer, reserved at once so that it does not move under
 * them. */
static void keep_reason(struct slip_session *s, const struct slip_reason *reason) {
  struct slip_buf old = s->reason_text; /* the new reason may be made of the old one's texts */
  slip_buf_init(&s->reason_text, 0);
  char *room;
  s->reason = *reason;
  s->reason.text = s->reason.headers = s->reason.body = (struct slip_span){0};
  size_t size = reason->text.size + reason->headers.size + reason->body.size;
  if (size > 0 && slip_buf_reserve(&s->reason_text, size, &room) == SLIP_OK) {
    s->reason.text = keep(s, reason->text);
    s->reason.headers = keep(s, reason->headers);
    s->reason.body = keep(s, reason->body);
  }
  slip_buf_clear(&old);
}

/* The end of a connection, an attempt or a scheduled one. */

static void forget_link(struct slip_session *s) {
  s->link = LINK_NONE;
  s->link_deadline = SLIP_NEVER;
  s->heartbeat_at = SLIP_NEVER;
  s->input = (struct slip_span){0};
  slip_upgrade_reader_free(s->upgrade);
  s->upgrade = NULL;
  slip_ws_reader_clear(&s->reader);
}

/* `reason` has been kept. What was in flight ends with it; a connection that held for a while
 * starts the back-off afresh. */
static void tell_disconnected(struct slip_session *s) {
  bool was_open = s->link == LINK_OPEN || s->link == LINK_CLOSING;
  if (was_open && s->now - s->connected_at >= s->config.stable_after_msec) {
    s->attempt = 0;
    s->step = 0;
  }
  forget_link(s);
  slip_session_topics_lost(s);
  slip_pending_expire(&s->pending, 0, SLIP_REASON_DISCONNECTED);
  slip_session_tell(s, &(struct slip_event){.kind = SLIP_EVENT_DISCONNECTED, .reason = &s->reason});
}

static bool has_link(const struct slip_session *s) {
  return s->link >= LINK_DIALLING;
}

static void drop_outbox(struct slip_session *s) {
  slip_buf_clear(&s->outbox);
}

static void abort_link(struct slip_session *s, const struct slip_reason *reason) {
  keep_reason(s, reason);
  drop_outbox(s);
  if (has_link(s))
    slip_session_do(s, SLIP_DO_ABORT);
  tell_disconnected(s);
}

void slip_session_fail_link(struct slip_session *s, uint16_t code,
                            const struct slip_reason *reason) {
  bool has_peer = s->link == LINK_OPEN || s->link == LINK_CLOSING;
  if (!has_peer) {
    abort_link(s, reason);
    return;
  }
  enum slip_err err = SLIP_OK;
  if (s->link == LINK_OPEN) { /* while closing both the frame and the reason are out already */
    keep_reason(s, reason);
    err = slip_ws_close_write(&s->outbox, code, s->reason.text, slip_luck_draw(s->luck));
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
    abort_link(s, &reason);
}

/* Attempts. */

static void tell_connect_due(struct slip_session *s) {
  s->link = LINK_DUE;
  s->link_deadline = SLIP_NEVER; /* the script may take its time: it may ask somebody for a token */
  const struct slip_reason *last = s->attempt > 1 ? &s->reason : NULL;
  slip_session_tell(s, &(struct slip_event){
                           .kind = SLIP_EVENT_CONNECT_DUE, .attempt = s->attempt, .reason = last});
}

enum slip_err slip_session_connect(struct slip_session *s) {
  if (s->link != LINK_NONE)
    return SLIP_ESTATE;
  s->attempt = 1;
  s->step = 0;
  tell_connect_due(s);
  return SLIP_OK;
}

enum slip_err slip_session_reconnect(struct slip_session *s, uint32_t at_least_msec) {
  if (s->link == LINK_SCHEDULED)
    return SLIP_OK;
  if (s->link != LINK_NONE)
    return SLIP_ESTATE;
  uint32_t wait = slip_backoff_wait(&s->config.reconnect, s->step++, slip_luck_draw(s->luck));
  if (wait < at_least_msec)
    wait = at_least_msec;
  s->attempt++;
  s->link = LINK_SCHEDULED;
  s->link_deadline = s->now + wait;
  slip_session_tell(s, &(struct slip_event){.kind = SLIP_EVENT_RECONNECT_SCHEDULED,
                                            .attempt = s->attempt,
                                            .wait_msec = wait});
  return SLIP_OK;
}

static void draw_nonce(struct slip_session *s, uint8_t nonce[16]) {
  for (size_t i = 0; i < 16; i += sizeof(uint32_t)) {
    uint32_t word = slip_luck_draw(s->luck);
    memcpy(nonce + i, &word, sizeof word);
  }
}

enum slip_err slip_session_dial(struct slip_session *s, const struct slip_upgrade_request *request,
                                const char **fault) {
  *fault = NULL;
  if (s->link != LINK_DUE)
    return SLIP_ESTATE;
  struct slip_upgrade_request ours = *request;
  draw_nonce(s, ours.nonce);
  drop_outbox(s);
  enum slip_err err = slip_upgrade_write(&ours, &s->outbox, fault);
  if (err != SLIP_OK)
    return err;
  err = slip_upgrade_reader_new(&ours, &s->upgrade);
  if (err != SLIP_OK) {
    drop_outbox(s);
    return err;
  }
  s->link = LINK_DIALLING;
  s->stage = SLIP_STAGE_DNS;
  s->link_deadline = s->now + s->config.connect_timeout_msec;
  slip_session_do(s, SLIP_DO_DIAL);
  return SLIP_OK;
}

void slip_session_dial_failed(struct slip_session *s, const struct slip_reason *reason) {
  if (s->link != LINK_DUE)
    return;
  keep_reason(s, reason);
  tell_disconnected(s);
}

/* News of the link. News of one that we gave up before is passed over. */

void slip_session_link_up(struct slip_session *s) {
  if (s->link != LINK_DIALLING)
    return;
  s->link = LINK_UPGRADING;
  s->stage = SLIP_STAGE_UPGRADE;
}

void slip_session_link_stage(struct slip_session *s, enum slip_stage stage) {
  if (s->link == LINK_DIALLING)
    s->stage = stage;
}

/* The refusal, as far as it came; the server would keep TCP open after it, so we end it. */
static void fail_upgrade(struct slip_session *s, struct slip_span text) {
  struct slip_upgrade_answer answer = {0};
  if (text.at == NULL)
    slip_upgrade_reader_answer(s->upgrade, &answer);
  struct slip_reason reason = {
      .kind = SLIP_REASON_CONNECT_FAILED,
      .stage = SLIP_STAGE_UPGRADE,
      .status = answer.status,
      .text = text.at == NULL ? answer.reason : text,
      .headers = answer.headers,
      .body = answer.body,
  };
  abort_link(s, &reason);
}

static void got_upgraded(struct slip_session *s) {
  slip_upgrade_reader_free(s->upgrade);
  s->upgrade = NULL;
  s->link = LINK_OPEN;
  s->link_deadline = SLIP_NEVER;
  s->connected_at = s->now;
  if (s->config.heartbeat_interval_msec > 0)
    s->heartbeat_at = s->now + s->config.heartbeat_interval_msec;
  slip_session_tell(s, &(struct slip_event){.kind = SLIP_EVENT_CONNECTED, .attempt = s->attempt});
  slip_session_topics_up(s);
}

void slip_session_read_upgrade(struct slip_session *s) {
  enum slip_upgrade_verdict verdict;
  enum slip_err err = slip_upgrade_reader_feed(s->upgrade, &s->input, &verdict);
  if (err != SLIP_OK)
    fail_upgrade(s, slip_span_of(slip_upgrade_reader_fault(s->upgrade)));
  else if (verdict == SLIP_UPGRADE_ACCEPTED)
    got_upgraded(s);
  else if (verdict == SLIP_UPGRADE_REFUSED)
    fail_upgrade(s, (struct slip_span){0});
}

static void lose_open_link(struct slip_session *s, const struct slip_reason *reason) {
  if (s->link == LINK_OPEN) /* while closing the reason is known already: somebody asked for it */
    keep_reason(s, reason);
  drop_outbox(s);
  tell_disconnected(s);
}

static void lose_upgrade(struct slip_session *s, const struct slip_reason *reason) {
  if (slip_upgrade_reader_end(s->upgrade))
    fail_upgrade(s, (struct slip_span){0});
  else if (reason->text.size > 0)
    fail_upgrade(s, reason->text);
  else
    fail_upgrade(s, SLIP_SPAN("the server closed the connection before it answered the upgrade"));
}

void slip_session_link_lost(struct slip_session *s, const struct slip_reason *reason) {
  if (s->link == LINK_DIALLING)
    abort_link(s, reason);
  else if (s->link == LINK_UPGRADING)
    lose_upgrade(s, reason);
  else if (has_link(s))
    lose_open_link(s, reason);
}

void slip_session_link_stalled(struct slip_session *s) {
  struct slip_reason reason = {.kind = SLIP_REASON_WRITE_STALLED};
  if (has_link(s))
    abort_link(s, &reason);
}

/* The closing handshake (RFC 6455 section 7). */

static void start_closing(struct slip_session *s, uint16_t code, struct slip_span text) {
  if (slip_ws_close_write(&s->outbox, code, text, slip_luck_draw(s->luck)) != SLIP_OK) {
    abort_link(s, &s->reason);
    return;
  }
  s->link = LINK_CLOSING;
  s->heartbeat_at = SLIP_NEVER;
  s->link_deadline = s->now + SLIP_CLOSE_TIMEOUT_MSEC;
}

enum slip_err slip_session_disconnect(struct slip_session *s, uint16_t code,
                                      struct slip_span text) {
  if (!slip_ws_code_is_legal(code))
    return SLIP_EINVAL;
  if (s->link == LINK_NONE || s->link == LINK_CLOSING)
    return SLIP_OK;
  struct slip_reason reason = {.kind = SLIP_REASON_CLOSED_BY_CLIENT, .code = code, .text = text};
  if (s->link != LINK_OPEN) {
    abort_link(s, &reason);
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

uint32_t slip_session_write_timeout(const struct slip_session *s) {
  return s->config.write_timeout_msec;
}

bool slip_session_is_connected(const struct slip_session *s) {
  return s->link == LINK_OPEN;
}

bool slip_session_is_idle(const struct slip_session *s) {
  return s->link == LINK_NONE;
}

/* The heartbeat: phoenix.js's, counted from the last answer. */

static void send_heartbeat(struct slip_session *s) {
  char ref[24];
  struct slip_pending_entry entry = {
      .ref = s->next_ref,
      .deadline = s->now + s->config.heartbeat_timeout_msec,
      .kind = SLIP_PENDING_HEARTBEAT,
  };
  struct slip_message message = {
      .kind = SLIP_MESSAGE_PUSH,
      .ref = slip_session_ref_text(s->next_ref, ref),
      .topic = SLIP_SPAN("phoenix"),
      .event = SLIP_SPAN("heartbeat"),
      .payload = {SLIP_JSON, SLIP_SPAN("{}")},
  };
  s->heartbeat_at = s->now + s->config.heartbeat_interval_msec; /* if it cannot go out now */
  if (slip_session_write_message(s, &message) != SLIP_OK)
    return;
  if (slip_pending_add(&s->pending, &entry) != SLIP_OK)
    return;
  s->next_ref++;
  s->heartbeat_began = s->now;
  s->heartbeat_at = SLIP_NEVER;
}

void slip_session_got_heartbeat(struct slip_session *s) {
  s->heartbeat_at = s->now + s->config.heartbeat_interval_msec;
  slip_session_tell(s, &(struct slip_event){.kind = SLIP_EVENT_HEARTBEAT,
                                            .wait_msec = (uint32_t)(s->now - s->heartbeat_began)});
}

void slip_session_heartbeat_missed(struct slip_session *s) {
  struct slip_reason reason = {.kind = SLIP_REASON_HEARTBEAT_TIMEOUT,
                               .code = SLIP_WS_NORMAL,
                               .text = SLIP_SPAN("heartbeat timeout")};
  if (s->link == LINK_OPEN)
    slip_session_fail_link(s, SLIP_WS_NORMAL, &reason);
}

/* Time. */

static void attempt_timed_out(struct slip_session *s) {
  abort_link(s, &(struct slip_reason){.kind = SLIP_REASON_CONNECT_TIMEOUT, .stage = s->stage});
}

static void closing_timed_out(struct slip_session *s) {
  drop_outbox(s);
  slip_session_do(s, SLIP_DO_ABORT);
  tell_disconnected(s);
}

static bool link_deadline_due(struct slip_session *s) {
  if (s->now < s->link_deadline)
    return false;
  if (s->link == LINK_SCHEDULED)
    tell_connect_due(s);
  else if (s->link == LINK_CLOSING)
    closing_timed_out(s);
  else
    attempt_timed_out(s);
  return true;
}

bool slip_session_link_due(struct slip_session *s) {
  if (link_deadline_due(s))
    return true;
  if (s->now < s->heartbeat_at)
    return false;
  send_heartbeat(s);
  return true;
}
