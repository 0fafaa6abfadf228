/* Messages of a session: pushes and their replies, what the server sends, and what cannot be read.
 */
#include "spec/support/fake_phoenix.h"

static void a_push_carries_the_join_ref_and_its_reply_is_told(void **state) {
  struct phx *p = phx_in_room(state);
  assert_int_equal(phx_push(p, "room:1", "hi", "{\"b\":2}"), 2);
  phx_expect_sent(p, "[\"1\",\"2\",\"room:1\",\"hi\",{\"b\":2}]");
  phx_text(p, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"response\":{\"c\":3},\"status\":\"ok\"}]");
  phx_expect(p, "reply #2 room:1 ok {\"c\":3}");
}

static void a_status_of_the_servers_own_is_passed_on(void **state) {
  struct phx *p = phx_in_room(state);
  phx_push(p, "room:1", "hi", "{}");
  phx_text(p, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"response\":null,\"status\":\"maybe\"}]");
  phx_expect(p, "reply #2 room:1 maybe null");
}

static void a_reply_is_matched_by_its_ref_alone(void **state) {
  struct phx *p = phx_in_room(state);
  phx_push(p, "room:1", "hi", "{}");
  phx_text(p, "[null,\"2\",\"room:1\",\"phx_reply\",{\"response\":{\"reason\":\"unmatched "
              "topic\"},\"status\":\"error\"}]");
  phx_expect(p, "reply #2 room:1 error {\"reason\":\"unmatched topic\"}");
}

static void messages_and_broadcasts_are_told(void **state) {
  struct phx *p = phx_in_room(state);
  phx_text(p, "[\"1\",null,\"room:1\",\"tick\",{\"i\":1}]");
  phx_text(p, "[null,null,\"room:1\",\"shout\",[]]");
  phx_binary(p, SLIP_SPAN("\0\1\6\4"
                          "1room:1tick\x01\x02"));
  phx_expect(p, "message room:1 tick {\"i\":1}");
  phx_expect(p, "message room:1 shout []");
  phx_expect(p, "message room:1 tick \x01\x02");
}

static void a_push_that_is_not_answered_times_out(void **state) {
  struct phx *p = phx_in_room(state);
  phx_push(p, "room:1", "noreply", "{}");
  phx_advance(p, 10000);
  phx_expect(p, "reply #2 timeout");
}

static void pushes_are_refused_where_they_cannot_go(void **state) {
  struct phx *p = *state;
  assert_int_equal(phx_try_push(p, "room:1"), SLIP_ECLOSED);
  phx_open(p);
  assert_int_equal(phx_try_push(p, "room:1"), SLIP_ESTATE);
}

static void the_queue_has_a_limit(void **state) {
  struct phx *p = phx_in_room(state);
  phx_free(p);
  struct slip_session_config config = phx_exact_config();
  config.max_queue_bytes = 100;
  *state = phx_new(&config);
  p = phx_in_room(state);
  for (int i = 0; i < 4; i++) /* of 31 bytes each; a payload of 2 still fits after three */
    CHECK_OK(phx_try_push(p, "room:1"));
  assert_int_equal(phx_try_push(p, "room:1"), SLIP_EFULL);
  phx_expect_sent(p, "[\"1\",\"2\",\"room:1\",\"x\",{}]");
  CHECK_OK(phx_try_push(p, "room:1"));
}

static void a_payload_that_cannot_be_decoded_fails_the_connection(void **state) {
  struct phx *p = phx_in_room(state);
  phx_text(p, "[\"1\",null,\"room:1\",\"tick\",{\"a\":01}]");
  phx_expect(p, "message room:1 tick {\"a\":01}");
  slip_session_fail(p->session, 1007, SLIP_SPAN("bad JSON"));
  phx_expect_sent_close(p, 1007);
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (protocol_error 1007 bad JSON)");
}

static void a_fault_that_is_not_utf_8_is_kept_but_not_sent(void **state) {
  struct phx *p = phx_in_room(state);
  slip_session_fail(p->session, 1007, SLIP_SPAN("bad \xff"));
  phx_expect_sent_close(p, 1007);
  phx_drain(p);
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (protocol_error 1007 bad \xff)");
}

static void every_message_that_came_is_counted(void **state) {
  struct phx *p = phx_in_room(state); /* the join's reply is the first */
  phx_push(p, "room:1", "hi", "{}");
  phx_text(p, "[\"1\",\"2\",\"room:1\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_text(p, "[\"1\",null,\"room:1\",\"tick\",{}]");
  phx_text(p, "[null,null,\"room:2\",\"tick\",{}]"); /* not joined */
  phx_text(p, "[\"1\",\"1\",\"room:1\",\"phx_close\",{}]");
  assert_int_equal(slip_session_messages(p->session), 5);
  phx_text(p, "{\"not\":\"an array\"}");
  assert_int_equal(slip_session_messages(p->session), 5);
}

static void speaks_version_1_too(void **state) {
  struct phx *p = *state;
  phx_free(p);
  struct slip_session_config config = phx_exact_config();
  config.vsn = SLIP_VSN_1;
  *state = p = phx_new(&config);
  phx_open(p);
  phx_join(p, "room:1");
  phx_expect(p, "join_due room:1");
  phx_text(p, "{\"event\":\"phx_reply\",\"payload\":{\"response\":{},\"status\":\"ok\"},\"ref\":"
              "\"1\",\"topic\":\"room:1\"}");
  phx_expect(p, "joined room:1 {}");
  phx_text(p, "{\"event\":\"tick\",\"payload\":{\"i\":1},\"ref\":null,\"topic\":\"room:1\"}");
  phx_expect(p, "message room:1 tick {\"i\":1}");
  phx_text(p, "{\"event\":\"phx_error\",\"payload\":{},\"ref\":null,\"topic\":\"room:1\"}");
  phx_expect(p, "topic_closed room:1 {} (channel_error)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PHX_SPEC(a_push_carries_the_join_ref_and_its_reply_is_told),
      PHX_SPEC(a_status_of_the_servers_own_is_passed_on),
      PHX_SPEC(a_reply_is_matched_by_its_ref_alone),
      PHX_SPEC(messages_and_broadcasts_are_told),
      PHX_SPEC(a_push_that_is_not_answered_times_out),
      PHX_SPEC(pushes_are_refused_where_they_cannot_go),
      PHX_SPEC(the_queue_has_a_limit),
      PHX_SPEC(a_payload_that_cannot_be_decoded_fails_the_connection),
      PHX_SPEC(a_fault_that_is_not_utf_8_is_kept_but_not_sent),
      PHX_SPEC(every_message_that_came_is_counted),
      PHX_SPEC(speaks_version_1_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
