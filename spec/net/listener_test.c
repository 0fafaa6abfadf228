#include "net/listener.h"
#include "spec/support/check.h"

#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
  uv_loop_t loop;
  struct slip_listener *listener;
  int accepted; /* the last socket, -1 before */
  int starved_count;
  int turns;
} story;

static void accepted(void *owner, int fd) {
  (void)owner;
  story.accepted = fd;
  uv_stop(&story.loop);
}

static void starved(void *owner, const char *why) {
  (void)owner;
  assert_non_null(strstr(why, "ulimit -n"));
  story.starved_count++;
}

static void count_turn(uv_prepare_t *prepare) {
  (void)prepare;
  story.turns++;
}

static void stop_loop(uv_timer_t *timer) {
  uv_stop(timer->loop);
}

static int start(void **state) {
  (void)state;
  const char *fault = NULL;
  struct slip_listener_settings settings = {
      .host = "127.0.0.1", .accepted = accepted, .starved = starved};
  story.accepted = -1;
  story.turns = story.starved_count = 0;
  assert_int_equal(uv_loop_init(&story.loop), 0);
  return slip_listener_open(&story.loop, &settings, &fault, &story.listener) != SLIP_OK;
}

static int stop(void **state) {
  (void)state;
  slip_listener_close(story.listener);
  uv_run(&story.loop, UV_RUN_DEFAULT);
  return uv_loop_close(&story.loop);
}

static int connect_to_it(void) {
  struct sockaddr_in at = {.sin_family = AF_INET,
                           .sin_port = htons(slip_listener_port(story.listener)),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
  return fd;
}

static void run_for(uint64_t msec) {
  uv_timer_t timer;
  uv_prepare_t prepare;
  uv_timer_init(&story.loop, &timer);
  uv_prepare_init(&story.loop, &prepare);
  uv_prepare_start(&prepare, count_turn);
  uv_timer_start(&timer, stop_loop, msec, 0);
  uv_run(&story.loop, UV_RUN_DEFAULT);
  uv_close((uv_handle_t *)&timer, NULL);
  uv_close((uv_handle_t *)&prepare, NULL);
  uv_run(&story.loop, UV_RUN_NOWAIT);
}

static void hands_on_what_connects(void **state) {
  (void)state;
  int fd = connect_to_it();
  run_for(2000);
  assert_true(story.accepted >= 0);
  close(story.accepted);
  close(fd);
}

/* Lets descriptors be used up to the highest one that is open. */
static struct rlimit use_up_descriptors(int highest) {
  struct rlimit limit, less;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  less = limit;
  less.rlim_cur = (rlim_t)highest + 1;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
  return limit;
}

static void rests_while_there_are_no_descriptors_and_goes_on_then(void **state) {
  (void)state;
  int fd = connect_to_it();
  struct rlimit limit = use_up_descriptors(fd);
  run_for(250);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  assert_int_equal(story.accepted, -1);
  assert_true(story.turns < 20);
  assert_int_equal(story.starved_count, 1); /* not at each look */
  run_for(2000);
  assert_true(story.accepted >= 0);
  close(story.accepted);
  close(fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(hands_on_what_connects, start, stop),
      cmocka_unit_test_setup_teardown(rests_while_there_are_no_descriptors_and_goes_on_then, start,
                                      stop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
