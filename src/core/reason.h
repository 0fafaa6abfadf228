#ifndef SLIP_CORE_REASON_H
#define SLIP_CORE_REASON_H
/*
 * Reason: why a connection or a topic ended (docs/api.md, "Reasons").
 *
 * Pure; owns nothing: texts are borrowed for as long as the event that carries them.
 */
#include "core/span.h"

#include <stdint.h>

enum slip_reason_kind {
  SLIP_REASON_CLOSED_BY_REMOTE,  /* code, text */
  SLIP_REASON_CLOSED_BY_CLIENT,  /* code, text */
  SLIP_REASON_HEARTBEAT_TIMEOUT, /* code, text: what we closed with */
  SLIP_REASON_WRITE_STALLED,
  SLIP_REASON_MESSAGE_TOO_BIG, /* code, text */
  SLIP_REASON_PROTOCOL_ERROR,  /* code, text */
  SLIP_REASON_CONNECT_FAILED,  /* stage, text; refused: status, headers, body */
  SLIP_REASON_CONNECT_TIMEOUT, /* stage */
  SLIP_REASON_CONNECTION_LOST, /* text */
  SLIP_REASON_FAILED_TO_JOIN,  /* of a topic from here on; the response is the event's payload */
  SLIP_REASON_JOIN_TIMEOUT,
  SLIP_REASON_CHANNEL_ERROR, /* the payload is the event's */
  SLIP_REASON_CHANNEL_CLOSED,
  SLIP_REASON_DISCONNECTED,
  SLIP_REASON_COUNT
};

enum slip_stage {
  SLIP_STAGE_NONE,
  SLIP_STAGE_QUEUE, /* too many dials are under way: it waits for its turn */
  SLIP_STAGE_DNS,
  SLIP_STAGE_TCP,
  SLIP_STAGE_PROXY,
  SLIP_STAGE_TLS,
  SLIP_STAGE_UPGRADE,
  SLIP_STAGE_COUNT
};

struct slip_reason {
  enum slip_reason_kind kind;
  enum slip_stage stage;
  uint16_t code;   /* a close code */
  uint16_t status; /* an HTTP status */
  struct slip_span text;
  struct slip_span headers; /* raw lines; see slip_upgrade_header_next */
  struct slip_span body;
};

/* The names that scripts and logs see: "closed_by_remote", "dns". NULL for SLIP_STAGE_NONE. */
const char *slip_reason_name(enum slip_reason_kind kind);
const char *slip_stage_name(enum slip_stage stage);

#endif
