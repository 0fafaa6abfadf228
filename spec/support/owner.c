#include "spec/support/owner.h"

#include "spec/support/check.h"

static void hear(struct owner *owner, const char *what) {
  CHECK_OK(slip_buf_append(&owner->heard, slip_span_of(what)));
  CHECK_OK(slip_buf_append(&owner->heard, SLIP_SPAN(" ")));
}

static void close_if_asked(struct owner *owner, const char *now) {
  if (owner->close_at != NULL && strcmp(owner->close_at, now) == 0)
    owner_close(owner, owner->is_graceful);
}

static void on_stage(void *ud, enum slip_stage stage) {
  hear(ud, slip_stage_name(stage));
  close_if_asked(ud, slip_stage_name(stage));
}

static void on_opened(void *ud) {
  struct owner *owner = ud;
  owner->is_open = true;
  hear(owner, "opened");
  close_if_asked(owner, "opened");
}

static void on_received(void *ud, struct slip_span bytes) {
  struct owner *owner = ud;
  assert_non_null(owner->stream); /* nothing is said after a close */
  CHECK_OK(slip_buf_append(&owner->bytes, bytes));
  close_if_asked(owner, "received");
}

static void on_drained(void *ud) {
  struct owner *owner = ud;
  owner->is_drained = true;
  hear(owner, "drained");
  close_if_asked(owner, "drained");
}

static void on_ended(void *ud, const struct slip_reason *reason) {
  struct owner *owner = ud;
  assert_false(owner->has_ended);
  owner->has_ended = true;
  owner->kind = reason->kind;
  owner->stage = reason->stage;
  CHECK_OK(slip_buf_append(&owner->text, reason->text));
  hear(owner, "ended");
  close_if_asked(owner, "ended");
}

const struct slip_stream_handler owner_handler = {on_stage,   on_opened, on_received,
                                                  on_drained, on_ended,  NULL};

void owner_close(struct owner *owner, bool is_graceful) {
  struct slip_stream *stream = owner->stream;
  owner->stream = NULL;
  slip_stream_close(stream, is_graceful);
}

void owner_clear(struct owner *owner) {
  slip_buf_clear(&owner->heard);
  slip_buf_clear(&owner->bytes);
  slip_buf_clear(&owner->text);
}
