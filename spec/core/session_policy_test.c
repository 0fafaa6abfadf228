/* What a session does for the server's sake: how long it stays away, and that it comes once. */
#include "spec/support/fake_phoenix.h"

#define UPGRADE_REFUSED "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n"

/* The script's usual part, now; the wait is in the log as that line. */
static void expect_reconnect(struct phx *p, const char *line) {
  p->checked = p->logged;
  CHECK_OK(slip_session_reconnect(p->session, 0));
  phx_drain(p);
  phx_expect(p, line);
}

static struct phx *opened(void **state) {
  phx_open(*state);
  return *state;
}

/* The server closes, and our half of the handshake goes out. */
static void close_by_server(struct phx *p, uint16_t code) {
  phx_close_frame(p, code, "");
  phx_expect_sent_close(p, code);
}

/* 0: waits are as short as may be, 0xFF: as long. */
static void be_lucky(struct phx *p, uint8_t byte) {
  memset(p->luck.bytes, byte, sizeof p->luck.bytes);
}

/* The server refuses the attempt that is due with 503 and these headers. */
static void refuse(struct phx *p, const char *headers) {
  p->checked = p->logged;
  phx_dial(p);
  slip_session_link_up(p->session);
  char answer[512];
  (void)snprintf(answer, sizeof answer, UPGRADE_REFUSED "%s\r\n", headers);
  phx_feed(p, slip_span_of(answer));
  phx_expect(p, "ABORT");
}

static void a_restarting_server_gets_one_to_five_seconds(void **state) {
  struct phx *p = opened(state);
  be_lucky(p, 0);
  close_by_server(p, 1012);
  expect_reconnect(p, "reconnect_scheduled 2 in 1000");
  phx_advance(p, 1000);
  phx_open(p);
  be_lucky(p, 0xFF);
  close_by_server(p, 1012);
  expect_reconnect(p, "reconnect_scheduled 3 in 5000");
}

static void a_server_that_is_full_gets_half_a_minute_to_one(void **state) {
  struct phx *p = opened(state);
  be_lucky(p, 0);
  close_by_server(p, 1013);
  expect_reconnect(p, "reconnect_scheduled 2 in 30000");
}

static void a_restart_and_a_long_table_give_the_longer_wait(void **state) {
  struct phx *p = *state;
  phx_free(p);
  struct slip_session_config config = phx_exact_config();
  config.reconnect.steps[0] = 7000;
  *state = p = phx_new(&config);
  phx_open(p);
  close_by_server(p, 1012);
  expect_reconnect(p, "reconnect_scheduled 2 in 7000");
}

static void an_idle_time_out_is_no_cause_to_wait(void **state) {
  struct phx *p = opened(state);
  close_by_server(p, 1000);
  expect_reconnect(p, "reconnect_scheduled 2 in 10");
  phx_advance(p, 10);
  phx_open(p);
  close_by_server(p, 1001);
  expect_reconnect(p, "reconnect_scheduled 3 in 50");
}

static void a_refusal_says_when_to_come_again(void **state) {
  struct phx *p = phx_due(state);
  be_lucky(p, 0);
  refuse(p, "Retry-After: 7\r\n");
  expect_reconnect(p, "reconnect_scheduled 2 in 7000");
}

static void a_date_without_another_is_read_by_the_calendar(void **state) {
  struct phx *p = phx_due(state);
  be_lucky(p, 0);
  slip_session_set_calendar(p->session, 784111777);
  phx_advance(p, 10000); /* the script takes its time; the calendar goes on */
  refuse(p, "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n");
  expect_reconnect(p, "reconnect_scheduled 2 in 50000");
}

static void the_servers_time_counts_from_its_word_not_from_ours(void **state) {
  struct phx *p = phx_due(state);
  be_lucky(p, 0);
  refuse(p, "Retry-After: 7\r\n");
  phx_advance(p, 3000); /* a script that thinks about it */
  expect_reconnect(p, "reconnect_scheduled 2 in 4000");
}

static void a_demand_that_was_met_is_not_made_again(void **state) {
  struct phx *p = phx_due(state);
  be_lucky(p, 0);
  refuse(p, "Retry-After: 7\r\n");
  expect_reconnect(p, "reconnect_scheduled 2 in 7000");
  phx_advance(p, 7000);
  refuse(p, "");
  expect_reconnect(p, "reconnect_scheduled 3 in 50");
}

static void calling_an_attempt_off_takes_back_no_demand(void **state) {
  struct phx *p = phx_due(state);
  be_lucky(p, 0);
  refuse(p, "Retry-After: 7\r\n");
  expect_reconnect(p, "reconnect_scheduled 2 in 7000");
  phx_advance(p, 1000);
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  phx_drain(p);
  expect_reconnect(p, "reconnect_scheduled 3 in 6000");
}

/* Flapping. */

/* Up for so long, then lost. */
static void hold(struct phx *p, uint64_t uptime_msec) {
  phx_open(p);
  phx_advance(p, uptime_msec);
  phx_lose(p);
}

/* A session that begins the back-off afresh after every connection has been dropped so often. */
static struct phx *dropped(void **state, unsigned count) {
  struct phx *p = *state;
  phx_free(p);
  struct slip_session_config config = phx_exact_config();
  config.stable_after_msec = 0;
  *state = p = phx_new(&config);
  for (unsigned i = 1; i < count; i++) {
    hold(p, 0);
    expect_reconnect(p, "reconnect_scheduled 1 in 10");
    phx_advance(p, 10);
  }
  hold(p, 0);
  return p;
}

static void a_connection_that_flaps_waits_for_the_longest_step(void **state) {
  struct phx *p = dropped(state, 10);
  expect_reconnect(p, "reconnect_scheduled 1 in 5000 flapping");
  phx_advance(p, 5000);
  hold(p, 4999);
  expect_reconnect(p, "reconnect_scheduled 1 in 5000 flapping");
}

static void nine_drops_are_no_flapping(void **state) {
  struct phx *p = dropped(state, 9);
  expect_reconnect(p, "reconnect_scheduled 1 in 10");
}

static void a_connection_that_holds_ends_the_flapping(void **state) {
  struct phx *p = dropped(state, 10);
  expect_reconnect(p, "reconnect_scheduled 1 in 5000 flapping");
  phx_advance(p, 5000);
  hold(p, 5000);
  expect_reconnect(p, "reconnect_scheduled 1 in 10");
}

static void attempts_that_fail_are_no_drops(void **state) {
  struct phx *p = phx_due(state);
  for (unsigned i = 0; i < 20; i++) {
    refuse(p, "");
    CHECK_OK(slip_session_reconnect(p->session, 0));
    phx_drain(p);
    assert_null(strstr(p->log[p->logged - 1], "flapping"));
    phx_advance(p, 5000);
  }
}

static void a_client_that_closes_at_once_does_not_flap(void **state) {
  struct phx *p = *state;
  for (unsigned i = 0; i < 12; i++) {
    phx_open(p);
    CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
    close_by_server(p, 1000);
  }
  CHECK_OK(slip_session_reconnect(p->session, 0));
  phx_drain(p);
  assert_null(strstr(p->log[p->logged - 1], "flapping"));
}

/* Every combination of calls. */

enum call { CONNECT, RECONNECT, DISCONNECT, DIAL, DIAL_FAILED, UP, LOST, WAIT, CALLS };
#define LONGEST 5

/* What is under way, by what the session has told. */
struct ledger {
  bool is_scheduled; /* RECONNECT_SCHEDULED is out */
  bool is_due;       /* CONNECT_DUE is out */
  bool has_link;     /* DO_DIAL is out */
};

static void note_event(struct ledger *l, enum slip_event_kind kind) {
  if (kind == SLIP_EVENT_RECONNECT_SCHEDULED) {
    assert_false(l->is_scheduled || l->is_due || l->has_link);
    l->is_scheduled = true;
  } else if (kind == SLIP_EVENT_CONNECT_DUE) {
    assert_false(l->is_due || l->has_link);
    l->is_scheduled = false;
    l->is_due = true;
  } else if (kind == SLIP_EVENT_DISCONNECTED) {
    *l = (struct ledger){0};
  }
}

static void note_actions(struct phx *p, struct ledger *l) {
  struct slip_action a;
  while (slip_session_next(p->session, &a)) {
    p->luck.used = 0;
    if (a.kind == SLIP_DO_DIAL) {
      assert_true(l->is_due && !l->has_link);
      l->is_due = false;
      l->has_link = true;
    } else if (a.kind == SLIP_DO_TELL) {
      note_event(l, a.event.kind);
    } else {
      l->has_link = false;
    }
  }
}

static void make_call(struct phx *p, struct ledger *l, enum call call) {
  static const struct slip_upgrade_request request = {.host = {"h", 1}, .target = {"/", 1}};
  static const struct slip_reason failed = {.kind = SLIP_REASON_CONNECT_FAILED};
  struct slip_session *s = p->session;
  const char *fault;
  switch (call) {
  case CONNECT:
    (void)!slip_session_connect(s);
    break;
  case RECONNECT:
    (void)!slip_session_reconnect(s, 0);
    break;
  case DISCONNECT:
    (void)!slip_session_disconnect(s, 1000, SLIP_SPAN(""));
    break;
  case DIAL:
    (void)!slip_session_dial(s, &request, &fault);
    break;
  case DIAL_FAILED:
    slip_session_dial_failed(s, &failed);
    break;
  case UP:
    slip_session_link_up(s);
    break;
  case LOST:
    if (l->has_link)
      slip_session_link_lost(s, &failed);
    break;
  case WAIT:
    p->now += 20000;
    slip_session_tick(s, p->now);
    break;
  case CALLS:
    break;
  }
}

/* The calls are the digits of `number`; actions are taken after each of them, or after every
 * second one. */
static void run_calls(unsigned number, bool drains_late) {
  struct slip_session_config config = phx_exact_config();
  struct phx *p = phx_new(&config);
  struct ledger ledger = {0};
  for (unsigned i = 0; i < LONGEST; i++) {
    make_call(p, &ledger, (enum call)(number % CALLS));
    number /= CALLS;
    if (!drains_late || i % 2 == 1)
      note_actions(p, &ledger);
  }
  note_actions(p, &ledger);
  assert_true((int)ledger.is_scheduled + ledger.is_due + ledger.has_link <= 1);
  phx_free(p);
}

static void one_attempt_is_under_way_whatever_is_called(void **state) {
  (void)state;
  unsigned combinations = 1;
  for (unsigned i = 0; i < LONGEST; i++)
    combinations *= CALLS;
  for (unsigned number = 0; number < combinations; number++) {
    run_calls(number, false);
    run_calls(number, true);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PHX_SPEC(a_restarting_server_gets_one_to_five_seconds),
      PHX_SPEC(a_server_that_is_full_gets_half_a_minute_to_one),
      PHX_SPEC(a_restart_and_a_long_table_give_the_longer_wait),
      PHX_SPEC(an_idle_time_out_is_no_cause_to_wait),
      PHX_SPEC(a_refusal_says_when_to_come_again),
      PHX_SPEC(a_date_without_another_is_read_by_the_calendar),
      PHX_SPEC(the_servers_time_counts_from_its_word_not_from_ours),
      PHX_SPEC(a_demand_that_was_met_is_not_made_again),
      PHX_SPEC(calling_an_attempt_off_takes_back_no_demand),
      PHX_SPEC(a_connection_that_flaps_waits_for_the_longest_step),
      PHX_SPEC(nine_drops_are_no_flapping),
      PHX_SPEC(a_connection_that_holds_ends_the_flapping),
      PHX_SPEC(attempts_that_fail_are_no_drops),
      PHX_SPEC(a_client_that_closes_at_once_does_not_flap),
      cmocka_unit_test(one_attempt_is_under_way_whatever_is_called),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
