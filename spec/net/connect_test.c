#include "net/address.h"
#include "net/attempt.h"
#include "net/connect_words.h"
#include "net/network.h"
#include "spec/support/memory_failure.h"
#include "spec/support/net_story.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <unistd.h>

#define ADDRESSES_MAX 4
#define FILLERS 3
#define DELAY_MSEC 250 /* RFC 8305 */

/* A resolver that knows one name, and an address that never answers. */
struct story {
  struct net_story *net;
  const char *addresses[ADDRESSES_MAX]; /* of the name; ends with NULL */
  char port[sizeof "65535"];
  uv_getaddrinfo_cb done;
  int hole;             /* listens, but its queue is full */
  int fillers[FILLERS]; /* what fills it */
};

/* The resolver. */

static struct addrinfo *read_address(const char *address, const char *port) {
  const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
  struct addrinfo *found;
  assert_int_equal(getaddrinfo(address, port, &hints, &found), 0);
  return found;
}

static void on_first_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found) {
  struct story *s = request->loop->data;
  struct addrinfo *last = found;
  for (size_t i = 1; status == 0 && s->addresses[i] != NULL; i++) {
    last->ai_next = read_address(s->addresses[i], s->port);
    last = last->ai_next;
  }
  s->done(request, status, found);
}

static int resolve(uv_loop_t *loop, uv_getaddrinfo_t *request, uv_getaddrinfo_cb done,
                   const char *host, const char *port) {
  struct story *s = loop->data;
  assert_string_equal(host, "phoenix.test");
  snprintf(s->port, sizeof s->port, "%s", port);
  s->done = done;
  const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
  return uv_getaddrinfo(loop, request, on_first_resolved, s->addresses[0], port, &hints);
}

/* The story. */

static int set_up(void **state) {
  struct story *s = calloc(1, sizeof *s);
  void *net;
  (void)net_story_begin(&net);
  s->net = net;
  s->net->loop.data = s;
  s->net->network->resolve = resolve;
  s->hole = -1;
  *state = s;
  return 0;
}

static int tear_down(void **state) {
  struct story *s = *state;
  if (s->hole >= 0) {
    close(s->hole);
    for (size_t i = 0; i < FILLERS; i++)
      close(s->fillers[i]);
  }
  (void)net_story_end((void **)&s->net);
  free(s);
  return 0;
}

/* From here on 127.0.0.2 does not answer at the server's port: Linux drops what would come into a
 * full queue. */
static void dig_hole(struct story *s) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(s->net->server.port)};
  assert_int_equal(inet_pton(AF_INET, "127.0.0.2", &address.sin_addr), 1);
  s->hole = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(s->hole, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(s->hole, 0), 0);
  for (size_t i = 0; i < FILLERS; i++) {
    s->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)connect(s->fillers[i], (struct sockaddr *)&address, sizeof address);
  }
}

static void dial(struct story *s, const char *const addresses[ADDRESSES_MAX]) {
  for (size_t i = 0; i < ADDRESSES_MAX; i++)
    s->addresses[i] = addresses[i];
  net_story_dial(s->net, "phoenix.test", s->net->server.port, NULL);
}

/* Turns until the dial has its outcome; answers how long that took. */
static uint64_t race(struct story *s) {
  struct owner *owner = &s->net->owner;
  uint64_t before = uv_now(&s->net->loop);
  RUN_UNTIL(s->net, owner->is_open || owner->has_ended);
  return uv_now(&s->net->loop) - before;
}

static void expect_text(struct story *s, const char *text) {
  struct owner *owner = &s->net->owner;
  assert_true(owner->has_ended);
  assert_int_equal(owner->kind, SLIP_REASON_CONNECT_FAILED);
  assert_int_equal(owner->stage, SLIP_STAGE_TCP);
  CHECK_OK(slip_buf_append(&owner->text, (struct slip_span){"", 1}));
  assert_string_equal(owner->text.memory, text);
}

/* `words` are followed by the port. */
static void expect_failure(struct story *s, const char *words) {
  char text[200];
  snprintf(text, sizeof text, "%s:%u", words, s->net->server.port);
  expect_text(s, text);
}

static void the_next_address_is_tried_when_the_first_is_silent(void **state) {
  struct story *s = *state;
  dig_hole(s);
  dial(s, (const char *[ADDRESSES_MAX]){"127.0.0.2", "127.0.0.1"});
  uint64_t took = race(s);
  assert_true(s->net->owner.is_open);
  assert_in_range(took, DELAY_MSEC, 10 * DELAY_MSEC);
  CHECK_SPAN(slip_buf_span(&s->net->owner.heard), "dns tcp opened ");
}

/* ::1 refuses, or is no address of this machine: either way it fails at once. */
static void the_next_address_is_tried_at_once_when_the_first_refuses(void **state) {
  struct story *s = *state;
  s->net->network->staggers.length_msec = 1000000; /* longer than the spec may last */
  dial(s, (const char *[ADDRESSES_MAX]){"::1", "127.0.0.3", "127.0.0.1"});
  (void)race(s);
  assert_true(s->net->owner.is_open);
}

/* The refusal of the second neither ends the race nor waits for the first. */
static void a_silent_address_keeps_running_beside_those_that_refuse(void **state) {
  struct story *s = *state;
  dig_hole(s);
  dial(s, (const char *[ADDRESSES_MAX]){"127.0.0.2", "127.0.0.3", "127.0.0.1"});
  assert_in_range(race(s), DELAY_MSEC, 10 * DELAY_MSEC);
  assert_true(s->net->owner.is_open);
}

static void when_all_refuse_the_last_is_named(void **state) {
  struct story *s = *state;
  dial(s, (const char *[ADDRESSES_MAX]){"127.0.0.3", "127.0.0.4"});
  (void)race(s);
  expect_failure(s, "connection refused by 127.0.0.4");
}

/* 127.255.255.255 is a broadcast address, to which TCP has no way. */
static void an_address_without_a_way_does_not_hide_a_refusal(void **state) {
  struct story *s = *state;
  dial(s, (const char *[ADDRESSES_MAX]){"127.0.0.3", "127.255.255.255"});
  (void)race(s);
  expect_failure(s, "connection refused by 127.0.0.3");
}

static void no_way_to_any_address_is_told_in_words(void **state) {
  struct story *s = *state;
  dial(s, (const char *[ADDRESSES_MAX]){"127.255.255.255"});
  (void)race(s);
  expect_failure(s, "no route to 127.255.255.255");
}

static void a_close_in_the_middle_of_the_race_ends_all_attempts(void **state) {
  struct story *s = *state;
  dig_hole(s);
  dial(s, (const char *[ADDRESSES_MAX]){"127.0.0.2", "127.0.0.2", "127.0.0.1"});
  RUN_UNTIL(s->net, s->net->owner.heard.size >= strlen("dns tcp"));
  uint64_t before = uv_now(&s->net->loop);
  RUN_UNTIL(s->net, uv_now(&s->net->loop) - before > DELAY_MSEC); /* two run */
  owner_close(&s->net->owner, false);
  assert_int_equal(slip_network_count(s->net->network), 0);
  CHECK_SPAN(slip_buf_span(&s->net->owner.heard), "dns tcp ");
}

/* Where it comes from. */

static void dial_from(struct story *s, const char *local,
                      const char *const addresses[ADDRESSES_MAX]) {
  struct slip_net *net = slip_network_net(s->net->network);
  struct owner *owner = &s->net->owner;
  for (size_t i = 0; i < ADDRESSES_MAX; i++)
    s->addresses[i] = addresses[i];
  const struct slip_target target = {.host = SLIP_SPAN("phoenix.test"),
                                     .port = s->net->server.port,
                                     .local_address = slip_span_of(local)};
  CHECK_OK(net->dial(net, &target, &owner_handler, owner, &owner->stream));
  (void)race(s);
}

static void a_connection_comes_from_the_local_address(void **state) {
  struct story *s = *state;
  struct sockaddr_storage peer;
  int size = sizeof peer;
  char text[SLIP_ADDRESS_TEXT_SIZE];
  dial_from(s, "127.0.0.9", (const char *[ADDRESSES_MAX]){"127.0.0.1"});
  RUN_UNTIL(s->net, s->net->server.has_peer);
  assert_int_equal(uv_tcp_getpeername(&s->net->server.peer, (struct sockaddr *)&peer, &size), 0);
  ((struct sockaddr_in *)&peer)->sin_port = 0;
  slip_address_say((struct sockaddr *)&peer, text, sizeof text);
  assert_string_equal(text, "127.0.0.9");
}

static void addresses_of_another_family_than_the_local_one_are_passed_over(void **state) {
  struct story *s = *state;
  dial_from(s, "127.0.0.9", (const char *[ADDRESSES_MAX]){"::1", "127.0.0.1"});
  assert_true(s->net->owner.is_open);
}

static void a_name_without_an_address_of_the_family_is_told_in_words(void **state) {
  struct story *s = *state;
  dial_from(s, "127.0.0.9", (const char *[ADDRESSES_MAX]){"::1", "::2"});
  expect_text(s, "local_address 127.0.0.9: phoenix.test has no IPv4 address");
}

/* 192.0.2.0/24 is for documentation (RFC 5737). */
static void a_local_address_of_another_machine_is_told_in_words(void **state) {
  struct story *s = *state;
  dial_from(s, "192.0.2.1", (const char *[ADDRESSES_MAX]){"127.0.0.1"});
  expect_text(s, "local_address 192.0.2.1: this machine has no such address");
}

/* What connect answers to this depends on the machine's routes. */
static void a_local_address_that_leads_nowhere_else_is_told_in_words(void **state) {
  (void)state;
  struct sockaddr_in from;
  struct sockaddr_in to;
  char text[200];
  assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &from), 0);
  assert_int_equal(uv_ip4_addr("192.0.2.1", 80, &to), 0);
  const struct slip_connect_failure failure = {
      .code = UV_EINVAL, .to = (struct sockaddr *)&to, .from = (struct sockaddr *)&from};
  slip_connect_say_tcp(&failure, text, sizeof text);
  assert_string_equal(text, "local_address 127.0.0.1: no way from there to 192.0.2.1:80");
}

static void an_ipv6_address_is_told_as_well(void **state) {
  struct story *s = *state;
  dial_from(s, "2001:db8::1", (const char *[ADDRESSES_MAX]){"127.0.0.1", "127.0.0.2"});
  expect_text(s, "local_address 2001:db8::1: phoenix.test has no IPv6 address");
}

static void never_ends(struct slip_attempt *attempt) {
  fail_msg("ended with %d", attempt->status);
}

/* Otherwise all servers together could have only as many connections as there are ports. */
static void the_port_is_chosen_when_it_connects(void **state) {
  struct story *s = *state;
  struct sockaddr_storage to, from;
  int is_late = 0;
  socklen_t size = sizeof is_late;
  assert_true(slip_address_read("127.0.0.1", s->net->server.port, &to));
  assert_true(slip_address_read("127.0.0.9", 0, &from));
  struct slip_attempt *attempt = slip_attempt_start(
      &s->net->network->poller, (struct sockaddr *)&to, (struct sockaddr *)&from, never_ends);
  assert_int_equal(attempt->status, 0);
  assert_int_equal(
      getsockopt(attempt->socket->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &is_late, &size), 0);
  assert_int_equal(is_late, 1);
  slip_attempt_drop(attempt);
}

/* No memory. */

struct outcome {
  bool is_open;
  bool has_ended;
};

static void on_stage(void *owner, enum slip_stage stage) {
  (void)owner, (void)stage;
}

static void on_opened(void *owner) {
  ((struct outcome *)owner)->is_open = true;
}

static void on_received(void *owner, struct slip_span bytes) {
  (void)owner, (void)bytes;
}

static void on_ended(void *owner, const struct slip_reason *reason) {
  struct outcome *outcome = owner;
  outcome->has_ended = true;
  assert_in_range(reason->stage, SLIP_STAGE_DNS, SLIP_STAGE_TCP);
}

/* Dials two addresses of which the first refuses. False: the allocation was not reached. */
static bool dial_without_memory(struct story *s, unsigned number) {
  static const struct slip_stream_handler handler = {on_stage,  on_opened, on_received,
                                                     on_opened, on_ended,  NULL};
  struct slip_net *net = slip_network_net(s->net->network);
  const struct slip_target target = {.host = SLIP_SPAN("phoenix.test"),
                                     .port = s->net->server.port};
  struct outcome outcome = {0};
  struct slip_stream *stream;
  memory_fails_at(number);
  enum slip_err err = net->dial(net, &target, &handler, &outcome, &stream);
  if (err == SLIP_OK)
    RUN_UNTIL(s->net, outcome.is_open || outcome.has_ended);
  bool has_failed = memory_has_failed();
  assert_true(has_failed || outcome.is_open);
  RUN_UNTIL(s->net, s->net->server.has_peer || !outcome.is_open);
  if (err == SLIP_OK)
    slip_stream_close(stream, false);
  RUN_UNTIL(s->net, !s->net->server.has_peer || s->net->server.got_end);
  return has_failed;
}

/* Where an attempt has no memory, the next address may have some. */
static void a_dial_without_memory_ends_or_goes_on_without_a_leak(void **state) {
  struct story *s = *state;
  s->addresses[0] = "127.0.0.3";
  s->addresses[1] = "127.0.0.1";
  unsigned number = 0;
  while (dial_without_memory(s, number)) {
    number++;
    if (s->net->server.has_peer)
      bare_server_drop(&s->net->server);
    RUN_UNTIL(s->net, !s->net->server.has_peer && slip_network_count(s->net->network) == 0);
    s->net->server.got_end = false;
  }
  assert_in_range(number, 5, 20); /* a stream, a connect, its resolution; two for each attempt */
}

#define SPEC(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      SPEC(the_next_address_is_tried_when_the_first_is_silent),
      SPEC(the_next_address_is_tried_at_once_when_the_first_refuses),
      SPEC(a_silent_address_keeps_running_beside_those_that_refuse),
      SPEC(when_all_refuse_the_last_is_named),
      SPEC(an_address_without_a_way_does_not_hide_a_refusal),
      SPEC(no_way_to_any_address_is_told_in_words),
      SPEC(a_close_in_the_middle_of_the_race_ends_all_attempts),
      SPEC(a_connection_comes_from_the_local_address),
      SPEC(addresses_of_another_family_than_the_local_one_are_passed_over),
      SPEC(a_name_without_an_address_of_the_family_is_told_in_words),
      SPEC(a_local_address_of_another_machine_is_told_in_words),
      SPEC(a_local_address_that_leads_nowhere_else_is_told_in_words),
      SPEC(an_ipv6_address_is_told_as_well),
      SPEC(the_port_is_chosen_when_it_connects),
      SPEC(a_dial_without_memory_ends_or_goes_on_without_a_leak),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
