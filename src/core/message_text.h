#ifndef SLIP_CORE_MESSAGE_TEXT_H
#define SLIP_CORE_MESSAGE_TEXT_H
/*
 * Message_text: the text half of message.h, which alone uses it and says what holds here too.
 *
 * Pure; owns nothing.
 */
#include "core/message.h"

/* Like slip_message_read; `scratch` is empty. */
SLIP_CHECKED enum slip_err slip_message_text_read(struct slip_wire wire, struct slip_payload in,
                                                  struct slip_buf *scratch,
                                                  struct slip_message *out, const char **fault);
/* Like slip_message_write, for a JSON payload. */
SLIP_CHECKED enum slip_err slip_message_text_write(struct slip_wire wire,
                                                   const struct slip_message *message,
                                                   struct slip_buf *out);

#endif
