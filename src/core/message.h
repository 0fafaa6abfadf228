#ifndef SLIP_CORE_MESSAGE_H
#define SLIP_CORE_MESSAGE_H
/*
 * Message: Phoenix channel messages, as Phoenix.Socket.V1.JSONSerializer and
 * Phoenix.Socket.V2.JSONSerializer put them on the wire, text and binary, in both
 * directions (the embedded server reads and writes them too).
 *
 * Pure; owns nothing. Payloads stay as they came: JSON text or bytes.
 */
#include "core/buf.h"

enum slip_vsn { SLIP_VSN_1, SLIP_VSN_2 };
enum slip_format { SLIP_JSON, SLIP_BINARY };
/* Who sent it: binary kind 0 has a ref from a client and none from a server. */
enum slip_sender { SLIP_FROM_CLIENT, SLIP_FROM_SERVER };

struct slip_codec;

struct slip_wire {
  enum slip_vsn vsn;
  enum slip_sender sender;
  struct slip_codec *codec; /* how messages go instead; NULL: as the vsn says */
};

/* What the head of a message may take, in front of a payload that is sent where it lies. */
#define SLIP_PAYLOAD_GAP 1024u

struct slip_payload {
  enum slip_format format;
  struct slip_span bytes; /* JSON text, or the bytes themselves */
  /* What is known of a received text: a plain stretch (plain.h) with which a string in `bytes`
   * begins. Absent: nothing is. */
  struct slip_span plain;
  /* Of a payload to be sent that lies at the end of this buffer, SLIP_PAYLOAD_GAP bytes or more
   * from its beginning: a large one may be taken out of it instead of copied. NULL: it is copied.
   */
  struct slip_buf *lent;
};

enum slip_message_kind {
  SLIP_MESSAGE_PUSH,      /* a client's, or a server's to one join */
  SLIP_MESSAGE_REPLY,     /* event phx_reply */
  SLIP_MESSAGE_BROADCAST, /* a server's to all of the topic */
};

/* Absent refs have `at == NULL`; on the wire null, or in vsn 1 not there at all. */
struct slip_message {
  enum slip_message_kind kind;
  struct slip_span join_ref;
  struct slip_span ref;
  struct slip_span topic;
  struct slip_span event;      /* "phx_reply" for a REPLY */
  struct slip_span status;     /* REPLY only; any string */
  struct slip_payload payload; /* of a REPLY: its response ("null" when it had none) */
};

/*
 * Another serializer than Phoenix's: it stands in the place of the two functions below, does what
 * they do, and is borrowed by who has it in a wire. It is a function of its arguments: it must not
 * call who asks it. What the script gives as payloads comes to it as SLIP_BINARY, whatever that
 * means to it; JSON is of our own, and always "{}". SLIP_ESCRIPT: it cannot, and knows why.
 */
struct slip_codec {
  enum slip_err (*read)(struct slip_codec *codec, struct slip_payload in, struct slip_buf *scratch,
                        struct slip_message *out, const char **fault);
  enum slip_err (*write)(struct slip_codec *codec, const struct slip_message *message,
                         struct slip_buf *out, enum slip_format *format);
  const char *fault; /* after SLIP_ESCRIPT: why, until the next time */
};

/*
 * Reads a message from the payload of one WebSocket message: `in.format` says whether that was
 * text or binary; `in.plain` may be any plain stretch of it. Text is UTF-8 already, as WebSocket
 * asks for. Integer refs are read as their digits, an empty ref of a binary message as absent;
 * elements behind the fifth are passed over, as Phoenix does (recording malformed_shape in
 * spec/replay). What a server of vsn 1 sends without a ref is a BROADCAST: there is no telling.
 * Spans are borrowed from `in`, or from `scratch` where a string had escapes, until either changes;
 * `scratch` is emptied first and has no maximum. SLIP_EMALFORMED with *fault in words, static.
 * SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_message_read(struct slip_wire wire, struct slip_payload in,
                                             struct slip_buf *scratch, struct slip_message *out,
                                             const char **fault);
/*
 * Appends the message to `out` and says by *format how it must be sent: binary when its payload is,
 * else text. A JSON payload is copied as it is: the caller vouches for it. A client writes nothing
 * but PUSH. The ref of a server's binary push, and a server's join_ref in vsn 1, are left out: the
 * formats have no place for them. Nothing is appended on failure.
 * SLIP_EUTF8: topic, event, status or a ref. SLIP_ETOOBIG: a field over 255 bytes in a binary
 * message, or the maximum of `out`. SLIP_EINVAL: a binary payload in vsn 1. SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_message_write(struct slip_wire wire,
                                              const struct slip_message *message,
                                              struct slip_buf *out, enum slip_format *format);

#endif
