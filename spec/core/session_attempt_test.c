/* How a session comes by its link: connect, upgrade, back-off. */
#include "spec/support/fake_phoenix.h"

static void reconnects_by_the_table(void **state) {
  static const uint32_t waits[] = {10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000, 5000};
  struct phx *p = phx_due(state);
  for (unsigned i = 0; i < 11; i++) {
    char line[128];
    phx_dial(p);
    slip_session_link_lost(p->session, &(struct slip_reason){.kind = SLIP_REASON_CONNECT_FAILED,
                                                             .stage = SLIP_STAGE_TCP,
                                                             .text = SLIP_SPAN("refused")});
    phx_drain(p);
    phx_expect(p, "ABORT");
    phx_expect(p, "disconnected (connect_failed tcp refused)");
    CHECK_OK(slip_session_reconnect(p->session, 0));
    phx_drain(p);
    snprintf(line, sizeof line, "reconnect_scheduled %u in %u", i + 2, waits[i]);
    phx_expect(p, line);
    phx_advance(p, waits[i]);
    snprintf(line, sizeof line, "connect_due %u (connect_failed tcp refused)", i + 2);
    phx_expect(p, line);
  }
}

/* The script's part, who tries again at once: how often it could before `next` ran dry. */
static unsigned fail_every_dial(struct phx *p) {
  struct slip_action a;
  unsigned dials = 0;
  while (dials < 10 && slip_session_next(p->session, &a)) {
    if (a.event.kind == SLIP_EVENT_CONNECT_DUE) {
      slip_session_dial_failed(p->session,
                               &(struct slip_reason){.kind = SLIP_REASON_CONNECT_FAILED});
      dials++;
    }
    if (a.event.kind == SLIP_EVENT_DISCONNECTED)
      CHECK_OK(slip_session_reconnect(p->session, 0));
  }
  return dials;
}

static void a_back_off_of_zero_lets_the_loop_turn(void **state) {
  struct phx *p = *state;
  phx_free(p);
  struct slip_session_config config = phx_exact_config();
  config.reconnect.steps[0] = 0;
  config.reconnect.count = 1;
  *state = p = phx_new(&config);
  CHECK_OK(slip_session_connect(p->session));
  assert_int_equal(fail_every_dial(p), 1);
  assert_int_equal(slip_session_deadline(p->session), p->now + 1);
}

static void a_stable_connection_starts_the_back_off_afresh(void **state) {
  struct phx *p = phx_in_room(state);
  phx_lose(p);
  CHECK_OK(slip_session_reconnect(p->session, 0));
  phx_advance(p, 10);
  phx_open(p);
  phx_advance(p, 4999);
  p->checked = p->logged;
  phx_lose(p);
  CHECK_OK(slip_session_reconnect(p->session, 0));
  phx_drain(p);
  phx_expect(p, "disconnected (connection_lost)");
  phx_expect(p, "reconnect_scheduled 3 in 50"); /* up for less than stable_after_msec */
  phx_advance(p, 50);
  phx_open(p);
  phx_advance(p, 5000);
  p->checked = p->logged;
  phx_lose(p);
  CHECK_OK(slip_session_reconnect(p->session, 0));
  phx_drain(p);
  phx_expect(p, "disconnected (connection_lost)");
  phx_expect(p, "reconnect_scheduled 1 in 10");
  phx_advance(p, 10);
  phx_expect(p, "connect_due 1 (connection_lost)");
}

static void a_reconnect_waits_as_long_as_the_server_asks(void **state) {
  struct phx *p = *state;
  CHECK_OK(slip_session_reconnect(p->session, 3000));
  phx_drain(p);
  phx_expect(p, "reconnect_scheduled 1 in 3000");
}

static void connecting_twice_is_refused(void **state) {
  struct phx *p = *state;
  phx_open(p);
  assert_int_equal(slip_session_connect(p->session), SLIP_ESTATE);
  assert_int_equal(slip_session_reconnect(p->session, 0), SLIP_ESTATE);
}

static void no_stage_of_the_handshake_hangs(void **state) {
  struct phx *p = phx_due(state);
  phx_advance(p, 60000); /* the script may take its time */
  phx_dial(p);
  slip_session_link_stage(p->session, SLIP_STAGE_TLS);
  phx_advance(p, 15000);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_timeout tls)");
}

static void a_dial_that_is_never_let_in_times_out(void **state) {
  struct phx *p = phx_due(state);
  phx_dial(p);
  slip_session_link_queued(p->session);
  phx_advance(p, 59999);
  phx_expect_nothing(p);
  phx_advance(p, 1);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_timeout queue)");
  assert_false(slip_session_link_begun(p->session)); /* its turn comes too late */
}

static void the_time_to_connect_counts_from_the_turn_of_the_dial(void **state) {
  struct phx *p = phx_due(state);
  phx_dial(p);
  slip_session_link_queued(p->session);
  phx_advance(p, 20000);
  assert_true(slip_session_link_begun(p->session));
  phx_advance(p, 14999);
  phx_expect_nothing(p);
  phx_advance(p, 1);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_timeout dns)");
}

static void an_upgrade_that_is_never_answered_times_out(void **state) {
  struct phx *p = phx_due(state);
  phx_dial(p);
  slip_session_link_up(p->session);
  phx_advance(p, 15000);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_timeout upgrade)");
}

static void a_refused_upgrade_keeps_status_and_words(void **state) {
  struct phx *p = phx_due(state);
  phx_dial(p);
  slip_session_link_up(p->session);
  phx_feed(p, SLIP_SPAN("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno"));
  phx_expect(p, "ABORT"); /* Phoenix keeps TCP open after a 403 */
  phx_expect(p, "disconnected (connect_failed upgrade 403 Forbidden)");
}

static void a_refusal_whose_body_never_ends_is_told_as_far_as_it_came(void **state) {
  struct phx *p = phx_due(state);
  phx_dial(p);
  slip_session_link_up(p->session);
  phx_feed(p, SLIP_SPAN("HTTP/1.1 403 Forbidden\r\ncontent-length: 100\r\n\r\nno"));
  phx_expect_nothing(p);
  phx_advance(p, 15000);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_failed upgrade 403 Forbidden)");
}

static void frames_behind_the_101_in_the_same_read_are_not_lost(void **state) {
  struct phx *p = *state;
  struct slip_upgrade_request request = {.host = SLIP_SPAN("h"), .target = SLIP_SPAN("/")};
  const char *fault;
  CHECK_OK(slip_session_connect(p->session));
  phx_drain(p);
  phx_expect(p, "connect_due 1");
  memset(p->luck.bytes, 0, 32); /* a nonce that we know the answer to: sixteen zeros */
  p->luck.used = 0;
  CHECK_OK(slip_session_dial(p->session, &request, &fault));
  slip_session_link_up(p->session);
  phx_feed(
      p,
      SLIP_SPAN("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                "sec-websocket-accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n\x88\x02\x03\xe9"));
  phx_expect(p, "DIAL");
  phx_expect(p, "connected");
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (closed_by_remote 1001)");
}

static void an_idle_session_wakes_for_nothing(void **state) {
  struct phx *p = *state;
  assert_true(slip_session_deadline(p->session) == SLIP_NEVER);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PHX_SPEC(reconnects_by_the_table),
      PHX_SPEC(a_back_off_of_zero_lets_the_loop_turn),
      PHX_SPEC(a_stable_connection_starts_the_back_off_afresh),
      PHX_SPEC(a_reconnect_waits_as_long_as_the_server_asks),
      PHX_SPEC(connecting_twice_is_refused),
      PHX_SPEC(no_stage_of_the_handshake_hangs),
      PHX_SPEC(a_dial_that_is_never_let_in_times_out),
      PHX_SPEC(the_time_to_connect_counts_from_the_turn_of_the_dial),
      PHX_SPEC(an_upgrade_that_is_never_answered_times_out),
      PHX_SPEC(a_refused_upgrade_keeps_status_and_words),
      PHX_SPEC(a_refusal_whose_body_never_ends_is_told_as_far_as_it_came),
      PHX_SPEC(frames_behind_the_101_in_the_same_read_are_not_lost),
      PHX_SPEC(an_idle_session_wakes_for_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
