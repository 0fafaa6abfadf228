#ifndef SLIP_CORE_SESSION_PRIVATE_H
#define SLIP_CORE_SESSION_PRIVATE_H
/*
 * Session_private: what the files of the session share, and nobody else sees.
 *
 *   session.c            its life, its clock, the order in which `next` takes things
 *   session_attempt.c    connect, reconnect, dial, upgrade, redirect: how a link comes about
 *   session_link.c       how it ends: lost, failed, or by the closing handshake
 *   session_heartbeat.c
 *   session_topic.c      join, leave, rejoin: carries out what channel.c decides
 *   session_frame.c      frames in: what each kind is for, and what becomes of bad ones
 *   session_message.c    messages in and out
 *   session_push.c       pushes: sent, buffered, refused
 *   session_compress.c   messages on their way through deflate.c
 */
#include "core/breaker.h"
#include "core/deflate.h"
#include "core/push_buffer.h"
#include "core/roster.h"
#include "core/session.h"
#include "core/ws_frame.h"

enum link_state {
  LINK_NONE,
  LINK_SCHEDULED, /* the back-off runs */
  LINK_DUE,       /* CONNECT_DUE is out, unanswered */
  LINK_DIALLING,  /* DO_DIAL is out */
  LINK_UPGRADING, /* the link is up, the request is on its way */
  LINK_OPEN,
  LINK_CLOSING, /* our close frame is on its way, the peer's has not come */
};

struct slip_queued_action {
  struct slip_queued_action *next;
  struct slip_action action;
};

/* Why the last connection ended, or the present one will. Queued actions may point to it. */
struct slip_kept_reason {
  struct slip_reason reason;
  struct slip_buf text;
};

struct slip_session {
  const struct slip_session_config *config;
  struct slip_luck *luck;
  uint64_t now;
  uint64_t next_ref;
  uint64_t messages; /* received, for the statistics */
  uint64_t pushes;   /* sent, likewise */

  uint64_t
      link_deadline; /* of the back-off, the attempt or the closing handshake; else SLIP_NEVER */
  uint64_t heartbeat_at; /* when the next one goes out; SLIP_NEVER while one is unanswered or none
                            are sent */
  uint64_t quiet_since;  /* when the last message came, or the first join after it went out */
  uint64_t connected_at; /* SLIP_NEVER: the last attempt has come to no connection yet */
  uint32_t connect_left_msec; /* for the links of this attempt that are still to come */
  uint32_t attempt;           /* tries since the last stable connection, this one included */
  uint32_t step;              /* steps of the back-off taken since then */
  uint32_t heartbeat_began;   /* when the unanswered one went out: the low half of that time */
  uint64_t not_before;        /* no reconnect before that, by what the last end asks for */
  int64_t calendar;           /* seconds since 1970 when `now` was 0 */
  struct slip_upgrade_reader *upgrade; /* while upgrading */

  struct slip_span input; /* fed, not read yet */
  struct slip_ws_reader reader;
  struct slip_deflate *deflate; /* when the connection's messages may be compressed; else NULL */
  char *unescaped;              /* strings of the last message, when it had escapes; else NULL */
  struct slip_buf outbox;
  struct slip_queued_action *last_action; /* of a ring: the next of the last is the first */

  struct slip_roster roster;
  struct slip_pending pending;
  struct slip_breaker *breaker; /* NULL: no connection was dropped lately */

  struct slip_push_buffer buffer;
  size_t writable_at; /* WRITABLE comes when no more bytes than that are queued */

  struct slip_kept_reason *reason; /* NULL while the link is open, or without memory for it */

  /* What is small stands together, so that nothing is lost between. */
  uint16_t joins;     /* topics that are JOINING, of SLIP_TOPICS_MAX */
  uint16_t redirects; /* followed in this attempt */
  enum link_state link : 8;
  enum slip_stage stage : 8; /* what the making of the link is at, for the reason of a time-out */
  enum slip_reason_kind reason_kind : 8;
  bool has_reason : 1;       /* since the last `connect` */
  bool owes_end : 1;         /* DISCONNECTED is queued, and nobody has it yet */
  bool awaits_heartbeat : 1; /* a heartbeat is unanswered */
  bool is_join_unheard : 1;  /* `quiet_since` is when a join went out */
  bool is_starved : 1;       /* an action could not be queued for want of memory */
  bool is_mute : 1;          /* the codec could not write a message that nobody has asked for */
  bool was_full : 1;         /* a push was refused: WRITABLE is to come */
};

/* session.c */
/* Queues an action; spans in it must hold until it is taken. */
void slip_session_do(struct slip_session *s, enum slip_action_kind kind);
void slip_session_tell(struct slip_session *s, const struct slip_event *event);
/* The same for what nobody depends on: without memory it is not told. */
void slip_session_mention(struct slip_session *s, const struct slip_event *event);

/* session_attempt.c */
/* The back-off is over, or the attempt has taken too long. */
void slip_session_attempt_due(struct slip_session *s);
/* Reads the answer to the upgrade from the input. */
void slip_session_read_upgrade(struct slip_session *s);
/* The link was lost before the answer was whole. */
void slip_session_upgrade_lost(struct slip_session *s, const struct slip_reason *reason);

/* session_link.c */
/* Why the last connection ended, or the present one will; at least its kind. */
const struct slip_reason *slip_session_reason(const struct slip_session *s);
void slip_session_drop_reason(struct slip_session *s);
/* What is due by `now` and belongs to the link; true when something was. */
bool slip_session_link_due(struct slip_session *s);
/* The peer's close frame. */
void slip_session_got_close(struct slip_session *s, const struct slip_ws_message *close);
/* Sends a close frame with that code, ends the link, and tells that it ended for that reason. */
void slip_session_fail_link(struct slip_session *s, uint16_t code,
                            const struct slip_reason *reason);
/* Ends whatever link, attempt or schedule there is at once, and tells that it ended for that
 * reason. */
void slip_session_abort_link(struct slip_session *s, const struct slip_reason *reason);
/* The same, but tells nobody: the attempt goes on with another link. */
void slip_session_drop_link(struct slip_session *s, const struct slip_reason *reason);
/* Writes a control frame; a failure ends the link. */
void slip_session_write_control(struct slip_session *s, enum slip_ws_kind kind,
                                struct slip_span data);

/* session_heartbeat.c */
/* The next one goes out an interval from now, if there are regular ones. */
void slip_session_schedule_heartbeat(struct slip_session *s);
void slip_session_send_heartbeat(struct slip_session *s);
void slip_session_got_heartbeat(struct slip_session *s);
/* No answer to our heartbeat in time. */
void slip_session_heartbeat_missed(struct slip_session *s);

/* session_topic.c */
/* Takes a topic through one transition and does what it asks for. `message` is what caused it, or
 * NULL. */
enum slip_err slip_session_step_topic(struct slip_session *s, struct slip_topic *topic,
                                      enum slip_channel_input input,
                                      const struct slip_message *message);
/* Whether its JOIN_DUE is still to be told, or to be answered. */
bool slip_session_is_join_due(const struct slip_session *s, struct slip_span topic);
void slip_session_topics_up(struct slip_session *s);
void slip_session_topics_lost(struct slip_session *s);
/* One topic whose back-off is over; false when none is. */
bool slip_session_rejoin_due(struct slip_session *s);
uint64_t slip_session_rejoin_deadline(const struct slip_session *s);

/* session_frame.c */
/* Reads one message of the input. True: *out is filled; otherwise it may have queued something. */
bool slip_session_read_frame(struct slip_session *s, struct slip_action *out);

/* session_message.c */
/* The queue's limit; one message may be longer than it when it is the only one. */
bool slip_session_is_full(const struct slip_session *s, size_t more);
/* A ref as the wire has it; `room` holds the digits. */
struct slip_span slip_session_ref_text(uint64_t ref, char room[24]);
/* Writes a message as a frame under that mask. The errors of slip_message_write; nothing is written
 * then. */
/* A message that nobody hears of was not written, for that: the link is to end. */
void slip_session_note_unwritten(struct slip_session *s, enum slip_err err);
enum slip_err slip_session_write_message(struct slip_session *s, const struct slip_message *message,
                                         uint32_t mask);
/* Writes a message and waits for its answer; when either fails, neither is done. */
enum slip_err slip_session_request(struct slip_session *s, const struct slip_message *message,
                                   const struct slip_pending_entry *entry);
/* A text or binary message came. True: *out is the action that it makes. */
bool slip_session_got_message(struct slip_session *s, const struct slip_ws_message *in,
                              struct slip_action *out);
/* One request that has got its end: timed out, or expired with its join. True: *out tells it. */
bool slip_session_next_expired(struct slip_session *s, struct slip_action *out);

/* session_compress.c; but for the first, only while there is a `deflate` */
/* Messages may be compressed from now on, when the terms are on. SLIP_ENOMEM. */
enum slip_err slip_session_begin_compression(struct slip_session *s,
                                             const struct slip_extension *terms);
/* Puts what the outbox has of an open frame's payload into fewer bytes, if it is long enough. */
enum slip_err slip_session_pack(struct slip_session *s, size_t place);
/* Unpacks a message that came compressed, in its place; *fault says why it cannot. */
enum slip_err slip_session_unpack(struct slip_session *s, struct slip_ws_message *message,
                                  const char **fault);

/* session_push.c */
/* The topic is joined: sends what waited for it. */
void slip_session_flush_topic(struct slip_session *s, const struct slip_topic *topic);
/* Ends what waits for that topic (NULL: for any), for that reason. */
void slip_session_end_buffered(struct slip_session *s, const struct slip_topic *topic,
                               enum slip_reason_kind why);
/* A push was refused, and there is room again. */
bool slip_session_is_writable(const struct slip_session *s);
void slip_session_tell_writable(struct slip_session *s);

#endif
