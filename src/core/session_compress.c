/* Compressed messages of a session: see session_private.h for what its files share. */
#include "core/session_private.h"

enum slip_err slip_session_begin_compression(struct slip_session *s,
                                             const struct slip_extension *terms) {
  if (!terms->is_on)
    return SLIP_OK;
  enum slip_err err = slip_deflate_new(terms, s->config->compress.level, &s->deflate);
  if (err == SLIP_OK)
    slip_ws_reader_allow_compressed(&s->reader);
  return err;
}

enum slip_err slip_session_pack(struct slip_session *s, size_t place) {
  struct slip_span payload = slip_ws_frame_payload(&s->outbox, place);
  struct slip_span packed;
  if (payload.size < s->config->compress.threshold)
    return SLIP_OK;
  enum slip_err err = slip_deflate_pack(s->deflate, payload, &packed);
  if (err == SLIP_OK)
    err = slip_ws_frame_compress(&s->outbox, place, packed);
  if (err != SLIP_OK)
    slip_deflate_forget(s->deflate);
  return err;
}

/* Text can be checked now at last. */
static enum slip_err check_text(const struct slip_ws_message *message, const char **fault) {
  if (message->kind != SLIP_WS_TEXT || slip_utf8_is_valid(message->data))
    return SLIP_OK;
  *fault = "text that is not UTF-8";
  return SLIP_EUTF8;
}

enum slip_err slip_session_unpack(struct slip_session *s, struct slip_ws_message *message,
                                  const char **fault) {
  size_t max = s->config->max_message_bytes;
  enum slip_err err = slip_deflate_unpack(s->deflate, message->data, max, &message->data);
  if (err == SLIP_OK)
    return check_text(message, fault);
  *fault = err == SLIP_ETOOBIG  ? "a compressed message over the limit"
           : err == SLIP_ENOMEM ? "no memory for a message"
                                : "a message that cannot be decompressed";
  return err;
}
