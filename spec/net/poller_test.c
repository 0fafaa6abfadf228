#include "net/poller.h"
#include "spec/support/check.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Two sockets that are watched, `a` and `b`, and their peers. */
struct end {
  struct story *story;
  struct slip_socket *socket;
  int peer;
  uint32_t heard; /* the last events */
  unsigned count; /* how often something was told */
};

struct story {
  uv_loop_t loop;
  struct slip_poller poller;
  struct end a;
  struct end b;
};

static void on_ready(void *owner, uint32_t events) {
  struct end *end = owner;
  end->heard = events;
  end->count++;
}

static void open_end(struct story *s, struct end *end) {
  int fds[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  assert_int_equal(slip_poller_add(&s->poller, fds[0], &end->socket), 0);
  end->socket->owner = end;
  end->socket->ready = on_ready;
  end->peer = fds[1];
  end->story = s;
}

static void close_end(struct end *end) {
  if (end->socket != NULL)
    slip_poller_remove(&end->story->poller, end->socket);
  end->socket = NULL;
}

/* Tells of what is ready by now. */
static void turn(struct story *s) {
  (void)uv_run(&s->loop, UV_RUN_NOWAIT);
}

static int set_up(void **state) {
  struct story *s = calloc(1, sizeof *s);
  assert_int_equal(uv_loop_init(&s->loop), 0);
  CHECK_OK(slip_poller_init(&s->poller, &s->loop));
  open_end(s, &s->a);
  open_end(s, &s->b);
  turn(s); /* both may be written to */
  s->a.count = s->b.count = 0;
  *state = s;
  return 0;
}

static int tear_down(void **state) {
  struct story *s = *state;
  close_end(&s->a);
  close_end(&s->b);
  close(s->a.peer);
  close(s->b.peer);
  slip_poller_close(&s->poller, NULL);
  (void)uv_run(&s->loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&s->loop), 0);
  free(s);
  return 0;
}

static void what_is_ready_is_told_once(void **state) {
  struct story *s = *state;
  assert_int_equal(write(s->a.peer, "x", 1), 1);
  turn(s);
  turn(s);
  assert_int_equal(s->a.count, 1);
  assert_true(s->a.heard & EPOLLIN);
  assert_int_equal(s->b.count, 0);
}

static void more_is_told_again(void **state) {
  struct story *s = *state;
  assert_int_equal(write(s->a.peer, "x", 1), 1);
  turn(s);
  assert_int_equal(write(s->a.peer, "y", 1), 1);
  turn(s);
  assert_int_equal(s->a.count, 2);
}

static void what_was_told_is_told_again_on_request(void **state) {
  struct story *s = *state;
  assert_int_equal(write(s->a.peer, "x", 1), 1);
  turn(s);
  slip_poller_again(&s->poller, s->a.socket);
  turn(s);
  turn(s);
  assert_int_equal(s->a.count, 2);
  assert_true(s->a.heard & EPOLLIN);
}

static void close_both(void *owner, uint32_t events) {
  struct end *end = owner;
  on_ready(end, events);
  close_end(&end->story->a);
  close_end(&end->story->b);
}

/* Who is told first closes itself and the other, of whom the same turn was to tell. */
static void a_socket_that_is_closed_is_not_told_of_any_more(void **state) {
  struct story *s = *state;
  s->a.socket->ready = s->b.socket->ready = close_both;
  assert_int_equal(write(s->a.peer, "x", 1), 1);
  assert_int_equal(write(s->b.peer, "x", 1), 1);
  turn(s);
  assert_int_equal(s->a.count + s->b.count, 1);
  assert_null(s->a.socket);
}

/* As a child does that another thread forks, until it runs its program. */
static void a_duplicate_does_not_keep_it_in_the_set(void **state) {
  struct story *s = *state;
  int duplicate = dup(s->a.socket->fd);
  close_end(&s->a);
  assert_int_equal(write(s->a.peer, "x", 1), 1);
  turn(s);
  assert_int_equal(s->a.count, 0);
  close(duplicate);
}

static void the_loop_lives_as_long_as_a_socket(void **state) {
  struct story *s = *state;
  assert_true(uv_loop_alive(&s->loop));
  close_end(&s->a);
  assert_true(uv_loop_alive(&s->loop));
  close_end(&s->b);
  assert_false(uv_loop_alive(&s->loop));
}

static void without_a_descriptor_there_is_none(void **state) {
  struct story *s = *state;
  struct slip_poller second;
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const struct rlimit none = {0, limit.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  enum slip_err err = slip_poller_init(&second, &s->loop);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  assert_int_equal(err, SLIP_EIO);
}

#define SPEC(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      SPEC(what_is_ready_is_told_once),
      SPEC(more_is_told_again),
      SPEC(what_was_told_is_told_again_on_request),
      SPEC(a_socket_that_is_closed_is_not_told_of_any_more),
      SPEC(a_duplicate_does_not_keep_it_in_the_set),
      SPEC(the_loop_lives_as_long_as_a_socket),
      SPEC(without_a_descriptor_there_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
