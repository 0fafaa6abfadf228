#ifndef SLIP_SPEC_OWNER_H
#define SLIP_SPEC_OWNER_H
/*
 * Owner: the owner of a stream in specs; remembers what it heard.
 *
 * `owner_clear` frees what it keeps; it does not close the stream.
 */
#include "core/buf.h"
#include "net/dial.h"

struct owner {
  struct slip_stream *stream;
  struct slip_buf heard; /* "tcp opened drained ended " … in order; `received` is only in `bytes` */
  struct slip_buf bytes; /* what was received */
  char room[1];          /* for specs whose handler has a `room` */
  bool is_open;
  bool is_drained;
  bool has_ended;
  enum slip_reason_kind kind; /* of the end, as are the next two */
  enum slip_stage stage;
  struct slip_buf text;
  /* Closes the stream from inside this handler function ("opened", "received", …). */
  const char *close_at;
  bool is_graceful; /* how it then closes */
};

extern const struct slip_stream_handler owner_handler;

void owner_close(struct owner *owner, bool is_graceful);
void owner_clear(struct owner *owner);

#endif
