#ifndef SLIP_SPEC_NET_STORY_H
#define SLIP_SPEC_NET_STORY_H
/*
 * Net story: what a spec of the real network begins with (a loop, a network, an owner and a server)
 * and checks at its end: no stream, handle or file descriptor is left.
 */
#include "net/network_private.h"
#include "spec/support/bare_server.h"
#include "spec/support/check.h"
#include "spec/support/owner.h"

struct net_story {
  uv_loop_t loop;
  struct slip_network *network;
  struct owner owner;
  struct bare_server server; /* listens on 127.0.0.1 */
  uv_timer_t watchdog;       /* ends a spec that waits for what does not come */
  unsigned descriptors;      /* how many were open before */
  void *more;                /* the spec's own */
};

/* For cmocka_unit_test_setup_teardown; the tear down closes what the spec left open. */
int net_story_begin(void **state);
int net_story_end(void **state);

/* Dials the server at `host` ("127.0.0.1" leads there) through TLS when `tls` is not NULL. */
void net_story_dial(struct net_story *story, const char *host, uint16_t port,
                    struct slip_tls_config *tls);
/* Lets the loop turn until `condition` holds. */
#define RUN_UNTIL(story, condition)                                                                \
  do {                                                                                             \
    while (!(condition))                                                                           \
      (void)uv_run(&(story)->loop, UV_RUN_ONCE);                                                   \
  } while (0)

#endif
