/* Frames that come in: see session_private.h for what the files of a session share. */
#include "core/session_private.h"

#include <inttypes.h>
#include <stdio.h>

enum { FAULT_ROOM = 80 };

/* Not every ping needs its pong (RFC 6455 section 5.5.3): who floods us gets no queue of answers,
 * and does not use up the masks of this call. */
static bool may_answer_ping(const struct slip_session *s, size_t size) {
  return !slip_session_is_full(s, size) && !slip_luck_is_scarce(s->luck);
}

static bool take_message(struct slip_session *s, const struct slip_ws_message *m,
                         struct slip_action *out) {
  switch (m->kind) {
  case SLIP_WS_TEXT:
  case SLIP_WS_BINARY:
    /* who is closing has stopped listening, as phoenix.js has */
    return s->link == LINK_OPEN && slip_session_got_message(s, m, out);
  case SLIP_WS_CLOSE:
    slip_session_got_close(s, m);
    return false;
  case SLIP_WS_PING:
    if (s->link == LINK_OPEN && may_answer_ping(s, m->data.size))
      slip_session_write_control(s, SLIP_WS_PONG, m->data);
    return false;
  case SLIP_WS_PONG:
    return false; /* unsolicited pongs are allowed (RFC 6455 section 5.5.3) */
  }
  return false;
}

/* A header that is refused says how long the message is, or this much of one in pieces. */
static const char *fault_of_reader(const struct slip_ws_reader *r, char room[FAULT_ROOM]) {
  uint64_t size;
  bool is_all;
  if (!slip_ws_reader_refused(r, &size, &is_all))
    return r->fault;
  (void)snprintf(room, FAULT_ROOM, "%s%" PRIu64 " bytes, the limit is %" PRIu32,
                 is_all ? "" : "at least ", size, r->max);
  return room;
}

static void fail_frame(struct slip_session *s, enum slip_err err, const char *fault) {
  uint16_t code = slip_ws_code_for(err);
  struct slip_reason reason = {
      .kind = err == SLIP_ETOOBIG ? SLIP_REASON_MESSAGE_TOO_BIG : SLIP_REASON_PROTOCOL_ERROR,
      .code = code,
      .text = slip_span_of(fault),
  };
  slip_session_fail_link(s, code, &reason);
}

static void fail_reading(struct slip_session *s, enum slip_err err) {
  char room[FAULT_ROOM];
  fail_frame(s, err, fault_of_reader(&s->reader, room));
}

static bool unpack(struct slip_session *s, struct slip_ws_message *message) {
  const char *fault;
  enum slip_err err = slip_session_unpack(s, message, &fault);
  if (err != SLIP_OK)
    fail_frame(s, err, fault);
  return err == SLIP_OK;
}

bool slip_session_read_frame(struct slip_session *s, struct slip_action *out) {
  struct slip_ws_message message;
  bool has;
  enum slip_err err = slip_ws_reader_next(&s->reader, &s->input, &message, &has);
  if (err != SLIP_OK) {
    fail_reading(s, err);
    return false;
  }
  if (!has || (message.is_compressed && !unpack(s, &message)))
    return false;
  return take_message(s, &message, out);
}
