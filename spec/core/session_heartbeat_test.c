/* The heartbeat of a session. */
#include "spec/support/fake_phoenix.h"

static void heartbeats_keep_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_advance(p, 29999);
  phx_expect_sent_nothing(p);
  phx_advance(p, 1);
  phx_expect_sent(p, "[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
  phx_advance(p, 100);
  phx_text(p, "[null,\"1\",\"phoenix\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect(p, "heartbeat");
  phx_advance(p, 30000);
  phx_expect_sent(p, "[null,\"2\",\"phoenix\",\"heartbeat\",{}]");
}

static void a_heartbeat_that_cannot_be_waited_for_is_not_sent(void **state) {
  struct phx *p = *state;
  phx_free(p);
  struct slip_session_config config = phx_exact_config();
  config.push_timeout_msec = 60000;
  *state = p = phx_new(&config);
  phx_in_room(state);
  for (unsigned i = 0; i < SLIP_PENDING_MAX; i++)
    phx_push(p, "room:1", "x", "{}");
  slip_session_sent(p->session, slip_session_outbox(p->session).size);
  phx_advance(p, 30000);
  phx_expect_sent_nothing(p); /* else its answer would be taken for that of the next push */
}

static void an_unanswered_heartbeat_ends_the_connection(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_advance(p, 30000);
  phx_expect_sent(p, "[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
  phx_advance(p, 15000);
  phx_expect(p, "CLOSE");
  phx_expect(p, "disconnected (heartbeat_timeout 1000 heartbeat timeout)");
  phx_expect_sent_close(p, 1000);
}

static void a_slow_join_is_not_taken_for_a_dead_link(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_advance(p, 29999);
  slip_session_free(p->session);
  struct slip_session_config config = phx_exact_config();
  config.heartbeat_timeout_msec = 1000;
  CHECK_OK(slip_session_new(&config, &p->luck, &p->session));
  slip_session_tick(p->session, p->now);
  phx_open(p);
  phx_advance(p, 29900);
  phx_join(p, "slow");
  phx_expect(p, "join_due slow");
  phx_advance(p, 5000); /* the heartbeat's second is long over */
  phx_expect_nothing(p);
  phx_text(p, "[\"1\",\"1\",\"slow\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_text(p, "[null,\"2\",\"phoenix\",\"phx_reply\",{\"response\":{},\"status\":\"ok\"}]");
  phx_expect(p, "joined slow {}");
  phx_expect(p, "heartbeat");
}

static void a_heartbeat_of_the_old_connection_does_not_end_the_new_one(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_advance(p, 30000);
  phx_expect_sent(p, "[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
  phx_lose(p);
  phx_expect(p, "disconnected (connection_lost)");
  phx_open(p);
  phx_advance(p, 29999);
  phx_expect_nothing(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PHX_SPEC(heartbeats_keep_the_connection),
      PHX_SPEC(a_heartbeat_that_cannot_be_waited_for_is_not_sent),
      PHX_SPEC(an_unanswered_heartbeat_ends_the_connection),
      PHX_SPEC(a_slow_join_is_not_taken_for_a_dead_link),
      PHX_SPEC(a_heartbeat_of_the_old_connection_does_not_end_the_new_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
