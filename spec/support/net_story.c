#include "spec/support/net_story.h"

#include <dirent.h>

#define WATCHDOG_MSEC 10000

static unsigned count_descriptors(void) {
  DIR *all = opendir("/proc/self/fd");
  assert_non_null(all);
  unsigned count = 0;
  while (readdir(all) != NULL)
    count++;
  closedir(all);
  return count;
}

static void on_watchdog(uv_timer_t *watchdog) {
  (void)watchdog;
  fail_msg("nothing came for %d ms", WATCHDOG_MSEC);
}

int net_story_begin(void **state) {
  struct net_story *story = calloc(1, sizeof *story);
  assert_non_null(story);
  assert_int_equal(uv_loop_init(&story->loop), 0); /* the first one opens what stays */
  assert_int_equal(uv_loop_close(&story->loop), 0);
  story->descriptors = count_descriptors();
  assert_int_equal(uv_loop_init(&story->loop), 0);
  CHECK_OK(slip_network_new(&story->loop, &story->network));
  assert_true(bare_server_open(&story->server, &story->loop, "127.0.0.1"));
  uv_timer_init(&story->loop, &story->watchdog);
  uv_timer_start(&story->watchdog, on_watchdog, WATCHDOG_MSEC, 0);
  *state = story;
  return 0;
}

int net_story_end(void **state) {
  struct net_story *story = *state;
  if (story->owner.stream != NULL)
    owner_close(&story->owner, false);
  bare_server_close(&story->server); /* first, as a graceful close waits for the peer */
  RUN_UNTIL(story, slip_network_count(story->network) == 0);
  slip_network_free(story->network);
  uv_close((uv_handle_t *)&story->watchdog, NULL);
  (void)uv_run(&story->loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&story->loop), 0);
  assert_int_equal(count_descriptors(), story->descriptors);
  owner_clear(&story->owner);
  free(story);
  return 0;
}

void net_story_dial(struct net_story *story, const char *host, uint16_t port,
                    struct slip_tls_config *tls) {
  struct slip_net *net = slip_network_net(story->network);
  struct slip_target target = {.host = slip_span_of(host), .port = port, .tls = tls};
  struct owner *owner = &story->owner;
  CHECK_OK(net->dial(net, &target, &owner_handler, owner, &owner->stream));
  assert_int_equal(owner->heard.size, 0); /* nothing is said from inside the dial */
}
