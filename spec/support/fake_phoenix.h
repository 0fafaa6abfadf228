#ifndef SLIP_SPEC_FAKE_PHOENIX_H
#define SLIP_SPEC_FAKE_PHOENIX_H
/*
 * Fake_phoenix: a session and the server's end of it, for specs of the session: moves
 * bytes and time by hand and keeps what the session did.
 */
#include "core/session.h"
#include "core/ws_frame.h"
#include "spec/support/check.h"

#define PHX_LOG_MAX 256

struct phx {
  struct slip_session *session;
  struct slip_session_config config;
  struct slip_luck luck;
  uint64_t now;
  char *log[PHX_LOG_MAX]; /* what the session told and ordered, in words, oldest first */
  int logged;
  int checked;
  const char *extensions; /* a header line of the 101, with its CRLF; NULL: none */
  bool answers_joins;     /* JOIN_DUE is answered at once, with params {} */
  struct slip_buf sent;   /* the client's bytes, not looked at yet */
};

struct phx *phx_new(const struct slip_session_config *config);
void phx_free(struct phx *p);
/* Lets time pass, step by step through the session's deadlines. */
void phx_advance(struct phx *p, uint64_t msec);
/* Pulls all actions into the log. */
void phx_drain(struct phx *p);
/* connect, dial, link up, 101: the session is open. */
void phx_open(struct phx *p);
void phx_dial(struct phx *p);
/* What comes after the dial: link up, and the 101. */
void phx_answer(struct phx *p);
/* Feeds bytes, whole or byte by byte. */
void phx_feed(struct phx *p, struct slip_span bytes);
/* Feeds a frame that begins with this byte; the data is under 64 KiB. */
void phx_frame(struct phx *p, unsigned char first, struct slip_span data);
/* Feeds a text frame. */
void phx_text(struct phx *p, const char *text);
void phx_binary(struct phx *p, struct slip_span data);
void phx_close_frame(struct phx *p, uint16_t code, const char *text);
/* The next entry of the log is this one. */
void phx_expect(struct phx *p, const char *line);
/* Nothing more has been logged. */
void phx_expect_nothing(struct phx *p);
/* Takes the next frame that the client sent: its first byte; *data, unmasked and terminated, in
 * `room` of that size. */
unsigned phx_take_frame(struct phx *p, char *room, size_t size, struct slip_span *data);
/* The next frame that the client sent is this text. */
void phx_expect_sent(struct phx *p, const char *text);
/* The next frame that the client sent is a close with that code. */
void phx_expect_sent_close(struct phx *p, uint16_t code);
void phx_expect_sent_nothing(struct phx *p);
/* The whole upgrade request that was sent, as text; freed by the caller. */
char *phx_take_request(struct phx *p);

/* A config without jitter, so that waits are exact. */
struct slip_session_config phx_exact_config(void);
/* Set-up and tear-down of a spec whose state is a struct phx with that config. */
int phx_start(void **state);
int phx_stop(void **state);
#define PHX_SPEC(name) cmocka_unit_test_setup_teardown(name, phx_start, phx_stop)
/* The script's requests. */
void phx_join(struct phx *p, const char *topic);
void phx_leave(struct phx *p, const char *topic);
/* Answers the ref; must go well. */
uint64_t phx_push(struct phx *p, const char *topic, const char *event, const char *payload);
enum slip_err phx_try_push(struct phx *p, const char *topic);
/* The same for pushes that may wait for their topic. */
uint64_t phx_buffer(struct phx *p, const char *topic, const char *event);
enum slip_err phx_try_buffer(struct phx *p, const char *topic);
/* The link is lost. */
void phx_lose(struct phx *p);
/* The first attempt is due. */
struct phx *phx_due(void **state);
/* Open, with room:1 joined under join_ref 1. */
struct phx *phx_in_room(void **state);

#endif
