#include "net/address.h"
#include "net/attempt.h"
#include "spec/support/net_story.h"

#include <sys/un.h>
#include <unistd.h>

/* A folder with a socket in it that the story may let listen. */
struct story {
  struct net_story *net;
  char folder[32];
  char path[64];
  int door;
};

static int set_up(void **state) {
  struct story *s = calloc(1, sizeof *s);
  void *net;
  (void)net_story_begin(&net);
  s->net = net;
  snprintf(s->folder, sizeof s->folder, "/tmp/slipstream-XXXXXX");
  assert_non_null(mkdtemp(s->folder));
  snprintf(s->path, sizeof s->path, "%s/socket", s->folder);
  struct sockaddr_storage address;
  assert_true(slip_address_read(s->path, 0, &address));
  s->door = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(bind(s->door, (struct sockaddr *)&address, sizeof(struct sockaddr_un)), 0);
  *state = s;
  return 0;
}

static int tear_down(void **state) {
  struct story *s = *state;
  close(s->door);
  (void)net_story_end((void **)&s->net);
  unlink(s->path);
  rmdir(s->folder);
  free(s);
  return 0;
}

/* `words` around the path. */
static void expect_failure(struct story *s, const char *before, const char *path,
                           const char *behind) {
  char text[200];
  snprintf(text, sizeof text, "%s%s%s", before, path, behind);
  struct owner *owner = &s->net->owner;
  net_story_dial(s->net, path, 80, NULL);
  RUN_UNTIL(s->net, owner->has_ended);
  assert_int_equal(owner->kind, SLIP_REASON_CONNECT_FAILED);
  assert_int_equal(owner->stage, SLIP_STAGE_TCP);
  CHECK_OK(slip_buf_append(&owner->text, (struct slip_span){"", 1}));
  assert_string_equal(owner->text.memory, text);
  CHECK_SPAN(slip_buf_span(&owner->heard), "tcp ended ");
}

static void bytes_go_both_ways(void **state) {
  struct story *s = *state;
  struct owner *owner = &s->net->owner;
  char room[5];
  assert_int_equal(listen(s->door, 1), 0);
  net_story_dial(s->net, s->path, 80, NULL);
  RUN_UNTIL(s->net, owner->is_open);
  int peer = accept(s->door, NULL, NULL);
  assert_int_equal(slip_stream_write(owner->stream, SLIP_SPAN("hello")), 5);
  assert_int_equal(read(peer, room, sizeof room), 5);
  assert_memory_equal(room, "hello", 5);
  assert_int_equal(write(peer, "world", 5), 5);
  RUN_UNTIL(s->net, owner->bytes.size == 5);
  close(peer);
  RUN_UNTIL(s->net, owner->has_ended);
  assert_int_equal(owner->text.size, 0);
  CHECK_SPAN(slip_buf_span(&owner->bytes), "world");
  CHECK_SPAN(slip_buf_span(&owner->heard), "tcp opened ended ");
}

static void hear(void *owner, uint32_t events) {
  *(uint32_t *)owner |= events;
}

static void take(struct slip_attempt *attempt) {
  assert_int_equal(attempt->status, 0);
  struct slip_socket **taken = attempt->owner;
  *taken = slip_attempt_take(attempt);
}

/* It is ready to be read in the turn that tells of the connection, and is not told otherwise. */
static void bytes_that_come_with_the_connection_are_told_to_who_takes_it(void **state) {
  struct story *s = *state;
  struct slip_poller *poller = &s->net->network->poller;
  struct slip_socket *socket = NULL;
  struct sockaddr_storage address;
  uint32_t heard = 0;
  assert_true(slip_address_read(s->path, 0, &address));
  assert_int_equal(listen(s->door, 1), 0);
  struct slip_attempt *attempt =
      slip_attempt_start(poller, (struct sockaddr *)&address, NULL, take);
  attempt->owner = &socket;
  int peer = accept(s->door, NULL, NULL);
  assert_int_equal(write(peer, "early", 5), 5);
  RUN_UNTIL(s->net, socket != NULL);
  socket->owner = &heard;
  socket->ready = hear;
  RUN_UNTIL(s->net, (heard & EPOLLIN) != 0);
  slip_poller_remove(poller, socket);
  close(peer);
}

static void a_path_where_nothing_is_is_told_in_words(void **state) {
  struct story *s = *state;
  unlink(s->path);
  expect_failure(s, "cannot connect to ", s->path, ": no such file or directory");
}

static void a_socket_where_nobody_listens_refuses(void **state) {
  struct story *s = *state;
  expect_failure(s, "connection refused by ", s->path, "");
}

static void a_listener_that_takes_nobody_is_told_in_words(void **state) {
  struct story *s = *state;
  struct sockaddr_storage address;
  assert_true(slip_address_read(s->path, 0, &address));
  assert_int_equal(listen(s->door, 0), 0);
  int filler = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(connect(filler, (struct sockaddr *)&address, sizeof(struct sockaddr_un)), 0);
  expect_failure(s, "the queue of ", s->path, " is full");
  close(filler);
}

/* core/uri.c refuses it before, in words of its own. */
static void a_path_that_no_socket_can_have_is_no_address(void **state) {
  (void)state;
  struct sockaddr_storage address;
  char path[sizeof((struct sockaddr_un *)0)->sun_path + 1];
  char text[SLIP_ADDRESS_TEXT_SIZE];
  memset(path, 'a', sizeof path);
  path[0] = '/';
  path[sizeof path - 1] = '\0';
  assert_false(slip_address_read(path, 0, &address));
  path[sizeof path - 2] = '\0';
  assert_true(slip_address_read(path, 0, &address));
  slip_address_say((struct sockaddr *)&address, text, sizeof text);
  assert_string_equal(text, path);
}

static void a_close_right_after_the_dial_leaves_nothing(void **state) {
  struct story *s = *state;
  assert_int_equal(listen(s->door, 1), 0);
  s->net->owner.close_at = "tcp";
  net_story_dial(s->net, s->path, 80, NULL);
  RUN_UNTIL(s->net, s->net->owner.stream == NULL);
  assert_int_equal(slip_network_count(s->net->network), 0);
}

#define SPEC(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      SPEC(bytes_go_both_ways),
      SPEC(bytes_that_come_with_the_connection_are_told_to_who_takes_it),
      SPEC(a_path_where_nothing_is_is_told_in_words),
      SPEC(a_socket_where_nobody_listens_refuses),
      SPEC(a_listener_that_takes_nobody_is_told_in_words),
      SPEC(a_path_that_no_socket_can_have_is_no_address),
      SPEC(a_close_right_after_the_dial_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
