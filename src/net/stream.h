#ifndef SLIP_NET_STREAM_H
#define SLIP_NET_STREAM_H
/*
 * Stream: what a connection speaks through: bytes in, bytes out, an end. TCP, TLS and memory
 * are its makers (dial.h).
 *
 * A stream belongs to who dialled it, until `close`, which is always owed, also after
 * `ended`; it then frees itself when the loop has let go of it, and says nothing more.
 */
#include "core/reason.h"

struct slip_stream;

/* What the owner hears. Never from inside a call that the owner makes on the stream. */
struct slip_stream_handler {
  void (*stage)(void *owner, enum slip_stage stage); /* the next stage of the making begins */
  void (*opened)(void *owner);
  /* Borrowed until it returns. The owner may close the stream from inside. */
  void (*received)(void *owner, struct slip_span bytes);
  void (*drained)(void *owner); /* after a short write: more will be taken now */
  /* Once: CONNECT_FAILED with stage and text, or CONNECTION_LOST (no text: the peer ended it in
   * good order). */
  void (*ended)(void *owner, const struct slip_reason *reason);
  /* Where the next bytes had best be received, *size of them at most, 1 or more; NULL: anywhere. It
   * may itself be NULL. */
  char *(*room)(void *owner, size_t *size);
};

/* The makers' table. */
struct slip_stream_ops {
  size_t (*write)(struct slip_stream *stream, struct slip_span bytes);
  void (*close)(struct slip_stream *stream, bool is_graceful);
};

struct slip_stream {
  const struct slip_stream_ops *ops;
  const struct slip_stream_handler *handler;
  void *owner;
};

/*
 * Hands bytes over, as many as are taken without waiting: a short count means that the peer (or our
 * bound on what waits, 64 KiB) is full, and `drained` follows. An error comes as `ended`, never
 * from here.
 */
static inline size_t slip_stream_write(struct slip_stream *stream, struct slip_span bytes) {
  return stream->ops->write(stream, bytes);
}

/*
 * Lets go. Graceful: what was taken is sent, then (TLS close_notify and) FIN, and the rest is
 * discarded unread until the peer ends too, at most SLIP_CLOSE_TIMEOUT_MSEC; otherwise the
 * connection ends at once (RST if bytes are unsent).
 */
static inline void slip_stream_close(struct slip_stream *stream, bool is_graceful) {
  stream->ops->close(stream, is_graceful);
}

#endif
