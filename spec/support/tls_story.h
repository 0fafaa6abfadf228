#ifndef SLIP_SPEC_TLS_STORY_H
#define SLIP_SPEC_TLS_STORY_H
/*
 * Tls story: what a spec of TLS streams begins with: a CA that the client trusts by a file, and a
 * server.
 */
#include "net/tls.h"
#include "spec/support/net_story.h"
#include "spec/support/tls_server.h"

#define FOR_LOCALHOST "DNS:localhost,IP:127.0.0.1"

struct tls_story {
  struct net_story *net;
  struct certificate ca;
  struct certificate leaf; /* the server's */
  char ca_path[32];
  struct tls_server server;
  struct slip_tls_settings settings; /* to be changed before `tls_story_configure` */
  struct slip_tls_config *config;
};

/* For cmocka_unit_test_setup_teardown. */
int tls_story_begin(void **state);
int tls_story_end(void **state);

/* Makes the config of the settings. */
void tls_story_configure(struct tls_story *s);
/* An empty file, which the spec unlinks. */
void tls_story_make_file(char *path, size_t size);

#endif
