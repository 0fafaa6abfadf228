#include "core/reason.h"

const char *slip_reason_name(enum slip_reason_kind kind) {
  static const char *const names[SLIP_REASON_COUNT] = {
      [SLIP_REASON_CLOSED_BY_REMOTE] = "closed_by_remote",
      [SLIP_REASON_CLOSED_BY_CLIENT] = "closed_by_client",
      [SLIP_REASON_HEARTBEAT_TIMEOUT] = "heartbeat_timeout",
      [SLIP_REASON_WRITE_STALLED] = "write_stalled",
      [SLIP_REASON_MESSAGE_TOO_BIG] = "message_too_big",
      [SLIP_REASON_PROTOCOL_ERROR] = "protocol_error",
      [SLIP_REASON_CONNECT_FAILED] = "connect_failed",
      [SLIP_REASON_CONNECT_TIMEOUT] = "connect_timeout",
      [SLIP_REASON_CONNECTION_LOST] = "connection_lost",
      [SLIP_REASON_FAILED_TO_JOIN] = "failed_to_join",
      [SLIP_REASON_JOIN_TIMEOUT] = "join_timeout",
      [SLIP_REASON_CHANNEL_ERROR] = "channel_error",
      [SLIP_REASON_CHANNEL_CLOSED] = "channel_closed",
      [SLIP_REASON_DISCONNECTED] = "disconnected",
  };
  return names[kind];
}

const char *slip_stage_name(enum slip_stage stage) {
  static const char *const names[SLIP_STAGE_COUNT] = {
      [SLIP_STAGE_QUEUE] = "queue", [SLIP_STAGE_DNS] = "dns", [SLIP_STAGE_TCP] = "tcp",
      [SLIP_STAGE_PROXY] = "proxy", [SLIP_STAGE_TLS] = "tls", [SLIP_STAGE_UPGRADE] = "upgrade",
  };
  return names[stage];
}
