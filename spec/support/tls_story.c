#include "spec/support/tls_story.h"

#include <unistd.h>

void tls_story_make_file(char *path, size_t size) {
  snprintf(path, size, "/tmp/slipstream-XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
}

int tls_story_begin(void **state) {
  struct tls_story *s = calloc(1, sizeof *s);
  void *net;
  assert_non_null(s);
  tls_story_make_file(s->ca_path, sizeof s->ca_path);
  s->ca = certificate_make_ca("slipstream spec CA");
  certificate_write(&s->ca, s->ca_path);
  s->settings = (struct slip_tls_settings){.ca_file = s->ca_path, .verify = true, .resume = true};
  (void)net_story_begin(&net);
  s->net = net;
  *state = s;
  return 0;
}

int tls_story_end(void **state) {
  struct tls_story *s = *state;
  void *net = s->net;
  (void)net_story_end(&net);
  slip_tls_config_release(s->config);
  tls_server_close(&s->server);
  certificate_free(&s->leaf);
  certificate_free(&s->ca);
  unlink(s->ca_path);
  free(s);
  return 0;
}

void tls_story_configure(struct tls_story *s) {
  char text[200] = "";
  CHECK_OK(slip_tls_config_new(&s->settings, text, sizeof text, &s->config));
}
