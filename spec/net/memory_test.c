#include "net/memory.h"
#include "spec/support/check.h"
#include "spec/support/owner.h"

struct story {
  struct slip_memory *memory;
  struct owner owner;
};

static int set_up(void **state) {
  struct story *s = calloc(1, sizeof *s);
  CHECK_OK(slip_memory_new(&s->memory));
  *state = s;
  return 0;
}

static int tear_down(void **state) {
  struct story *s = *state;
  slip_memory_free(s->memory);
  owner_clear(&s->owner);
  free(s);
  return 0;
}

static void dial(struct story *s) {
  struct slip_net *net = slip_memory_net(s->memory);
  struct slip_target target = {.host = SLIP_SPAN("b.example"), .port = 4000};
  CHECK_OK(net->dial(net, &target, &owner_handler, &s->owner, &s->owner.stream));
}

static struct slip_peer *open_peer(struct story *s) {
  dial(s);
  struct slip_peer *peer = slip_memory_take(s->memory);
  slip_peer_accept(peer);
  return peer;
}

static void a_dial_waits_in_line_and_says_where_to(void **state) {
  struct story *s = *state;
  struct slip_net *net = slip_memory_net(s->memory);
  struct owner first = {0};
  struct slip_target target = {
      .host = SLIP_SPAN("a.example"), .port = 443, .tls = (struct slip_tls_config *)s};
  CHECK_OK(net->dial(net, &target, &owner_handler, &first, &first.stream));
  dial(s);
  assert_int_equal(slip_memory_waiting(s->memory), 2);

  struct slip_span host;
  uint16_t port;
  bool is_tls;
  slip_peer_target(slip_memory_take(s->memory), &host, &port, &is_tls);
  CHECK_SPAN(host, "a.example");
  assert_int_equal(port, 443);
  assert_true(is_tls);
  slip_peer_target(slip_memory_take(s->memory), &host, &port, &is_tls);
  CHECK_SPAN(host, "b.example");
  assert_false(is_tls);
  assert_null(slip_memory_take(s->memory));
  assert_int_equal(first.heard.size, 0);
}

static void a_dial_is_taken_out_of_turn_by_its_stream_and_once(void **state) {
  struct story *s = *state;
  struct slip_net *net = slip_memory_net(s->memory);
  struct owner first = {0};
  struct slip_target target = {.host = SLIP_SPAN("a.example"), .port = 443};
  CHECK_OK(net->dial(net, &target, &owner_handler, &first, &first.stream));
  dial(s);

  struct slip_span host;
  uint16_t port;
  bool is_tls;
  struct slip_peer *peer = slip_memory_take_of(s->owner.stream);
  slip_peer_target(peer, &host, &port, &is_tls);
  CHECK_SPAN(host, "b.example");
  assert_null(slip_memory_take_of(s->owner.stream));
  assert_int_equal(slip_memory_waiting(s->memory), 1);
}

static void bytes_move_when_the_spec_says_so(void **state) {
  struct story *s = *state;
  dial(s);
  struct slip_peer *peer = slip_memory_take(s->memory);
  slip_peer_stage(peer, SLIP_STAGE_TCP);
  assert_false(s->owner.is_open);
  slip_peer_accept(peer);
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("hello")), 5);
  CHECK_SPAN(slip_peer_inbox(peer), "hello");
  slip_peer_drop(peer, 4);
  CHECK_SPAN(slip_peer_inbox(peer), "o");
  CHECK_OK(slip_peer_send(peer, SLIP_SPAN("world")));
  CHECK_SPAN(slip_buf_span(&s->owner.bytes), "world");
  CHECK_SPAN(slip_buf_span(&s->owner.heard), "tcp opened ");
}

static void a_full_window_makes_the_write_short_until_it_is_raised(void **state) {
  struct story *s = *state;
  struct slip_peer *peer = open_peer(s);
  slip_peer_window(peer, 3);
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("hello")), 3);
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("lo")), 0);
  assert_false(s->owner.is_drained);
  slip_peer_window(peer, 2);
  assert_true(s->owner.is_drained);
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("lo")), 2);
  CHECK_SPAN(slip_peer_inbox(peer), "hello");
  slip_peer_window(peer, 100);
  CHECK_SPAN(slip_buf_span(&s->owner.heard), "opened drained ");
}

static void a_refused_dial_says_stage_and_text(void **state) {
  struct story *s = *state;
  dial(s);
  slip_peer_end(slip_memory_take(s->memory), SLIP_STAGE_TCP, SLIP_SPAN("connection refused"));
  assert_int_equal(s->owner.kind, SLIP_REASON_CONNECT_FAILED);
  assert_int_equal(s->owner.stage, SLIP_STAGE_TCP);
  CHECK_SPAN(slip_buf_span(&s->owner.text), "connection refused");
  owner_close(&s->owner, false);
}

static void an_open_one_is_lost_without_a_stage(void **state) {
  struct story *s = *state;
  struct slip_peer *peer = open_peer(s);
  slip_peer_end(peer, SLIP_STAGE_TCP, SLIP_SPAN(""));
  assert_int_equal(s->owner.kind, SLIP_REASON_CONNECTION_LOST);
  assert_int_equal(s->owner.stage, SLIP_STAGE_NONE);
  assert_int_equal(s->owner.text.size, 0);
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("late")), 0);
}

static void the_peer_sees_how_the_client_closed(void **state) {
  struct story *s = *state;
  struct slip_peer *peer = open_peer(s);
  bool is_graceful = false;
  assert_false(slip_peer_is_closed(peer, &is_graceful));
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("bye")), 3);
  owner_close(&s->owner, true);
  assert_true(slip_peer_is_closed(peer, &is_graceful));
  assert_true(is_graceful);
  assert_int_equal(slip_peer_send(peer, SLIP_SPAN("?")), SLIP_ECLOSED);
  slip_peer_end(peer, SLIP_STAGE_NONE, SLIP_SPAN(""));
  assert_false(s->owner.has_ended);
  CHECK_SPAN(slip_peer_inbox(peer), "bye");
}

static void a_dial_closed_in_line_leaves_the_line(void **state) {
  struct story *s = *state;
  dial(s);
  owner_close(&s->owner, false);
  assert_int_equal(slip_memory_waiting(s->memory), 0);
}

static void the_client_may_close_from_inside_a_handler(void **state) {
  struct story *s = *state;
  struct slip_peer *peer = open_peer(s);
  s->owner.close_at = "received";
  CHECK_OK(slip_peer_send(peer, SLIP_SPAN("x")));
  bool is_graceful = true;
  assert_true(slip_peer_is_closed(peer, &is_graceful));
  assert_false(is_graceful);
}

/* What is wrong shows as a leak or a use after free. */
static void either_side_may_let_go_first(void **state) {
  struct story *s = *state;
  slip_peer_free(open_peer(s));
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("hello")), 5);
  owner_close(&s->owner, false);
  struct slip_peer *peer = open_peer(s);
  owner_close(&s->owner, false);
  slip_peer_free(peer);
  assert_int_equal(slip_memory_waiting(s->memory), 0);
}

#define SPEC(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      SPEC(a_dial_waits_in_line_and_says_where_to),
      SPEC(a_dial_is_taken_out_of_turn_by_its_stream_and_once),
      SPEC(bytes_move_when_the_spec_says_so),
      SPEC(a_full_window_makes_the_write_short_until_it_is_raised),
      SPEC(a_refused_dial_says_stage_and_text),
      SPEC(an_open_one_is_lost_without_a_stage),
      SPEC(the_peer_sees_how_the_client_closed),
      SPEC(a_dial_closed_in_line_leaves_the_line),
      SPEC(the_client_may_close_from_inside_a_handler),
      SPEC(either_side_may_let_go_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
