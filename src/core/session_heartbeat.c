/* The heartbeat of a session: see session_private.h for what its files share. Phoenix.js's, counted
 * from the last answer. */
#include "core/session_private.h"

void slip_session_send_heartbeat(struct slip_session *s) {
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
  if (slip_session_request(s, &message, &entry) != SLIP_OK)
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
