#include "net/network.h"
#include "net/tcp.h"
#include "spec/support/net_story.h"

#include <sys/resource.h>

static void dial(struct net_story *s) {
  net_story_dial(s, "127.0.0.1", s->server.port, NULL);
}

static void dial_and_open(struct net_story *s) {
  dial(s);
  RUN_UNTIL(s, s->owner.is_open && s->server.has_peer);
}

static void expect_end(struct net_story *s, enum slip_reason_kind kind, enum slip_stage stage,
                       const char *text) {
  RUN_UNTIL(s, s->owner.has_ended);
  assert_int_equal(s->owner.kind, kind);
  assert_int_equal(s->owner.stage, stage);
  CHECK_OK(slip_buf_append(&s->owner.text, (struct slip_span){"", 1}));
  assert_string_equal(s->owner.text.memory, text);
}

static void finish(struct net_story *s) {
  owner_close(&s->owner, true);
  RUN_UNTIL(s, slip_network_count(s->network) == 0);
}

/* A port of 127.0.0.1 where nobody listens: bound, so that nobody else takes it. */
static uint16_t hold_dead_port(struct net_story *s, uv_tcp_t *holder) {
  struct sockaddr_in address;
  int size = sizeof address;
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_init(&s->loop, holder);
  assert_int_equal(uv_tcp_bind(holder, (struct sockaddr *)&address, 0), 0);
  uv_tcp_getsockname(holder, (struct sockaddr *)&address, &size);
  return ntohs(address.sin_port);
}

static void bytes_go_both_ways(void **state) {
  struct net_story *s = *state;
  dial_and_open(s);
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("hello")), 5);
  RUN_UNTIL(s, s->server.got.size == 5);
  CHECK_SPAN(slip_buf_span(&s->server.got), "hello");
  bare_server_send(&s->server, SLIP_SPAN("world"));
  RUN_UNTIL(s, s->owner.bytes.size == 5);
  CHECK_SPAN(slip_buf_span(&s->owner.bytes), "world");
  CHECK_SPAN(slip_buf_span(&s->owner.heard), "tcp opened ");
}

static void a_name_is_resolved_and_each_address_tried(void **state) {
  struct net_story *s = *state;
  net_story_dial(s, "localhost", s->server.port, NULL); /* perhaps ::1 first, which refuses */
  RUN_UNTIL(s, s->owner.is_open);
  CHECK_SPAN(slip_buf_span(&s->owner.heard), "dns tcp opened ");
}

static void an_ipv6_address_is_dialled(void **state) {
  struct net_story *s = *state;
  struct bare_server *v6 = calloc(1, sizeof *v6);
  bool has_v6 = bare_server_open(v6, &s->loop, "::1");
  if (has_v6) {
    net_story_dial(s, "::1", v6->port, NULL);
    RUN_UNTIL(s, s->owner.is_open && v6->has_peer);
  }
  bare_server_close(v6);
  RUN_UNTIL(s, !v6->has_peer && !uv_is_active((uv_handle_t *)&v6->door));
  uv_run(&s->loop, UV_RUN_NOWAIT);
  free(v6);
  if (!has_v6)
    skip(); /* this machine has no ::1 */
}

static void a_refused_port_says_who_refused(void **state) {
  struct net_story *s = *state;
  uv_tcp_t holder;
  uint16_t port = hold_dead_port(s, &holder);
  char text[64];
  snprintf(text, sizeof text, "connection refused by 127.0.0.1:%u", port);
  net_story_dial(s, "127.0.0.1", port, NULL);
  expect_end(s, SLIP_REASON_CONNECT_FAILED, SLIP_STAGE_TCP, text);
  finish(s);
  uv_close((uv_handle_t *)&holder, NULL);
  uv_run(&s->loop, UV_RUN_NOWAIT);
}

static void no_file_descriptor_left_is_told_in_words(void **state) {
  struct net_story *s = *state;
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const struct rlimit none = {0, limit.rlim_max};
  char text[200];
  snprintf(text, sizeof text,
           "cannot connect to 127.0.0.1:%u: at most 0 files may be open, and all are, with 0 "
           "connections here; raise the limit (ulimit -n, LimitNOFILE)",
           s->server.port);
  dial(s);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  RUN_UNTIL(s, s->owner.has_ended);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  expect_end(s, SLIP_REASON_CONNECT_FAILED, SLIP_STAGE_TCP, text);
}

/* A label of 64 characters cannot be asked for, so nothing leaves the machine. */
static void a_name_that_cannot_be_is_no_such_host(void **state) {
  struct net_story *s = *state;
#define LABEL "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  net_story_dial(s, LABEL ".invalid", 80, NULL);
  expect_end(s, SLIP_REASON_CONNECT_FAILED, SLIP_STAGE_DNS, "no such host: " LABEL ".invalid");
  CHECK_SPAN(slip_buf_span(&s->owner.heard), "dns ended ");
}

static void a_host_longer_than_any_name_is_no_such_host(void **state) {
  struct net_story *s = *state;
  char host[400];
  memset(host, 'a', sizeof host - 1);
  host[sizeof host - 1] = '\0';
  net_story_dial(s, host, 80, NULL);
  RUN_UNTIL(s, s->owner.has_ended);
  assert_int_equal(s->owner.stage, SLIP_STAGE_DNS);
}

static void the_end_in_good_order_has_no_text(void **state) {
  struct net_story *s = *state;
  dial_and_open(s);
  bare_server_send(&s->server, SLIP_SPAN("bye"));
  bare_server_finish(&s->server);
  expect_end(s, SLIP_REASON_CONNECTION_LOST, SLIP_STAGE_NONE, "");
  CHECK_SPAN(slip_buf_span(&s->owner.bytes), "bye");
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("late")), 0);
  finish(s);
}

static void a_reset_is_told_in_words(void **state) {
  struct net_story *s = *state;
  dial_and_open(s);
  bare_server_reset(&s->server);
  expect_end(s, SLIP_REASON_CONNECTION_LOST, SLIP_STAGE_NONE, "connection reset by the peer");
  finish(s);
}

/* The writes meet the reset before the read does. */
static void a_write_to_a_lost_peer_ends_after_what_it_had_sent(void **state) {
  struct net_story *s = *state;
  s->server.is_paused = true;
  dial_and_open(s);
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("unread")), 6);
  bare_server_send(&s->server, SLIP_SPAN("last words"));
  bare_server_reset(&s->server);
  (void)slip_stream_write(s->owner.stream, SLIP_SPAN("more"));
  assert_false(s->owner.has_ended);
  expect_end(s, SLIP_REASON_CONNECTION_LOST, SLIP_STAGE_NONE, "connection reset by the peer");
  CHECK_SPAN(slip_buf_span(&s->owner.bytes), "last words");
}

static char *room_of_one(void *ud, size_t *size) {
  struct owner *owner = ud;
  *size = 1;
  return owner->room;
}

/* Where a read brings a byte, the bound on reads is one on bytes. */
static void a_turn_reads_a_part_and_the_next_ones_the_rest(void **state) {
  struct net_story *s = *state;
  struct slip_net *net = slip_network_net(s->network);
  struct slip_stream_handler handler = owner_handler;
  struct slip_target target = {.host = SLIP_SPAN("127.0.0.1"), .port = s->server.port};
  char bytes[100] = {0};
  handler.room = room_of_one;
  CHECK_OK(net->dial(net, &target, &handler, &s->owner, &s->owner.stream));
  RUN_UNTIL(s, s->owner.is_open && s->server.has_peer);
  bare_server_send(&s->server, (struct slip_span){bytes, sizeof bytes});
  size_t before = 0;
  while (before < sizeof bytes) {
    RUN_UNTIL(s, s->owner.bytes.size > before);
    assert_in_range(s->owner.bytes.size - before, 1, 32);
    before = s->owner.bytes.size;
  }
}

/* A read ends where urgent data were, and does not say that there is more. */
static void bytes_behind_urgent_ones_are_read(void **state) {
  struct net_story *s = *state;
  uv_os_fd_t fd;
  dial_and_open(s);
  assert_int_equal(uv_fileno((uv_handle_t *)&s->server.peer, &fd), 0);
  assert_int_equal(send(fd, "ab", 2, 0), 2);
  assert_int_equal(send(fd, "!", 1, MSG_OOB), 1);
  assert_int_equal(send(fd, "cd", 2, 0), 2);
  RUN_UNTIL(s, s->owner.bytes.size == 4);
  CHECK_SPAN(slip_buf_span(&s->owner.bytes), "abcd");
}

#define LARGE (16u * 1024 * 1024)

/* Writes until the peer is full, and the kernel too; the bytes count up. */
static size_t write_large(struct net_story *s, char *large) {
  size_t count = 0;
  for (size_t i = 0; i < LARGE; i++)
    large[i] = (char)(i % 251);
  do {
    s->owner.is_drained = false;
    count += slip_stream_write(s->owner.stream, (struct slip_span){large + count, LARGE - count});
    (void)uv_run(&s->loop, UV_RUN_NOWAIT);
  } while (s->owner.is_drained);
  assert_true(count >= 64 * 1024 && count < LARGE);
  return count;
}

static void a_peer_that_does_not_read_makes_the_write_short(void **state) {
  struct net_story *s = *state;
  s->server.is_paused = true;
  dial_and_open(s);
  char *large = malloc(LARGE);
  size_t count = write_large(s, large);
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("more")), 0);
  assert_false(s->owner.is_drained);

  bare_server_resume(&s->server);
  while (count < LARGE) {
    RUN_UNTIL(s, s->owner.is_drained);
    s->owner.is_drained = false;
    count += slip_stream_write(s->owner.stream, (struct slip_span){large + count, LARGE - count});
  }
  RUN_UNTIL(s, s->server.got.size == LARGE);
  assert_memory_equal(slip_buf_span(&s->server.got).at, large, LARGE);
  free(large);
}

static void pushes_without_end_end_the_connection(void **state) {
  struct net_story *s = *state;
  s->server.is_paused = true;
  dial_and_open(s);
  char *large = malloc(LARGE);
  write_large(s, large);
  for (int i = 0; i < 200; i++)
    slip_tcp_push(s->owner.stream, (struct slip_span){large, 1000});
  free(large);
  assert_true(slip_tcp_is_full(s->owner.stream));
  assert_false(s->owner.has_ended);
  expect_end(s, SLIP_REASON_CONNECTION_LOST, SLIP_STAGE_NONE, "no buffer space available");
}

static void a_graceful_close_delivers_all_that_was_taken(void **state) {
  struct net_story *s = *state;
  s->server.is_paused = true;
  dial_and_open(s);
  char *large = malloc(LARGE);
  size_t count = write_large(s, large);
  owner_close(&s->owner, true);
  bare_server_resume(&s->server);
  RUN_UNTIL(s, s->server.got_end);
  assert_int_equal(s->server.got.size, count);
  assert_memory_equal(slip_buf_span(&s->server.got).at, large, count);
  free(large);

  assert_int_equal(slip_network_count(s->network), 1);
  bare_server_send(&s->server, SLIP_SPAN("discarded"));
  bare_server_finish(&s->server);
  RUN_UNTIL(s, slip_network_count(s->network) == 0);
  assert_int_equal(s->owner.bytes.size, 0);
}

static void a_peer_that_never_ends_gets_the_grace_only(void **state) {
  struct net_story *s = *state;
  s->network->graces.length_msec = 20;
  dial_and_open(s);
  owner_close(&s->owner, true);
  RUN_UNTIL(s, s->server.got_end);
  uint64_t before = uv_now(&s->loop);
  RUN_UNTIL(s, slip_network_count(s->network) == 0);
  assert_true(uv_now(&s->loop) - before <= 1000); /* not the 5 s */
}

static void a_peer_that_reads_nothing_is_reset_after_the_grace(void **state) {
  struct net_story *s = *state;
  s->network->graces.length_msec = 20;
  s->server.is_paused = true;
  dial_and_open(s);
  char *large = malloc(LARGE);
  write_large(s, large);
  free(large);
  owner_close(&s->owner, true);
  RUN_UNTIL(s, slip_network_count(s->network) == 0);
  bare_server_resume(&s->server);
  RUN_UNTIL(s, s->server.got_error != 0);
  assert_int_equal(s->server.got_error, UV_ECONNRESET);
}

static void an_abort_with_unsent_bytes_resets(void **state) {
  struct net_story *s = *state;
  s->server.is_paused = true;
  dial_and_open(s);
  char *large = malloc(LARGE);
  write_large(s, large);
  free(large);
  owner_close(&s->owner, false);
  RUN_UNTIL(s, slip_network_count(s->network) == 0);
  bare_server_resume(&s->server);
  RUN_UNTIL(s, s->server.got_error != 0);
  assert_int_equal(s->server.got_error, UV_ECONNRESET);
}

static void an_abort_without_unsent_bytes_just_ends(void **state) {
  struct net_story *s = *state;
  dial_and_open(s);
  assert_int_equal(slip_stream_write(s->owner.stream, SLIP_SPAN("x")), 1);
  RUN_UNTIL(s, s->server.got.size == 1);
  owner_close(&s->owner, false);
  RUN_UNTIL(s, s->server.got_end);
  assert_int_equal(s->server.got_error, 0);
}

static void a_close_right_after_the_dial_says_nothing(void **state) {
  struct net_story *s = *state;
  dial(s);
  assert_int_equal(slip_network_count(s->network), 1);
  owner_close(&s->owner, true);
  RUN_UNTIL(s, slip_network_count(s->network) == 0);
  assert_int_equal(s->owner.heard.size, 0);
  assert_int_equal(s->server.accepted, 0);
}

struct closing {
  struct slip_later later;
  struct owner *owner;
};

static void close_now(struct slip_later *later) {
  owner_close(((struct closing *)later)->owner, false);
}

static void a_close_while_resolving_says_nothing_more(void **state) {
  struct net_story *s = *state;
  net_story_dial(s, "localhost", s->server.port, NULL);
  struct closing closing = {{.call = close_now}, &s->owner};
  slip_laters_put(&s->network->laters, &closing.later); /* right after the resolver was asked */
  RUN_UNTIL(s, slip_network_count(s->network) == 0);
  CHECK_SPAN(slip_buf_span(&s->owner.heard), "dns ");
}

static void a_close_while_connecting_says_nothing_more(void **state) {
  struct net_story *s = *state;
  dial(s);
  struct closing closing = {{.call = close_now}, &s->owner};
  slip_laters_put(&s->network->laters, &closing.later); /* right after the dial begins */
  RUN_UNTIL(s, slip_network_count(s->network) == 0);
  CHECK_SPAN(slip_buf_span(&s->owner.heard), "tcp ");
}

/* Dials; the owner closes from inside `call`, which the server's bytes and end bring about. */
static void close_inside(struct net_story *s, const char *call, bool is_graceful) {
  s->owner = (struct owner){.close_at = call, .is_graceful = is_graceful};
  unsigned accepted = s->server.accepted;
  dial(s);
  if (strcmp(call, "tcp") != 0) {
    RUN_UNTIL(s, s->server.accepted > accepted);
    bare_server_send(&s->server, SLIP_SPAN("x"));
    bare_server_drop(&s->server);
  }
  RUN_UNTIL(s, s->owner.stream == NULL);
  RUN_UNTIL(s, slip_network_count(s->network) == 0 && !s->server.has_peer);
  owner_clear(&s->owner);
}

static void the_owner_may_close_from_inside_every_call(void **state) {
  struct net_story *s = *state;
  const char *const calls[] = {"tcp", "opened", "received", "ended"};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    close_inside(s, calls[i], false);
    close_inside(s, calls[i], true);
  }
  s->owner = (struct owner){0};
}

static void the_network_goes_with_its_last_stream(void **state) {
  struct net_story *s = *state;
  struct slip_network *second;
  CHECK_OK(slip_network_new(&s->loop, &second));
  struct slip_net *net = slip_network_net(second);
  struct slip_target target = {.host = SLIP_SPAN("127.0.0.1"), .port = s->server.port};
  CHECK_OK(net->dial(net, &target, &owner_handler, &s->owner, &s->owner.stream));
  RUN_UNTIL(s, s->owner.is_open && s->server.has_peer);
  owner_close(&s->owner, true);
  slip_network_free(second);
  RUN_UNTIL(s, s->server.got_end);
  bare_server_drop(&s->server); /* ASan tells whether `second` is gone at the end */
}

#define SPEC(name) cmocka_unit_test_setup_teardown(name, net_story_begin, net_story_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      SPEC(bytes_go_both_ways),
      SPEC(a_name_is_resolved_and_each_address_tried),
      SPEC(an_ipv6_address_is_dialled),
      SPEC(a_refused_port_says_who_refused),
      SPEC(no_file_descriptor_left_is_told_in_words),
      SPEC(a_name_that_cannot_be_is_no_such_host),
      SPEC(a_host_longer_than_any_name_is_no_such_host),
      SPEC(the_end_in_good_order_has_no_text),
      SPEC(a_reset_is_told_in_words),
      SPEC(a_write_to_a_lost_peer_ends_after_what_it_had_sent),
      SPEC(a_turn_reads_a_part_and_the_next_ones_the_rest),
      SPEC(bytes_behind_urgent_ones_are_read),
      SPEC(a_peer_that_does_not_read_makes_the_write_short),
      SPEC(pushes_without_end_end_the_connection),
      SPEC(a_graceful_close_delivers_all_that_was_taken),
      SPEC(a_peer_that_never_ends_gets_the_grace_only),
      SPEC(a_peer_that_reads_nothing_is_reset_after_the_grace),
      SPEC(an_abort_with_unsent_bytes_resets),
      SPEC(an_abort_without_unsent_bytes_just_ends),
      SPEC(a_close_right_after_the_dial_says_nothing),
      SPEC(a_close_while_resolving_says_nothing_more),
      SPEC(a_close_while_connecting_says_nothing_more),
      SPEC(the_owner_may_close_from_inside_every_call),
      SPEC(the_network_goes_with_its_last_stream),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
