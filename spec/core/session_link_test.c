/* How the link of a session ends. */
#include "spec/support/fake_phoenix.h"

static void answers_the_servers_close_with_the_same_code(void **state) {
  struct phx *p = phx_in_room(state);
  phx_close_frame(p, 1012, "drain");
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (closed_by_remote 1012 drain)");
  phx_expect_sent_close(p, 1012);
}

static void closes_by_the_handshake(void **state) {
  struct phx *p = phx_in_room(state);
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("bye")));
  phx_expect_sent_close(p, 1000);
  assert_int_equal(phx_try_push(p, "room:1"), SLIP_ECLOSED);
  phx_text(p, "[\"1\",null,\"room:1\",\"tick\",{}]"); /* nobody listens any more */
  phx_expect_nothing(p);
  phx_close_frame(p, 1000, "");
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (closed_by_client 1000 bye)");
  assert_true(slip_session_is_idle(p->session));
}

static void nothing_follows_our_close_frame(void **state) {
  struct phx *p = phx_in_room(state);
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  phx_leave(p, "room:1");
  phx_expect_sent_close(p, 1000);
  phx_expect_sent_nothing(p);
  phx_close_frame(p, 1000, "");
  phx_expect(p, "CLOSE");
  phx_expect(p, "left room:1");
}

static void a_close_that_is_never_answered_ends_after_five_seconds(void **state) {
  struct phx *p = phx_in_room(state);
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  phx_advance(p, 4999);
  phx_expect_nothing(p);
  phx_advance(p, 1);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (closed_by_client 1000)");
}

static void a_scheduled_reconnect_can_be_called_off(void **state) {
  struct phx *p = *state;
  CHECK_OK(slip_session_reconnect(p->session, 0));
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  phx_drain(p);
  phx_expect(p, "reconnect_scheduled 1 in 10");
  phx_expect(p, "disconnected (closed_by_client 1000)");
  phx_advance(p, 60000);
  phx_expect_nothing(p);
}

/* Who takes an idle session away must not take an end along that nobody has heard of. */
static void is_not_idle_before_the_end_is_told(void **state) {
  struct phx *p = *state;
  CHECK_OK(slip_session_connect(p->session));
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("")));
  assert_false(slip_session_is_idle(p->session));
  phx_drain(p);
  assert_true(slip_session_is_idle(p->session));
}

static void expect_uptime(const struct phx *p, uint64_t wanted) {
  uint64_t msec = 0;
  assert_true(slip_session_uptime(p->session, &msec));
  assert_int_equal(msec, wanted);
}

static void the_uptime_is_that_of_the_last_attempts_connection(void **state) {
  struct phx *p = *state;
  uint64_t msec;
  assert_false(slip_session_uptime(p->session, &msec));
  phx_open(p);
  phx_advance(p, 700);
  expect_uptime(p, 700);
  phx_lose(p);
  expect_uptime(p, 700);
  CHECK_OK(slip_session_connect(p->session));
  assert_false(slip_session_uptime(p->session, &msec));
}

static void a_close_text_that_is_too_long_is_told_as_it_was_sent(void **state) {
  struct phx *p = phx_in_room(state);
  char text[201] = {0};
  memset(text, 'x', sizeof text - 1);
  CHECK_OK(slip_session_disconnect(p->session, 1000, slip_span_of(text)));
  phx_expect_sent_close(p, 1000);
  phx_close_frame(p, 1000, "");
  phx_expect(p, "CLOSE");
  text[123] = '\0';
  char line[300];
  (void)snprintf(line, sizeof line, "disconnected (closed_by_client 1000 %s)", text);
  phx_expect(p, line);
}

static void a_close_that_may_not_be_sent_changes_nothing(void **state) {
  struct phx *p = phx_in_room(state);
  assert_int_equal(slip_session_disconnect(p->session, 1006, SLIP_SPAN("")), SLIP_EINVAL);
  assert_int_equal(slip_session_disconnect(p->session, 1000, SLIP_SPAN("\xff")), SLIP_EUTF8);
  phx_expect_nothing(p);
  phx_expect_sent_nothing(p);
  assert_true(slip_session_is_connected(p->session));
}

/* The text behind the code is in the reader's own words. */
static void expect_failed(struct phx *p, const char *front) {
  phx_expect(p, "CLOSE");
  assert_true(p->checked < p->logged);
  assert_memory_equal(p->log[p->checked], front, strlen(front));
}

static void illegal_frames_fail_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_feed(p, SLIP_SPAN("\xc1\x00"));
  phx_expect_sent_close(p, 1002);
  expect_failed(p, "disconnected (protocol_error 1002 ");
}

static void text_that_is_not_utf_8_fails_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_feed(p, SLIP_SPAN("\x81\x01\xff"));
  phx_expect_sent_close(p, 1007);
  expect_failed(p, "disconnected (protocol_error 1007 ");
}

static void text_that_is_no_message_fails_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_text(p, "{\"not\":\"an array\"}");
  phx_expect_sent_close(p, 1007);
  expect_failed(p, "disconnected (protocol_error 1007 ");
}

static void a_message_over_the_limit_fails_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_feed(p, SLIP_SPAN("\x82\x7f\0\0\0\0\1\0\0\1")); /* 16 MiB and one */
  phx_expect_sent_close(p, 1009);
  expect_failed(p, "disconnected (message_too_big 1009 16777217 bytes, the limit is 16777216)");
}

static void a_fragment_over_the_limit_fails_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_feed(p, SLIP_SPAN("\x02\x7f\0\0\0\0\1\0\0\1"));
  phx_expect_sent_close(p, 1009);
  expect_failed(
      p, "disconnected (message_too_big 1009 at least 16777217 bytes, the limit is 16777216)");
}

static void pings_are_answered(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_feed(p, SLIP_SPAN("\x89\x02hi"));
  struct slip_span out = slip_session_outbox(p->session);
  assert_int_equal(out.size, 8);
  assert_int_equal((unsigned char)out.at[0], 0x8A);
}

static void a_flood_of_pings_uses_no_mask_twice(void **state) {
  struct phx *p = *state;
  phx_open(p);
  char pings[2 * 1000];
  for (size_t i = 0; i < sizeof pings; i += 2)
    memcpy(pings + i, "\x89\x00", 2);
  p->luck.used = 0;
  phx_feed(p, (struct slip_span){pings, sizeof pings});
  size_t pongs = slip_session_outbox(p->session).size / 6; /* an empty frame with its mask */
  assert_in_range(pongs, 100, SLIP_LUCK_SIZE / 4);
}

static void news_of_a_link_that_was_given_up_is_passed_over(void **state) {
  struct phx *p = *state;
  slip_session_link_up(p->session);
  phx_lose(p);
  slip_session_link_stalled(p->session);
  phx_feed(p, SLIP_SPAN("garbage"));
  phx_expect_nothing(p);
}

static void a_stalled_link_is_cut(void **state) {
  struct phx *p = phx_in_room(state);
  slip_session_link_stalled(p->session);
  phx_drain(p);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (write_stalled)");
}

static void a_stall_while_closing_is_still_the_end_that_was_asked_for(void **state) {
  struct phx *p = phx_in_room(state);
  CHECK_OK(slip_session_disconnect(p->session, 1000, SLIP_SPAN("bye")));
  slip_session_link_stalled(p->session);
  phx_drain(p);
  phx_expect(p, "ABORT");
  phx_expect(p, "disconnected (closed_by_client 1000 bye)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PHX_SPEC(answers_the_servers_close_with_the_same_code),
      PHX_SPEC(closes_by_the_handshake),
      PHX_SPEC(nothing_follows_our_close_frame),
      PHX_SPEC(a_close_that_is_never_answered_ends_after_five_seconds),
      PHX_SPEC(a_scheduled_reconnect_can_be_called_off),
      PHX_SPEC(is_not_idle_before_the_end_is_told),
      PHX_SPEC(the_uptime_is_that_of_the_last_attempts_connection),
      PHX_SPEC(a_close_text_that_is_too_long_is_told_as_it_was_sent),
      PHX_SPEC(a_close_that_may_not_be_sent_changes_nothing),
      PHX_SPEC(illegal_frames_fail_the_connection),
      PHX_SPEC(text_that_is_not_utf_8_fails_the_connection),
      PHX_SPEC(text_that_is_no_message_fails_the_connection),
      PHX_SPEC(a_message_over_the_limit_fails_the_connection),
      PHX_SPEC(a_fragment_over_the_limit_fails_the_connection),
      PHX_SPEC(pings_are_answered),
      PHX_SPEC(a_flood_of_pings_uses_no_mask_twice),
      PHX_SPEC(news_of_a_link_that_was_given_up_is_passed_over),
      PHX_SPEC(a_stalled_link_is_cut),
      PHX_SPEC(a_stall_while_closing_is_still_the_end_that_was_asked_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
