/* The heartbeat of a session: see session_private.h for what its files share. Phoenix.js's, counted
 * from the last answer. */
#include "core/session_private.h"

void slip_session_schedule_heartbeat(struct slip_session *s) {
  uint32_t interval = s->config->heartbeat_interval_msec;
  s->heartbeat_at = interval > 0 ? s->now + interval : SLIP_NEVER;
}

static enum slip_err request_heartbeat(struct slip_session *s) {
  char ref[24];
  struct slip_pending_entry entry = {
      .ref = s->next_ref,
      .deadline = s->now + s->config->heartbeat_timeout_msec,
      .kind = SLIP_PENDING_HEARTBEAT,
  };
  struct slip_message message = {
      .kind = SLIP_MESSAGE_PUSH,
      .ref = slip_session_ref_text(s->next_ref, ref),
      .topic = SLIP_SPAN("phoenix"),
      .event = SLIP_SPAN("heartbeat"),
      .payload = {SLIP_JSON, SLIP_SPAN("{}")},
  };
  enum slip_err err = slip_session_request(s, &message, &entry);
  if (err != SLIP_OK)
    return err;
  s->next_ref++;
  s->awaits_heartbeat = true;
  s->heartbeat_began = (uint32_t)s->now;
  s->heartbeat_at = SLIP_NEVER;
  if (s->config->sent != NULL)
    s->config->sent->heartbeats++;
  slip_session_mention(s, &(struct slip_event){.kind = SLIP_EVENT_HEARTBEAT_SENT});
  return SLIP_OK;
}

void slip_session_send_heartbeat(struct slip_session *s) {
  enum slip_err err = request_heartbeat(s);
  if (err == SLIP_OK)
    return;
  slip_session_schedule_heartbeat(s); /* another time, then */
  if (err == SLIP_ESCRIPT)
    slip_session_note_unwritten(s, err);
}

enum slip_err slip_session_ping(struct slip_session *s) {
  if (s->link != LINK_OPEN)
    return SLIP_ECLOSED;
  if (s->awaits_heartbeat)
    return SLIP_ESTATE;
  if (slip_session_is_full(s, 0))
    return SLIP_EFULL;
  return request_heartbeat(s);
}

void slip_session_got_heartbeat(struct slip_session *s) {
  s->awaits_heartbeat = false;
  slip_session_schedule_heartbeat(s);
  slip_session_tell(s, &(struct slip_event){.kind = SLIP_EVENT_HEARTBEAT,
                                            .wait_msec = (uint32_t)s->now - s->heartbeat_began});
}

void slip_session_heartbeat_missed(struct slip_session *s) {
  struct slip_reason reason = {.kind = SLIP_REASON_HEARTBEAT_TIMEOUT,
                               .code = SLIP_WS_NORMAL,
                               .text = SLIP_SPAN("heartbeat timeout")};
  if (s->link == LINK_OPEN)
    slip_session_fail_link(s, SLIP_WS_NORMAL, &reason);
}
