/* Connections that are resumed: all with the same settings share the tickets. */
#include "net/tls_private.h"
#include "spec/support/tls_story.h"

static void serve(struct tls_story *s, int max_version) {
  s->leaf = certificate_make(&s->ca, FOR_LOCALHOST, -1);
  tls_server_open(&s->server, &s->net->server, &s->leaf, NULL);
  SSL_CTX_set_max_proto_version(s->server.context, max_version);
  SSL_set_max_proto_version(s->server.ssl, max_version);
  tls_story_configure(s);
}

/* The connection is cut, without a close_notify, and all is ready for the next one. */
static void cut(struct tls_story *s) {
  struct owner *owner = &s->net->owner;
  if (!owner->has_ended)
    bare_server_drop(&s->net->server);
  RUN_UNTIL(s->net, owner->has_ended);
  owner_close(owner, false);
  RUN_UNTIL(s->net, slip_network_count(s->net->network) == 0 && !s->net->server.has_peer);
  owner_clear(owner);
  *owner = (struct owner){0};
  tls_server_renew(&s->server);
}

/* Dials; once all has come that the server says at first, answers whether it was resumed. */
static bool is_resumed(struct tls_story *s, const char *host) {
  struct owner *owner = &s->net->owner;
  net_story_dial(s->net, host, s->net->server.port, s->config);
  RUN_UNTIL(s->net, owner->is_open && s->server.is_open);
  tls_server_send(&s->server, SLIP_SPAN("hello")); /* behind the tickets */
  RUN_UNTIL(s->net, owner->bytes.size == 5);
  return SSL_session_reused(s->server.ssl);
}

/* The same, and cuts it. */
static bool resumes_at(struct tls_story *s, const char *host) {
  bool resumes = is_resumed(s, host);
  cut(s);
  return resumes;
}

static bool resumes(struct tls_story *s) {
  return resumes_at(s, "127.0.0.1");
}

static void expect_resumption_of(struct tls_story *s, int version) {
  serve(s, version);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(is_resumed(s, "127.0.0.1"), i > 0);
    assert_int_equal(SSL_version(s->server.ssl), version);
    cut(s);
  }
}

static void a_connection_after_a_cut_is_resumed(void **state) {
  expect_resumption_of(*state, TLS1_3_VERSION);
}

static void tls_1_2_is_resumed_as_well(void **state) {
  expect_resumption_of(*state, TLS1_2_VERSION);
}

static void tls_1_2_is_resumed_by_its_session_id_as_well(void **state) {
  struct tls_story *s = *state;
  serve(s, TLS1_2_VERSION);
  SSL_CTX_set_options(s->server.context, SSL_OP_NO_TICKET);
  SSL_set_options(s->server.ssl, SSL_OP_NO_TICKET);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(is_resumed(s, "127.0.0.1"), i > 0);
    tls_server_notify(&s->server); /* OpenSSL's server forgets what was cut */
    cut(s);
  }
}

static void a_ticket_is_offered_once(void **state) {
  struct tls_story *s = *state;
  serve(s, TLS1_3_VERSION);
  SSL_set_num_tickets(s->server.ssl, 2);
  SSL_CTX_set_num_tickets(s->server.context, 0); /* of the connections after that */
  assert_false(resumes(s));
  assert_true(resumes(s));
  assert_true(resumes(s));
  assert_false(resumes(s));
}

static void a_dial_that_reaches_nobody_takes_no_ticket(void **state) {
  struct tls_story *s = *state;
  serve(s, TLS1_3_VERSION);
  SSL_set_num_tickets(s->server.ssl, 1);
  assert_false(resumes(s));
  uint16_t port = s->net->server.port;
  uv_close((uv_handle_t *)&s->net->server.door, NULL);
  s->net->server.is_listening = false;
  net_story_dial(s->net, "127.0.0.1", port, s->config);
  RUN_UNTIL(s->net, s->net->owner.has_ended);
  SSL_SESSION *kept = slip_tls_tickets_take(&s->config->tickets, SLIP_SPAN("127.0.0.1"), port);
  assert_non_null(kept);
  SSL_SESSION_free(kept);
}

static void nothing_is_resumed_at_another_host(void **state) {
  struct tls_story *s = *state;
  serve(s, TLS1_3_VERSION);
  assert_false(resumes_at(s, "127.0.0.1"));
  assert_false(resumes_at(s, "localhost"));
  assert_true(resumes_at(s, "127.0.0.1"));
  assert_true(resumes_at(s, "localhost"));
}

static void other_settings_share_nothing(void **state) {
  struct tls_story *s = *state;
  serve(s, TLS1_3_VERSION);
  assert_false(resumes(s));
  struct slip_tls_config *first = s->config;
  s->settings.verify = false;
  tls_story_configure(s);
  assert_false(resumes(s));
  assert_true(resumes(s));
  slip_tls_config_release(s->config);
  s->config = first;
  assert_true(resumes(s));
}

static void a_server_that_forgot_us_gets_a_whole_handshake(void **state) {
  struct tls_story *s = *state;
  serve(s, TLS1_3_VERSION);
  assert_false(resumes(s));
  tls_server_close(&s->server);
  tls_server_open(&s->server, &s->net->server, &s->leaf, NULL); /* it has new keys for tickets */
  assert_false(resumes(s));
  assert_true(resumes(s));
}

static void expect_no_ticket(struct tls_story *s) {
  assert_null(s->config->tickets.newest);
}

static void fail_handshake(struct tls_story *s) {
  struct owner *owner = &s->net->owner;
  net_story_dial(s->net, "127.0.0.1", s->net->server.port, s->config);
  RUN_UNTIL(s->net, owner->has_ended);
  assert_false(owner->is_open);
}

static void expect_no_second_try(struct tls_story *s, int version) {
  serve(s, version);
  SSL_set_num_tickets(s->server.ssl, 1);
  assert_false(resumes(s));
  SSL_set_min_proto_version(s->server.ssl, TLS1_3_VERSION);
  SSL_set_max_proto_version(s->server.ssl, TLS1_3_VERSION);
  SSL_set_ciphersuites(s->server.ssl, "TLS_AES_128_CCM_SHA256"); /* which we do not have */
  fail_handshake(s);
  expect_no_ticket(s);
}

static void a_handshake_that_fails_is_not_tried_again_with_its_ticket(void **state) {
  expect_no_second_try(*state, TLS1_3_VERSION);
}

static void neither_is_one_of_tls_1_2(void **state) {
  expect_no_second_try(*state, TLS1_2_VERSION);
}

static void expect_no_ticket_of_a_stranger(struct tls_story *s, int version) {
  serve(s, version);
  certificate_free(&s->leaf);
  s->leaf = certificate_make(&s->ca, "DNS:a.example", -1);
  tls_server_close(&s->server);
  tls_server_open(&s->server, &s->net->server, &s->leaf, NULL);
  SSL_set_max_proto_version(s->server.ssl, version);
  fail_handshake(s);
  expect_no_ticket(s);
}

static void a_server_that_is_not_verified_leaves_no_ticket(void **state) {
  expect_no_ticket_of_a_stranger(*state, TLS1_3_VERSION);
}

static void neither_does_one_of_tls_1_2(void **state) {
  expect_no_ticket_of_a_stranger(*state, TLS1_2_VERSION);
}

static void no_ticket_outlives_the_certificate(void **state) {
  struct tls_story *s = *state;
  s->settings.verify = false;
  s->leaf = certificate_make(&s->ca, FOR_LOCALHOST, -3);
  tls_server_open(&s->server, &s->net->server, &s->leaf, NULL);
  tls_story_configure(s);
  assert_false(resumes(s));
  assert_false(resumes(s));
  expect_no_ticket(s);
}

#define SPEC(name) cmocka_unit_test_setup_teardown(name, tls_story_begin, tls_story_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      SPEC(a_connection_after_a_cut_is_resumed),
      SPEC(tls_1_2_is_resumed_as_well),
      SPEC(tls_1_2_is_resumed_by_its_session_id_as_well),
      SPEC(a_ticket_is_offered_once),
      SPEC(a_dial_that_reaches_nobody_takes_no_ticket),
      SPEC(nothing_is_resumed_at_another_host),
      SPEC(other_settings_share_nothing),
      SPEC(a_server_that_forgot_us_gets_a_whole_handshake),
      SPEC(a_handshake_that_fails_is_not_tried_again_with_its_ticket),
      SPEC(neither_is_one_of_tls_1_2),
      SPEC(a_server_that_is_not_verified_leaves_no_ticket),
      SPEC(neither_does_one_of_tls_1_2),
      SPEC(no_ticket_outlives_the_certificate),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
