#ifndef SLIP_CORE_SESSION_H
#define SLIP_CORE_SESSION_H
/*
 * Session: one Phoenix socket over its whole life, through as many connections as it
 * takes: the upgrade, frames, heartbeat, topics, pending replies, reconnect and rejoin.
 *
 * Pure. It takes bytes, news of the link, requests and the time; it answers with bytes to
 * send (`outbox`) and actions (`next`). It calls nobody. The shell's part is:
 *
 *   tick(now) before any other call; then the input; then `next` until it answers false,
 *   doing what it says; then send the outbox; then wake up at `deadline`.
 *
 * A request made while `next` is being drained (a script pushes inside a callback) only
 * lengthens the queue. The session owns its buffers and tables; while idle, next to nothing.
 */
#include "core/backoff.h"
#include "core/luck.h"
#include "core/message.h"
#include "core/pending.h"
#include "core/reason.h"
#include "core/upgrade.h"

/* How messages are compressed; nothing is while the offer is off, or not taken up. */
struct slip_session_compress {
  struct slip_extension offer;
  uint8_t level;      /* zlib's, 1 to 9 */
  uint32_t threshold; /* shorter messages go as they are */
};

/* How many messages were sent that no script pushed. */
struct slip_sent {
  uint64_t joins;
  uint64_t leaves;
  uint64_t heartbeats;
};

/* What the numbers of `connect` become; the defaults are those of docs/api.md. */
struct slip_session_config {
  uint32_t heartbeat_interval_msec; /* 0: no heartbeat but those of `ping` */
  uint32_t heartbeat_timeout_msec;  /* as all time-outs 1 or more: at 0 no answer is in time */
  uint32_t connect_timeout_msec;
  uint32_t join_timeout_msec;
  uint32_t push_timeout_msec;
  uint32_t write_timeout_msec; /* the shell keeps it: how long the link may take nothing of a full
                                  outbox before `link_stalled` is due */
  uint32_t stable_after_msec;
  size_t max_message_bytes;
  size_t max_queue_bytes;       /* of what is to be sent and of what is buffered, together */
  uint32_t max_buffered_pushes; /* 1 to SLIP_BUFFERED_PUSHES_MAX */
  bool rejoin_on_reconnect;
  enum slip_vsn vsn;
  struct slip_codec *codec; /* NULL: what `vsn` says. Borrowed */
  struct slip_sent *sent;   /* counts for all sessions that have it; NULL: nobody does. Borrowed */
  struct slip_session_compress compress;
  struct slip_backoff reconnect;
  struct slip_backoff rejoin;
};
extern const struct slip_session_config slip_session_defaults;

enum slip_event_kind {
  SLIP_EVENT_CONNECT_DUE,  /* an attempt is due: answer with `dial`; `attempt`, `reason` the last
                              one's */
  SLIP_EVENT_REDIRECTED,   /* the server sends us elsewhere: answer with `dial`, or `dial_failed`;
                              `attempt`, `reason` its refusal, with a Location in the headers */
  SLIP_EVENT_CONNECTED,    /* the 101 arrived */
  SLIP_EVENT_DISCONNECTED, /* lost, closed or never made: `reason` */
  SLIP_EVENT_RECONNECT_SCHEDULED, /* in `wait_msec`, attempt number `attempt`; `is_flapping` */
  SLIP_EVENT_JOIN_DUE,            /* a join may go out: answer with `send_join`; `topic` */
  SLIP_EVENT_JOINED,              /* `topic`, `payload` the response */
  SLIP_EVENT_TOPIC_CLOSED,        /* `topic`, `reason`, `payload` (refused: the response; crashed:
                                     phx_error's) */
  SLIP_EVENT_REJOIN_SCHEDULED,    /* `topic` in `wait_msec`, attempt number `attempt` */
  SLIP_EVENT_LEFT,                /* `topic` */
  SLIP_EVENT_MESSAGE,             /* `topic`, `name`, `payload` */
  SLIP_EVENT_REPLY, /* `topic`, `ref`, `name` the status, `payload`, `wait_msec` since the push;
                       see also `reason`. Without an answer there is no `topic` */
  SLIP_EVENT_HEARTBEAT_SENT,
  SLIP_EVENT_HEARTBEAT, /* acknowledged after `wait_msec` */
  SLIP_EVENT_WRITABLE,  /* the queue has room again, after a push was refused for the want of it */
  SLIP_EVENT_DROPPED,   /* a frame was not for us any more: `topic`, `name`; for logs */
  SLIP_EVENT_COUNT
};

#define SLIP_WAIT_LONG UINT32_MAX

/* Spans are borrowed until the next call on the session. Only what the kind names is filled, the
 * rest is zero. */
struct slip_event {
  enum slip_event_kind kind;
  uint32_t attempt;
  uint32_t wait_msec; /* of a REPLY SLIP_WAIT_LONG when that is longer than it knows */
  bool is_flapping;   /* connections come and go so fast that the wait is the longest step */
  uint64_t ref;
  struct slip_span topic;
  struct slip_span name;
  struct slip_payload payload; /* `bytes` absent: none */
  const struct slip_reason
      *reason; /* of a REPLY: why there is none (status "timeout" or "error"); else NULL */
};

enum slip_action_kind {
  SLIP_DO_DIAL,  /* open a link to what `dial` was given; answer with `link_up` or `link_lost` */
  SLIP_DO_CLOSE, /* end the link: what is in the outbox first, then FIN; no `link_lost` is wanted */
  SLIP_DO_ABORT, /* end the link at once, whatever is unsent; no `link_lost` is wanted */
  SLIP_DO_TELL,  /* tell the script `event` */
};

struct slip_action {
  enum slip_action_kind kind;
  struct slip_event event;
};

struct slip_session; /* opaque */

/* `config` and `luck` are borrowed for the session's life. SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_session_new(const struct slip_session_config *config,
                                            struct slip_luck *luck, struct slip_session **out);
void slip_session_free(struct slip_session *s); /* NULL is fine; tells nobody */
/* What it was made with. */
const struct slip_session_config *slip_session_config(const struct slip_session *s);

/* Time. */
/* The monotonic time in msec, before any other call. What is due by it is done in `next`. */
void slip_session_tick(struct slip_session *s, uint64_t now);
/* When to tick next, at the latest; SLIP_NEVER when nothing is due ever. */
uint64_t slip_session_deadline(const struct slip_session *s);

/* The connection. */
/* A connection is wanted: CONNECT_DUE comes with the next `next`. SLIP_ESTATE: there is one or one
 * is being made. */
SLIP_CHECKED enum slip_err slip_session_connect(struct slip_session *s);
/* The same after the back-off, which is at least `at_least_msec` and what the last end asks for
 * (close_policy.h), and the longest step while connections flap (breaker.h). While one is
 * scheduled: SLIP_OK, nothing changes. */
SLIP_CHECKED enum slip_err slip_session_reconnect(struct slip_session *s, uint32_t at_least_msec);
/*
 * The answer to CONNECT_DUE and REDIRECTED: copies the upgrade request and lets DO_DIAL follow. The
 * nonce is the session's own. connect_timeout_msec is for all the links of an attempt together.
 * SLIP_ESTATE: none is due any more. SLIP_EINVAL with *fault: see slip_upgrade_write.
 */
SLIP_CHECKED enum slip_err slip_session_dial(struct slip_session *s,
                                             const struct slip_upgrade_request *request,
                                             const char **fault);
/* The same when it cannot be dialled: the attempt failed with this reason (texts copied). After
 * REDIRECTED it failed with the server's refusal, of which this reason's text says why it was not
 * followed. */
void slip_session_dial_failed(struct slip_session *s, const struct slip_reason *reason);
/*
 * The closing handshake, or the end of an attempt or a scheduled one. The outcome is DISCONNECTED
 * with CLOSED_BY_CLIENT; pushes after it are refused, and those that are buffered end. Does nothing
 * else when there is nothing to close.
 * A text over 123 bytes is cut between characters, in the reason as well.
 * SLIP_EINVAL: a code that may not be sent. SLIP_EUTF8.
 */
SLIP_CHECKED enum slip_err slip_session_disconnect(struct slip_session *s, uint16_t code,
                                                   struct slip_span text);
bool slip_session_is_connected(const struct slip_session *s);
/* For how long the connection of the last attempt has been open, or was until its end just now.
 * False: it never was. */
bool slip_session_uptime(const struct slip_session *s, uint64_t *msec);
/* No link, none being made, none scheduled, and DISCONNECTED of the last one is told. */
bool slip_session_is_idle(const struct slip_session *s);

/* News of the link that DO_DIAL asked for. */
/* What the calendar says at the time of the last tick, in seconds since 1970: a server may say by
 * it when to come again. */
void slip_session_set_calendar(struct slip_session *s, int64_t seconds);
/* The dial waits for its turn: CONNECT_TIMEOUT at stage "queue" when that takes longer than
 * SLIP_QUEUE_TIMEOUT_MSEC. */
void slip_session_link_queued(struct slip_session *s);
/* Its turn has come: connect_timeout_msec counts from now on. False: it was given up before, and
 * nothing is to be dialled. */
bool slip_session_link_begun(struct slip_session *s);
/* Until then the outbox, which has the request, stays as it is. */
void slip_session_link_up(struct slip_session *s);
/* `stage` moves on while the link is made, so that a time-out can name it. */
void slip_session_link_stage(struct slip_session *s, enum slip_stage stage);
/*
 * The link ended by itself: CONNECT_FAILED or CONNECTION_LOST with text, or end of stream
 * (CONNECTION_LOST without text). Texts are copied. Nothing is told of a link that the session gave
 * up before.
 */
void slip_session_link_lost(struct slip_session *s, const struct slip_reason *reason);
/* The peer took nothing of a full outbox for write_timeout_msec: aborts with WRITE_STALLED, or, in
 * the closing handshake, with the reason of that. */
void slip_session_link_stalled(struct slip_session *s);
/* Bytes came. They are read by the calls of `next` that follow, which must go on to false before
 * the bytes go away. */
void slip_session_feed(struct slip_session *s, struct slip_span bytes);

/* Where those that come next had best be, *size of them at most, so that they need not be copied;
 * they are fed as all others are. Borrowed until the next call on the session. NULL: anywhere. */
char *slip_session_room(struct slip_session *s, size_t *size);

/* Topics. Events tell the outcome. */
/* `topic` is wanted: joined when the link is open, again after each reconnect. SLIP_EUTF8,
 * SLIP_ETOOBIG (SLIP_TOPICS_MAX topics, or a name over 64 KiB), SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_session_join(struct slip_session *s, struct slip_span topic);
/* The answer to JOIN_DUE. SLIP_ESTATE: not due any more (left, or the link is gone). SLIP_EFULL,
 * SLIP_ESCRIPT (the codec's), SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_session_send_join(struct slip_session *s, struct slip_span topic,
                                                  struct slip_payload payload);
/* The answer to JOIN_DUE when there are no params to be had: the topic closes without an event. */
void slip_session_drop_join(struct slip_session *s, struct slip_span topic);
/* Again after the topic's back-off. SLIP_ESTATE: never joined. */
SLIP_CHECKED enum slip_err slip_session_rejoin(struct slip_session *s, struct slip_span topic);
SLIP_CHECKED enum slip_err slip_session_leave(struct slip_session *s, struct slip_span topic);

enum slip_join_status { SLIP_JOIN_NONE, SLIP_JOIN_REQUESTED, SLIP_JOIN_JOINED, SLIP_JOIN_CLOSED };
enum slip_join_status slip_session_join_status(const struct slip_session *s,
                                               struct slip_span topic);
/* The joined topics, one a call; *place is 0 at first. False: there are no more. The name is
 * borrowed until the next call on the session other than this. */
bool slip_session_next_joined(const struct slip_session *s, uint32_t *place,
                              struct slip_span *topic);

struct slip_push {
  struct slip_span topic;
  struct slip_span event;
  struct slip_payload payload;
  uint32_t timeout_msec; /* 0: push_timeout_msec */
  bool may_wait;         /* for the topic to be joined, if that is under way or will be */
};
/*
 * Sends a push; REPLY with *ref follows in every case, or its time-out. SLIP_ECLOSED: not
 * connected. SLIP_ESTATE: topic not joined. SLIP_EFULL: max_queue_bytes, max_buffered_pushes or
 * SLIP_PENDING_MAX; WRITABLE follows once the queue has fallen to half of each, and so far that
 * this push fits in. SLIP_EUTF8. SLIP_ETOOBIG: a binary push with a field over 255 bytes.
 * SLIP_EINVAL: binary in vsn 1. SLIP_ESCRIPT: the codec's. SLIP_ENOMEM.
 *
 * One that may wait is kept while its topic is on its way (SLIP_JOIN_REQUESTED), with the link or
 * without, and goes out right after the join's answer, in order and before all that is pushed when
 * JOINED is told. It is sent at most once, under *ref, which no frame had before, and never after
 * its time-out, which counts from this call. The loss of the link, a crash, a refused join and a
 * join that times out leave it waiting, as in phoenix.js; a leave, phx_close, a loss that the topic
 * does not come back from (rejoin_on_reconnect) and `disconnect` end it. SLIP_ECLOSED is then only
 * said by a session that was disconnected and has not been asked to connect again.
 */
SLIP_CHECKED enum slip_err slip_session_push(struct slip_session *s, const struct slip_push *push,
                                             uint64_t *ref);
/* Gives up one push that no REPLY has been told of: true and its ref. For a session that is about
 * to be freed: nothing is told of it any more. */
bool slip_session_take_unanswered(struct slip_session *s, uint64_t *ref);
/* Whether a push with a ref below `before` was sent and waits for its answer. */
bool slip_session_awaits_reply(const struct slip_session *s, uint64_t before);
/*
 * Sends a heartbeat now; HEARTBEAT follows, or the link ends as for any other that is not answered.
 * The next regular one counts from its answer; where there are none, none begin. SLIP_ECLOSED: not
 * connected. SLIP_ESTATE: one is under way already, and its HEARTBEAT will come. SLIP_EFULL:
 * max_queue_bytes or SLIP_PENDING_MAX. SLIP_ESCRIPT: the codec's. SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_session_ping(struct slip_session *s);
/*
 * The last event's payload could not be decoded (`text` says why): the server breaks the protocol,
 * so the connection is closed with `code` and PROTOCOL_ERROR.
 */
void slip_session_fail(struct slip_session *s, uint16_t code, struct slip_span text);

/* Answers. */
/* The next action; false when dry. The action's spans hold until the next call on the session. */
bool slip_session_next(struct slip_session *s, struct slip_action *out);
/* How many messages came in the session's life: replies of all kinds, phx_close and phx_error, and
 * those for topics that are not joined any more, too. */
uint64_t slip_session_messages(const struct slip_session *s);
/* How many pushes were sent in the session's life. */
uint64_t slip_session_pushes(const struct slip_session *s);
/* The ref of what is sent next, 1 at first. */
uint64_t slip_session_next_ref(const struct slip_session *s);
/* For one that follows another session, before it sends anything: its refs go on where those were.
 */
void slip_session_set_next_ref(struct slip_session *s, uint64_t ref);
/* How many pushes are buffered now. */
uint32_t slip_session_buffered(const struct slip_session *s);
/* Bytes to send, borrowed until the next call; `sent` takes what the link accepted off the front.
 */
struct slip_span slip_session_outbox(const struct slip_session *s);
void slip_session_sent(struct slip_session *s, size_t count);

#endif
