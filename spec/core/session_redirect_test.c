/* A server that sends a session elsewhere instead of upgrading it. */
#include "spec/support/fake_phoenix.h"

#define FOUND "redirected (connect_failed upgrade 302 Found)"

/* The link comes up, and the server answers with that status and those headers, before it has taken
 * the request. */
static void answer(struct phx *p, const char *status, const char *headers) {
  char text[256];
  slip_session_link_up(p->session);
  snprintf(text, sizeof text, "HTTP/1.1 %s\r\n%scontent-length: 0\r\n\r\n", status, headers);
  phx_feed(p, slip_span_of(text));
}

/* A dial that leads to another one, which is due. */
static void go_elsewhere(struct phx *p) {
  phx_dial(p);
  answer(p, "302 Found", "Location: /elsewhere\r\n");
  phx_expect(p, "ABORT");
  phx_expect(p, FOUND);
  phx_expect_sent_nothing(p);
}

static void a_redirect_is_dialled_without_an_end_in_between(void **state) {
  struct phx *p = phx_due(state);
  go_elsewhere(p);
  phx_dial(p);
  phx_answer(p);
  phx_expect(p, "connected");
  phx_expect_nothing(p);
}

static void every_status_that_names_one_place_is_a_redirect(void **state) {
  static const char *const statuses[] = {"301 A", "302 B", "303 C", "307 D", "308 E"};
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    char line[64];
    struct phx *p = phx_due(state);
    phx_dial(p);
    answer(p, statuses[i], "location: /\r\n");
    phx_expect(p, "ABORT");
    snprintf(line, sizeof line, "redirected (connect_failed upgrade %s)", statuses[i]);
    phx_expect(p, line);
    phx_stop(state);
    phx_start(state);
  }
}

static void other_statuses_are_refusals_with_a_location_or_without(void **state) {
  static const char *const statuses[] = {"201 A", "300 B", "304 C", "305 D", "306 E", "403 F"};
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    char line[64];
    struct phx *p = phx_due(state);
    phx_dial(p);
    answer(p, statuses[i], "location: /\r\n");
    phx_expect(p, "ABORT");
    snprintf(line, sizeof line, "disconnected (connect_failed upgrade %s)", statuses[i]);
    phx_expect(p, line);
    phx_stop(state);
    phx_start(state);
  }
}

static void a_redirect_to_nowhere_is_a_refusal(void **state) {
  static const char *const headers[] = {"", "Location:\r\n", "Location:  \r\n",
                                        "X-Location: /\r\n"};
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    struct phx *p = phx_due(state);
    phx_dial(p);
    answer(p, "302 Found", headers[i]);
    phx_expect(p, "ABORT");
    phx_expect(p, "disconnected (connect_failed upgrade 302 Found)");
    phx_stop(state);
    phx_start(state);
  }
}

static void a_redirect_counts_whose_body_ends_with_the_link(void **state) {
  struct phx *p = phx_due(state);
  phx_dial(p);
  slip_session_link_up(p->session);
  phx_feed(p, SLIP_SPAN("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\nthere"));
  phx_expect_nothing(p);
  phx_lose(p);
  phx_expect(p, "ABORT");
  phx_expect(p, FOUND);
}

static void what_comes_behind_a_redirect_is_not_the_next_server_s(void **state) {
  struct phx *p = phx_due(state);
  phx_dial(p);
  slip_session_link_up(p->session);
  phx_feed(p, SLIP_SPAN("HTTP/1.1 302 Found\r\nLocation: /\r\ncontent-length: 0\r\n\r\n"
                        "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"));
  phx_expect(p, "ABORT");
  phx_expect(p, FOUND);
  phx_dial(p);
  phx_answer(p);
  phx_expect(p, "connected");
}

static void a_fourth_redirect_ends_the_attempt(void **state) {
  struct phx *p = phx_due(state);
  for (int i = 0; i < 3; i++)
    go_elsewhere(p);
  phx_dial(p);
  answer(p, "302 Found", "Location: /elsewhere\r\n");
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_failed upgrade 302 over 3 redirects)");
}

static void every_attempt_has_its_own_three(void **state) {
  struct phx *p = phx_due(state);
  for (int attempt = 1; attempt <= 2; attempt++) {
    for (int i = 0; i < 3; i++)
      go_elsewhere(p);
    phx_dial(p);
    answer(p, "403 Forbidden", "");
    phx_expect(p, "ABORT");
    phx_expect(p, "disconnected (connect_failed upgrade 403 Forbidden)");
    CHECK_OK(slip_session_reconnect(p->session, 0));
    phx_advance(p, 50);
    p->checked += 2; /* how it was scheduled, and that it is due */
  }
}

static void all_links_of_an_attempt_share_one_time_to_connect(void **state) {
  struct phx *p = phx_due(state);
  phx_dial(p);
  phx_advance(p, 9000);
  answer(p, "302 Found", "Location: /elsewhere\r\n");
  phx_expect(p, "ABORT");
  phx_expect(p, FOUND);
  phx_dial(p);
  slip_session_link_stage(p->session, SLIP_STAGE_TLS);
  phx_advance(p, 5999);
  phx_expect_nothing(p);
  phx_advance(p, 1);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_timeout tls)");
  CHECK_OK(slip_session_reconnect(p->session, 0));
  phx_advance(p, 10);
  p->checked += 2;
  phx_dial(p);
  phx_advance(p, 14999); /* another attempt has all of it */
  phx_expect_nothing(p);
}

static void waiting_for_a_turn_to_dial_does_not_use_up_that_time(void **state) {
  struct phx *p = phx_due(state);
  phx_dial(p);
  phx_advance(p, 9000);
  answer(p, "302 Found", "Location: /elsewhere\r\n");
  p->checked += 2;
  phx_dial(p);
  slip_session_link_queued(p->session);
  phx_advance(p, 30000);
  assert_true(slip_session_link_begun(p->session));
  phx_advance(p, 5999);
  phx_expect_nothing(p);
  phx_advance(p, 1);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_timeout dns)");
}

static void a_redirect_that_is_not_whole_in_time_is_a_refusal(void **state) {
  struct phx *p = phx_due(state);
  phx_dial(p);
  slip_session_link_up(p->session);
  phx_feed(p, SLIP_SPAN("HTTP/1.1 302 Found\r\nLocation: /\r\ncontent-length: 9\r\n\r\nno"));
  phx_advance(p, 15000);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_failed upgrade 302 Found)");
}

static void a_failure_behind_a_redirect_keeps_its_stage(void **state) {
  struct phx *p = phx_due(state);
  go_elsewhere(p);
  phx_dial(p);
  slip_session_link_lost(p->session, &(struct slip_reason){.kind = SLIP_REASON_CONNECT_FAILED,
                                                           .stage = SLIP_STAGE_TCP,
                                                           .text = SLIP_SPAN("refused")});
  phx_drain(p);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (connect_failed tcp refused)");
}

static void a_redirect_that_is_not_followed_is_the_refusal_and_says_why(void **state) {
  struct phx *p = phx_due(state);
  go_elsewhere(p);
  slip_session_dial_failed(p->session, &(struct slip_reason){.kind = SLIP_REASON_CONNECT_FAILED,
                                                             .text = SLIP_SPAN("too far")});
  phx_drain(p);
  phx_expect(p, "disconnected (connect_failed upgrade 302 too far)");
}

static void who_disconnects_goes_nowhere(void **state) {
  struct phx *p = phx_due(state);
  struct slip_upgrade_request request = {.host = SLIP_SPAN("h"), .target = SLIP_SPAN("/")};
  const char *fault;
  go_elsewhere(p);
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  assert_int_equal(slip_session_dial(p->session, &request, &fault), SLIP_ESTATE);
  phx_drain(p);
  phx_expect(p, "disconnected (closed_by_client 1000)");
}

/* Takes actions until the link is to be aborted, with the redirect still in the queue. */
static void take_abort(struct phx *p) {
  struct slip_action a;
  assert_true(slip_session_next(p->session, &a));
  assert_int_equal(a.kind, SLIP_DO_ABORT);
}

static void a_redirect_of_an_attempt_that_has_ended_is_not_told(void **state) {
  struct phx *p = phx_due(state);
  phx_dial(p);
  slip_session_link_up(p->session);
  slip_session_feed(p->session,
                    SLIP_SPAN("HTTP/1.1 302 Found\r\nLocation: /\r\ncontent-length: 0\r\n\r\n"));
  take_abort(p);
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  CHECK_OK(slip_session_connect(p->session));
  phx_drain(p);
  phx_expect(p, "disconnected (closed_by_client 1000)");
  phx_expect(p, "connect_due 1");
  phx_expect_nothing(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PHX_SPEC(a_redirect_is_dialled_without_an_end_in_between),
      PHX_SPEC(every_status_that_names_one_place_is_a_redirect),
      PHX_SPEC(other_statuses_are_refusals_with_a_location_or_without),
      PHX_SPEC(a_redirect_to_nowhere_is_a_refusal),
      PHX_SPEC(a_redirect_counts_whose_body_ends_with_the_link),
      PHX_SPEC(what_comes_behind_a_redirect_is_not_the_next_server_s),
      PHX_SPEC(a_fourth_redirect_ends_the_attempt),
      PHX_SPEC(every_attempt_has_its_own_three),
      PHX_SPEC(all_links_of_an_attempt_share_one_time_to_connect),
      PHX_SPEC(waiting_for_a_turn_to_dial_does_not_use_up_that_time),
      PHX_SPEC(a_redirect_that_is_not_whole_in_time_is_a_refusal),
      PHX_SPEC(a_failure_behind_a_redirect_keeps_its_stage),
      PHX_SPEC(a_redirect_that_is_not_followed_is_the_refusal_and_says_why),
      PHX_SPEC(who_disconnects_goes_nowhere),
      PHX_SPEC(a_redirect_of_an_attempt_that_has_ended_is_not_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
