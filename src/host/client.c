#include "host/client.h"

#include "net/target.h"

#include <stdlib.h>

/* Its turn to dial: from DO_DIAL until the connection is open or the attempt has ended. */
struct turn {
  struct slip_client *client;
  struct slip_pass pass;
  bool has_come;
};

struct slip_client {
  struct slip_loop *loop;
  struct slip_session *session;
  const struct slip_handler *handler;
  void *owner;
  struct slip_stream *stream; /* from DO_DIAL to its end; NULL otherwise */
  struct slip_target *target; /* owned; until DO_DIAL, NULL otherwise */
  struct slip_timer timer;
  struct slip_mark mark;
  struct turn *turn;  /* owned; NULL when there is none */
  uint64_t stalls_at; /* when a blocked write becomes a stall; SLIP_NEVER while it flows */
  uint64_t bytes_in;
  uint64_t bytes_out;
  uint32_t connects;
  bool is_open;     /* the stream takes bytes */
  bool is_draining; /* inside `drain`: events are being told */
  bool is_closed;   /* closed from inside an event: freed when the draining is over */
};

static const struct slip_stream_handler stream_handler;

static void timer_due(struct slip_timer *timer) {
  struct slip_client *c =
      (struct slip_client *)((char *)timer - offsetof(struct slip_client, timer));
  slip_loop_mark(c->loop, &c->mark);
}

/* Its turn to dial. */

static void on_admitted(struct slip_pass *pass) {
  struct turn *turn = (struct turn *)((char *)pass - offsetof(struct turn, pass));
  turn->has_come = true;
  slip_loop_mark(turn->client->loop, &turn->client->mark);
}

static void end_turn(struct slip_client *c) {
  if (c->turn == NULL)
    return;
  slip_turnstile_leave(slip_loop_turnstile(c->loop), &c->turn->pass);
  free(c->turn);
  c->turn = NULL;
}

static struct turn *new_turn(struct slip_client *c) {
  struct turn *turn = calloc(1, sizeof *turn);
  if (turn == NULL)
    return NULL;
  turn->client = c;
  turn->pass.admit = on_admitted;
  return turn;
}

/* The stream. */

static void let_go(struct slip_client *c, bool is_graceful) {
  end_turn(c);
  if (c->stream == NULL)
    return;
  slip_stream_close(c->stream, is_graceful);
  c->stream = NULL;
  c->is_open = false;
  c->stalls_at = SLIP_NEVER;
}

static void fail_dial(struct slip_client *c, enum slip_err err) {
  struct slip_reason reason = {.kind = SLIP_REASON_CONNECT_FAILED,
                               .stage = SLIP_STAGE_TCP,
                               .text = slip_span_of(slip_err_text(err))};
  end_turn(c);
  slip_session_link_lost(c->session, &reason);
}

static void forget_target(struct slip_client *c) {
  slip_target_free(c->target);
  c->target = NULL;
}

static void dial(struct slip_client *c) {
  slip_session_set_calendar(c->session, slip_loop_calendar(c->loop));
  struct slip_net *net = slip_loop_net(c->loop);
  enum slip_err err = net->dial(net, c->target, &stream_handler, c, &c->stream);
  forget_target(c);
  if (err == SLIP_OK)
    return;
  c->stream = NULL;
  fail_dial(c, err);
}

static void ask_to_dial(struct slip_client *c) {
  let_go(c, false); /* nothing, unless there was no memory to say that the last one ended */
  c->turn = new_turn(c);
  if (c->turn == NULL)
    fail_dial(c, SLIP_ENOMEM);
  else if (slip_turnstile_ask(slip_loop_turnstile(c->loop), &c->turn->pass))
    dial(c);
  else
    slip_session_link_queued(c->session);
}

static void dial_admitted(struct slip_client *c) {
  c->turn->has_come = false;
  if (slip_session_link_begun(c->session))
    dial(c);
  else
    end_turn(c);
}

/* All that has gathered leaves in one write; what is not taken starts the clock of a stall. */
static void flush(struct slip_client *c) {
  struct slip_span bytes = slip_session_outbox(c->session);
  if (c->stream == NULL || !c->is_open || bytes.size == 0)
    return;
  size_t taken = slip_stream_write(c->stream, bytes);
  c->bytes_out += taken;
  if (taken > 0) {
    slip_session_sent(c->session, taken);
    c->stalls_at = SLIP_NEVER;
  }
  if (taken < bytes.size && c->stalls_at == SLIP_NEVER)
    c->stalls_at = slip_loop_now(c->loop) + slip_session_config(c->session)->write_timeout_msec;
}

static void close_link(struct slip_client *c) {
  flush(c);
  slip_session_sent(c->session, slip_session_outbox(c->session).size);
  let_go(c, true);
}

/* The session's orders. */

static void tell(struct slip_client *c, const struct slip_event *event) {
  if (event->kind == SLIP_EVENT_CONNECTED) {
    c->connects++;
    end_turn(c);
  }
  struct slip_meter *meter = slip_loop_meter(c->loop);
  if (meter != NULL)
    slip_meter_note(meter, event);
  c->handler->event(c->owner, event);
}

static void carry_out(struct slip_client *c, const struct slip_action *action) {
  switch (action->kind) {
  case SLIP_DO_DIAL:
    ask_to_dial(c);
    break;
  case SLIP_DO_CLOSE:
    close_link(c);
    break;
  case SLIP_DO_ABORT:
    let_go(c, false);
    break;
  case SLIP_DO_TELL:
    tell(c, &action->event);
    break;
  }
}

static void free_client(struct slip_client *c) {
  slip_client_count(c, slip_loop_tally(c->loop));
  let_go(c, false);
  slip_loop_unset_timer(c->loop, &c->timer);
  slip_loop_unmark(c->loop, &c->mark);
  slip_configs_release(slip_loop_configs(c->loop), slip_session_config(c->session));
  slip_session_free(c->session);
  forget_target(c);
  free(c);
}

/* False: the client is gone. */
static bool drain(struct slip_client *c) {
  struct slip_action action;
  c->is_draining = true;
  while (!c->is_closed && slip_session_next(c->session, &action)) {
    slip_loop_luck(c->loop); /* topped up for what comes next */
    carry_out(c, &action);
  }
  c->is_draining = false;
  if (!c->is_closed)
    return true;
  free_client(c);
  return false;
}

/* A deadline that moves away, as with every push that is answered, leaves the timer where it is: it
 * comes too early then, once, and is set anew. */
static void set_timer(struct slip_client *c) {
  uint64_t deadline = slip_session_deadline(c->session);
  if (c->stalls_at < deadline)
    deadline = c->stalls_at;
  if (deadline == SLIP_NEVER)
    slip_loop_unset_timer(c->loop, &c->timer);
  else if (deadline < c->timer.deadline || c->timer.place == 0)
    if (slip_loop_set_timer(c->loop, &c->timer, deadline) != SLIP_OK)
      slip_loop_mark(c->loop, &c->mark); /* no memory for a timer: look again next turn */
}

/* Does what there is to do: actions, then everything that is to be sent in one write, then the next
 * wake-up. */
static void work(struct slip_mark *mark) {
  struct slip_client *c = (struct slip_client *)((char *)mark - offsetof(struct slip_client, mark));
  slip_session_tick(c->session, slip_loop_now(c->loop));
  slip_loop_luck(c->loop);
  if (slip_loop_now(c->loop) >= c->stalls_at)
    slip_session_link_stalled(c->session);
  if (c->turn != NULL && c->turn->has_come)
    dial_admitted(c);
  if (!drain(c))
    return;
  flush(c);
  set_timer(c);
}

/* News of the stream. */

static void on_stage(void *owner, enum slip_stage stage) {
  struct slip_client *c = owner;
  slip_session_link_stage(c->session, stage);
}

static void on_opened(void *owner) {
  struct slip_client *c = owner;
  c->is_open = true;
  slip_session_link_up(slip_client_enter(c));
  slip_client_leave(c);
}

static void on_received(void *owner, struct slip_span bytes) {
  struct slip_client *c = owner;
  c->bytes_in += bytes.size;
  slip_session_feed(slip_client_enter(c), bytes);
  if (drain(c)) /* to the end: the bytes are borrowed */
    slip_client_leave(c);
}

static char *find_room(void *owner, size_t *size) {
  struct slip_client *c = owner;
  return slip_session_room(c->session, size);
}

static void on_drained(void *owner) {
  struct slip_client *c = owner;
  c->stalls_at = SLIP_NEVER; /* however late we are: the peer has taken something */
  slip_client_leave(c);
}

static void on_ended(void *owner, const struct slip_reason *reason) {
  struct slip_client *c = owner;
  let_go(c, false);
  slip_session_link_lost(slip_client_enter(c), reason);
  slip_client_leave(c);
}

static const struct slip_stream_handler stream_handler = {
    .stage = on_stage,
    .opened = on_opened,
    .received = on_received,
    .room = find_room,
    .drained = on_drained,
    .ended = on_ended,
};

/* The owner's calls. */

/* The session holds one of the loop's configs, and counts for the loop. */
static enum slip_err new_session(struct slip_loop *loop, const struct slip_session_config *like,
                                 struct slip_session **out) {
  const struct slip_session_config *config;
  struct slip_session_config own = *like;
  own.sent = &slip_loop_tally(loop)->sent;
  enum slip_err err = slip_configs_hold(slip_loop_configs(loop), &own, &config);
  if (err != SLIP_OK)
    return err;
  err = slip_session_new(config, slip_loop_luck(loop), out);
  if (err != SLIP_OK)
    slip_configs_release(slip_loop_configs(loop), config);
  return err;
}

enum slip_err slip_client_new(struct slip_loop *loop, const struct slip_session_config *config,
                              const struct slip_handler *handler, void *owner,
                              struct slip_client **out) {
  struct slip_client *c = calloc(1, sizeof *c);
  if (c == NULL)
    return SLIP_ENOMEM;
  c->loop = loop;
  c->handler = handler;
  c->owner = owner;
  c->stalls_at = SLIP_NEVER;
  c->timer.due = timer_due;
  c->mark.work = work;
  enum slip_err err = new_session(loop, config, &c->session);
  if (err != SLIP_OK) {
    free(c);
    return err;
  }
  *out = c;
  return SLIP_OK;
}

void slip_client_close(struct slip_client *c) {
  if (c == NULL)
    return;
  c->is_closed = true;
  if (!c->is_draining)
    free_client(c);
}

struct slip_session *slip_client_enter(struct slip_client *c) {
  slip_session_tick(c->session, slip_loop_now(c->loop));
  slip_loop_luck(c->loop);
  return c->session;
}

void slip_client_leave(struct slip_client *c) {
  slip_loop_mark(c->loop, &c->mark);
}

enum slip_err slip_client_set_target(struct slip_client *c, const struct slip_target *target) {
  struct slip_target *kept;
  enum slip_err err = slip_target_new(target, &kept);
  if (err != SLIP_OK)
    return err;
  forget_target(c);
  c->target = kept;
  return SLIP_OK;
}

void slip_client_succeed(struct slip_client *c, const struct slip_client *former) {
  slip_session_set_next_ref(c->session, slip_session_next_ref(former->session));
}

struct slip_peer *slip_client_take_peer(struct slip_client *c) {
  return c->stream == NULL ? NULL : slip_memory_take_of(c->stream);
}

void slip_client_stats(const struct slip_client *c, struct slip_client_stats *out) {
  *out = (struct slip_client_stats){
      .queued_bytes = slip_session_outbox(c->session).size,
      .buffered_pushes = slip_session_buffered(c->session),
  };
  slip_client_count(c, &out->tally);
}

static uint64_t count_topics(const struct slip_session *s) {
  struct slip_span topic;
  uint32_t place = 0;
  uint64_t count = 0;
  while (slip_session_next_joined(s, &place, &topic))
    count++;
  return count;
}

void slip_client_add_to(const struct slip_client *c, struct slip_census *census) {
  if (slip_session_is_connected(c->session))
    census->connected++;
  else if (slip_session_is_idle(c->session))
    census->idle++;
  else
    census->connecting++;
  census->topics += count_topics(c->session);
  census->queued_bytes += slip_session_outbox(c->session).size;
  census->buffered_pushes += slip_session_buffered(c->session);
}

void slip_client_count(const struct slip_client *c, struct slip_tally *tally) {
  tally->bytes_in += c->bytes_in;
  tally->bytes_out += c->bytes_out;
  tally->messages_in += slip_session_messages(c->session);
  tally->pushes_out += slip_session_pushes(c->session);
  tally->connects += c->connects;
  tally->reconnects += c->connects > 1 ? c->connects - 1 : 0;
}
