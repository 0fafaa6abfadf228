#include "spec/support/tls_story.h"

#include <unistd.h>

/* Answers with a certificate for `names`, and dials `host`. */
static void dial(struct tls_story *s, const char *names, const char *host) {
  s->leaf = certificate_make(&s->ca, names, -1);
  tls_server_open(&s->server, &s->net->server, &s->leaf, NULL);
  tls_story_configure(s);
  net_story_dial(s->net, host, s->net->server.port, s->config);
}

static void dial_and_open(struct tls_story *s) {
  dial(s, FOR_LOCALHOST, "127.0.0.1");
  RUN_UNTIL(s->net, s->net->owner.is_open && s->server.is_open);
}

static void expect_end(struct tls_story *s, enum slip_reason_kind kind, const char *text) {
  struct owner *owner = &s->net->owner;
  RUN_UNTIL(s->net, owner->has_ended);
  CHECK_OK(slip_buf_append(&owner->text, (struct slip_span){"", 1}));
  assert_string_equal(owner->text.memory, text);
  assert_int_equal(owner->kind, kind);
  enum slip_stage stage = kind == SLIP_REASON_CONNECT_FAILED ? SLIP_STAGE_TLS : SLIP_STAGE_NONE;
  assert_int_equal(owner->stage, stage);
}

static void expect_refusal(struct tls_story *s, const char *text) {
  expect_end(s, SLIP_REASON_CONNECT_FAILED, text);
}

static void bytes_go_both_ways(void **state) {
  struct tls_story *s = *state;
  struct owner *owner = &s->net->owner;
  dial_and_open(s);
  assert_int_equal(slip_stream_write(owner->stream, SLIP_SPAN("hello")), 5);
  RUN_UNTIL(s->net, s->server.got.size == 5);
  CHECK_SPAN(slip_buf_span(&s->server.got), "hello");
  tls_server_send(&s->server, SLIP_SPAN("world"));
  RUN_UNTIL(s->net, owner->bytes.size == 5);
  CHECK_SPAN(slip_buf_span(&owner->bytes), "world");
  CHECK_SPAN(slip_buf_span(&owner->heard), "tcp tls opened ");
}

/* Each byte of the record comes in a turn of its own. */
static void a_record_reads_the_same_byte_by_byte(void **state) {
  struct tls_story *s = *state;
  struct owner *owner = &s->net->owner;
  dial_and_open(s);
  uv_tcp_nodelay(&s->net->server.peer, 1);
  BIO *out = SSL_get_wbio(s->server.ssl);
  assert_int_equal(SSL_write(s->server.ssl, "hello", 5), 5);
  char record[100];
  int size = BIO_read(out, record, sizeof record);
  for (int i = 0; i < size; i++) {
    assert_int_equal(owner->bytes.size, 0);
    bare_server_send(&s->net->server, (struct slip_span){record + i, 1});
    (void)uv_run(&s->net->loop, UV_RUN_NOWAIT);
    (void)slip_stream_write(owner->stream, SLIP_SPAN("x")); /* in between */
  }
  RUN_UNTIL(s->net, owner->bytes.size == 5);
  CHECK_SPAN(slip_buf_span(&owner->bytes), "hello");
}

static void an_address_is_verified_without_sni(void **state) {
  struct tls_story *s = *state;
  dial(s, "IP:127.0.0.1", "127.0.0.1");
  RUN_UNTIL(s->net, s->net->owner.is_open);
  assert_string_equal(s->server.sni, "");
}

static void a_name_is_verified_and_asked_for(void **state) {
  struct tls_story *s = *state;
  dial(s, "DNS:localhost", "localhost");
  RUN_UNTIL(s->net, s->net->owner.is_open);
  assert_string_equal(s->server.sni, "localhost");
}

static void the_server_name_of_the_settings_counts(void **state) {
  struct tls_story *s = *state;
  s->settings.server_name = "a.chat.example";
  dial(s, "DNS:*.chat.example", "127.0.0.1");
  RUN_UNTIL(s->net, s->net->owner.is_open);
  assert_string_equal(s->server.sni, "a.chat.example");
}

static void an_expired_certificate_is_refused(void **state) {
  struct tls_story *s = *state;
  s->leaf = certificate_make(&s->ca, FOR_LOCALHOST, -3);
  tls_server_open(&s->server, &s->net->server, &s->leaf, NULL);
  tls_story_configure(s);
  net_story_dial(s->net, "127.0.0.1", s->net->server.port, s->config);
  expect_refusal(s, "certificate has expired");
  assert_false(s->net->owner.is_open);
}

static void a_certificate_for_another_host_is_refused(void **state) {
  struct tls_story *s = *state;
  dial(s, "DNS:a.example,DNS:*.b.example,IP:192.0.2.1", "127.0.0.1");
  expect_refusal(s, "hostname mismatch: certificate is for a.example, *.b.example, 192.0.2.1, not "
                    "127.0.0.1");
}

static void a_certificate_for_another_name_is_refused(void **state) {
  struct tls_story *s = *state;
  s->settings.server_name = "b.example";
  dial(s, "DNS:a.example", "127.0.0.1");
  expect_refusal(s, "hostname mismatch: certificate is for a.example, not b.example");
}

static void an_ipv6_address_is_verified(void **state) {
  struct tls_story *s = *state;
  s->settings.server_name = "2001:db8::1";
  dial(s, "IP:2001:db8::1", "127.0.0.1");
  RUN_UNTIL(s->net, s->net->owner.is_open);
  assert_string_equal(s->server.sni, "");
}

static void a_certificate_for_another_ipv6_address_is_refused(void **state) {
  struct tls_story *s = *state;
  s->settings.server_name = "::2";
  dial(s, "IP:2001:db8::1", "127.0.0.1");
  expect_refusal(s, "hostname mismatch: certificate is for 2001:db8::1, not ::2");
}

static void a_ca_that_nobody_knows_is_refused(void **state) {
  struct tls_story *s = *state;
  struct certificate known = s->ca;
  s->ca = certificate_make_ca("another CA");
  certificate_free(&known);
  dial(s, FOR_LOCALHOST, "127.0.0.1");
  expect_refusal(s, "unable to get local issuer certificate (unknown CA); to trust it, name it "
                    "in tls.ca_file");
}

static void a_self_signed_certificate_is_refused(void **state) {
  struct tls_story *s = *state;
  s->leaf = certificate_make(NULL, FOR_LOCALHOST, -1);
  tls_server_open(&s->server, &s->net->server, &s->leaf, NULL);
  tls_story_configure(s);
  net_story_dial(s->net, "127.0.0.1", s->net->server.port, s->config);
  expect_refusal(s, "self-signed certificate; to trust it, name it in tls.ca_file");
}

static void without_verification_all_certificates_pass(void **state) {
  struct tls_story *s = *state;
  s->settings = (struct slip_tls_settings){.verify = false};
  dial(s, "DNS:a.example", "127.0.0.1");
  RUN_UNTIL(s->net, s->net->owner.is_open);
}

static void a_server_without_tls_is_told_in_words(void **state) {
  struct tls_story *s = *state;
  tls_story_configure(s);
  net_story_dial(s->net, "127.0.0.1", s->net->server.port, s->config);
  RUN_UNTIL(s->net, s->net->server.got.size > 0);
  bare_server_send(&s->net->server, SLIP_SPAN("HTTP/1.1 400 Bad Request\r\n\r\n"));
  expect_refusal(s, "the server does not speak TLS; without TLS its URI begins with ws");
}

static void an_older_version_is_refused(void **state) {
  struct tls_story *s = *state;
  s->settings.min_version = "1.3";
  s->leaf = certificate_make(&s->ca, FOR_LOCALHOST, -1);
  tls_server_open(&s->server, &s->net->server, &s->leaf, NULL);
  SSL_set_max_proto_version(s->server.ssl, TLS1_2_VERSION);
  tls_story_configure(s);
  net_story_dial(s->net, "127.0.0.1", s->net->server.port, s->config);
  expect_refusal(s, "the server and we share no TLS version");
}

static void an_end_in_the_handshake_is_a_failed_dial(void **state) {
  struct tls_story *s = *state;
  tls_story_configure(s);
  net_story_dial(s->net, "127.0.0.1", s->net->server.port, s->config);
  RUN_UNTIL(s->net, s->net->server.got.size > 0);
  bare_server_drop(&s->net->server);
  expect_refusal(s, "the server ended the connection during the TLS handshake");
}

static void a_close_notify_in_the_handshake_is_a_failed_dial(void **state) {
  struct tls_story *s = *state;
  tls_story_configure(s);
  net_story_dial(s->net, "127.0.0.1", s->net->server.port, s->config);
  RUN_UNTIL(s->net, s->net->server.got.size > 0);
  bare_server_send(&s->net->server, SLIP_SPAN("\x15\x03\x03\x00\x02\x01\x00"));
  expect_refusal(s, "the server ended TLS in the middle");
}

static void a_refused_port_stays_a_failure_of_tcp(void **state) {
  struct tls_story *s = *state;
  tls_story_configure(s);
  uv_close((uv_handle_t *)&s->net->server.door, NULL);
  s->net->server.is_listening = false;
  net_story_dial(s->net, "127.0.0.1", s->net->server.port, s->config);
  RUN_UNTIL(s->net, s->net->owner.has_ended);
  assert_int_equal(s->net->owner.stage, SLIP_STAGE_TCP);
}

static void dial_with_client_certificate(struct tls_story *s, int max_version) {
  s->leaf = certificate_make(&s->ca, FOR_LOCALHOST, -1);
  tls_server_open(&s->server, &s->net->server, &s->leaf, &s->ca);
  SSL_set_max_proto_version(s->server.ssl, max_version);
  tls_story_configure(s);
  net_story_dial(s->net, "127.0.0.1", s->net->server.port, s->config);
}

static void a_client_certificate_is_shown_when_wanted(void **state) {
  struct tls_story *s = *state;
  char path[32];
  tls_story_make_file(path, sizeof path);
  struct certificate ours = certificate_make(&s->ca, "DNS:client.example", -1);
  certificate_write(&ours, path);
  certificate_free(&ours);
  s->settings.cert_file = path; /* the key is in the same file */
  dial_with_client_certificate(s, TLS1_3_VERSION);
  unlink(path);
  RUN_UNTIL(s->net, s->net->owner.is_open && s->server.is_open);
}

/* TLS 1.3 tells only after the handshake has ended on our side. */
static void a_missing_client_certificate_is_told_after_the_opening(void **state) {
  struct tls_story *s = *state;
  dial_with_client_certificate(s, TLS1_3_VERSION);
  expect_end(s, SLIP_REASON_CONNECTION_LOST,
             "the server requires a client certificate, see tls.cert_file");
  assert_true(s->net->owner.is_open);
}

static void a_client_certificate_of_a_strange_ca_is_refused_in_words(void **state) {
  struct tls_story *s = *state;
  char path[32];
  tls_story_make_file(path, sizeof path);
  struct certificate strange = certificate_make_ca("a strange CA");
  struct certificate ours = certificate_make(&strange, "DNS:client.example", -1);
  certificate_write(&ours, path);
  certificate_free(&ours);
  certificate_free(&strange);
  s->settings.cert_file = path;
  dial_with_client_certificate(s, TLS1_3_VERSION);
  unlink(path);
  expect_end(s, SLIP_REASON_CONNECTION_LOST, "the server refused our certificate: unknown CA");
}

static void a_missing_client_certificate_fails_the_handshake_of_tls_1_2(void **state) {
  struct tls_story *s = *state;
  dial_with_client_certificate(s, TLS1_2_VERSION);
  expect_refusal(s, "the server ended TLS: handshake failure");
}

static void close_notify_is_an_end_in_good_order(void **state) {
  struct tls_story *s = *state;
  dial_and_open(s);
  tls_server_send(&s->server, SLIP_SPAN("bye"));
  tls_server_notify(&s->server);
  expect_end(s, SLIP_REASON_CONNECTION_LOST, "");
  CHECK_SPAN(slip_buf_span(&s->net->owner.bytes), "bye");
}

static void an_end_without_close_notify_is_a_cut(void **state) {
  struct tls_story *s = *state;
  dial_and_open(s);
  bare_server_drop(&s->net->server);
  expect_end(s, SLIP_REASON_CONNECTION_LOST,
             "the connection was cut: it ended without TLS close_notify");
}

static void garbage_after_the_handshake_ends_the_connection(void **state) {
  struct tls_story *s = *state;
  dial_and_open(s);
  bare_server_send(&s->net->server,
                   SLIP_SPAN("\x17\x03\x03\x00\x20garbage garbage garbage garbage!"));
  expect_end(s, SLIP_REASON_CONNECTION_LOST, "decryption failed or bad record mac");
}

#define LARGE (8u * 1024 * 1024)

static void a_peer_that_does_not_read_makes_the_write_short(void **state) {
  struct tls_story *s = *state;
  struct owner *owner = &s->net->owner;
  dial_and_open(s);
  uv_read_stop((uv_stream_t *)&s->net->server.peer);
  char *large = malloc(LARGE);
  for (size_t i = 0; i < LARGE; i++)
    large[i] = (char)(i % 251);
  size_t count = slip_stream_write(owner->stream, (struct slip_span){large, LARGE});
  assert_true(count > 0 && count < LARGE);
  assert_int_equal(slip_stream_write(owner->stream, SLIP_SPAN("more")), 0);

  bare_server_resume(&s->net->server);
  while (count < LARGE) {
    RUN_UNTIL(s->net, owner->is_drained);
    owner->is_drained = false;
    count += slip_stream_write(owner->stream, (struct slip_span){large + count, LARGE - count});
  }
  owner_close(owner, true); /* with the rest, and close_notify behind it */
  RUN_UNTIL(s->net, s->net->server.got_end);
  assert_int_equal(s->server.got.size, LARGE);
  assert_memory_equal(slip_buf_span(&s->server.got).at, large, LARGE);
  assert_true(s->server.got_notify);
  free(large);
}

static void a_graceful_close_sends_close_notify(void **state) {
  struct tls_story *s = *state;
  dial_and_open(s);
  assert_int_equal(slip_stream_write(s->net->owner.stream, SLIP_SPAN("bye")), 3);
  owner_close(&s->net->owner, true);
  RUN_UNTIL(s->net, s->net->server.got_end);
  CHECK_SPAN(slip_buf_span(&s->server.got), "bye");
  assert_true(s->server.got_notify);
}

static void an_abort_sends_none(void **state) {
  struct tls_story *s = *state;
  dial_and_open(s);
  owner_close(&s->net->owner, false);
  RUN_UNTIL(s->net, s->net->server.got_end || s->net->server.got_error != 0);
  assert_false(s->server.got_notify);
}

/* Dials; the owner closes from inside `call`, which the server's bytes and end bring about. */
static void close_inside(struct tls_story *s, const char *call, bool is_graceful) {
  struct owner *owner = &s->net->owner;
  struct bare_server *bare = &s->net->server;
  tls_server_open(&s->server, bare, &s->leaf, NULL);
  *owner = (struct owner){.close_at = call, .is_graceful = is_graceful};
  unsigned accepted = bare->accepted;
  net_story_dial(s->net, "127.0.0.1", bare->port, s->config);
  RUN_UNTIL(s->net, owner->stream == NULL || s->server.is_open);
  if (owner->stream != NULL) {
    tls_server_send(&s->server, SLIP_SPAN("x"));
    tls_server_notify(&s->server);
    RUN_UNTIL(s->net, owner->stream == NULL);
  }
  if (strcmp(call, "tcp") != 0)
    RUN_UNTIL(s->net, bare->accepted > accepted);
  if (bare->has_peer)
    bare_server_drop(bare);
  RUN_UNTIL(s->net, slip_network_count(s->net->network) == 0 && !bare->has_peer);
  owner_clear(owner);
  tls_server_close(&s->server);
}

static void the_owner_may_close_from_inside_every_call(void **state) {
  struct tls_story *s = *state;
  const char *const calls[] = {"tcp", "tls", "opened", "received", "ended"};
  tls_story_configure(s);
  s->leaf = certificate_make(&s->ca, FOR_LOCALHOST, -1);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    close_inside(s, calls[i], false);
    close_inside(s, calls[i], true);
  }
  s->server = (struct tls_server){0};
  s->net->owner = (struct owner){0};
}

static void expect_fault(struct slip_tls_settings settings, const char *expected) {
  char text[200] = "";
  struct slip_tls_config *config = NULL;
  assert_int_equal(slip_tls_config_new(&settings, text, sizeof text, &config), SLIP_EINVAL);
  assert_string_equal(text, expected);
  assert_null(config);
}

static void a_wrong_setting_is_told_in_words(void **state) {
  struct tls_story *s = *state;
  expect_fault((struct slip_tls_settings){.verify = true, .ca_file = "/none.pem"},
               "ca_file: /none.pem: No such file or directory");
  expect_fault((struct slip_tls_settings){.cert_file = "/none.pem"},
               "cert_file: /none.pem: No such file or directory");
  expect_fault((struct slip_tls_settings){.cert_file = s->ca_path, .key_file = "/none.pem"},
               "key_file: /none.pem: No such file or directory");
  expect_fault((struct slip_tls_settings){.cert_file = "/dev/null"},
               "cert_file: /dev/null: has nothing of that kind in PEM format");
  expect_fault((struct slip_tls_settings){.cert_file = s->ca_path, .key_file = "/dev/null"},
               "key_file: /dev/null: has no private key in PEM format");
  expect_fault((struct slip_tls_settings){.verify = true, .ca_file = "/dev/null"},
               "ca_file: /dev/null: has no certificate in PEM format");
  expect_fault((struct slip_tls_settings){.key_file = s->ca_path},
               "key_file: a key needs its certificate: set cert_file too");
  expect_fault((struct slip_tls_settings){.min_version = "1.1"},
               "min_version: must be \"1.2\" or \"1.3\"");
  expect_fault((struct slip_tls_settings){.server_name = ""}, "server_name: must not be empty");
}

/* `password` may be NULL. */
static void expect_key_fault(struct tls_story *s, EVP_PKEY *key, char *password,
                             const char *words) {
  char path[32];
  char expected[120];
  tls_story_make_file(path, sizeof path);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  const EVP_CIPHER *cipher = password != NULL ? EVP_aes_128_cbc() : NULL;
  assert_int_equal(PEM_write_PrivateKey(file, key, cipher, NULL, 0, NULL, password), 1);
  fclose(file);
  snprintf(expected, sizeof expected, "key_file: %s: %s", path, words);
  expect_fault((struct slip_tls_settings){.cert_file = s->ca_path, .key_file = path}, expected);
  unlink(path);
}

static void a_key_of_another_certificate_is_refused(void **state) {
  struct tls_story *s = *state;
  EVP_PKEY *of_its_kind = EVP_EC_gen("P-256");
  EVP_PKEY *of_another = EVP_RSA_gen(2048);
  expect_key_fault(s, of_its_kind, NULL, "is not the key of the certificate");
  expect_key_fault(s, of_another, NULL, "is not the key of the certificate");
  EVP_PKEY_free(of_its_kind);
  EVP_PKEY_free(of_another);
}

static void a_key_with_a_passphrase_is_refused(void **state) {
  struct tls_story *s = *state;
  char password[] = "secret";
  expect_key_fault(s, s->ca.key, password,
                   "is locked by a passphrase; only a key without one can be read");
}

#define SPEC(name) cmocka_unit_test_setup_teardown(name, tls_story_begin, tls_story_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      SPEC(bytes_go_both_ways),
      SPEC(a_record_reads_the_same_byte_by_byte),
      SPEC(an_address_is_verified_without_sni),
      SPEC(a_name_is_verified_and_asked_for),
      SPEC(the_server_name_of_the_settings_counts),
      SPEC(an_expired_certificate_is_refused),
      SPEC(a_certificate_for_another_host_is_refused),
      SPEC(a_certificate_for_another_name_is_refused),
      SPEC(an_ipv6_address_is_verified),
      SPEC(a_certificate_for_another_ipv6_address_is_refused),
      SPEC(a_ca_that_nobody_knows_is_refused),
      SPEC(a_self_signed_certificate_is_refused),
      SPEC(without_verification_all_certificates_pass),
      SPEC(a_server_without_tls_is_told_in_words),
      SPEC(an_older_version_is_refused),
      SPEC(an_end_in_the_handshake_is_a_failed_dial),
      SPEC(a_close_notify_in_the_handshake_is_a_failed_dial),
      SPEC(a_refused_port_stays_a_failure_of_tcp),
      SPEC(a_client_certificate_is_shown_when_wanted),
      SPEC(a_missing_client_certificate_is_told_after_the_opening),
      SPEC(a_client_certificate_of_a_strange_ca_is_refused_in_words),
      SPEC(a_missing_client_certificate_fails_the_handshake_of_tls_1_2),
      SPEC(close_notify_is_an_end_in_good_order),
      SPEC(an_end_without_close_notify_is_a_cut),
      SPEC(garbage_after_the_handshake_ends_the_connection),
      SPEC(a_peer_that_does_not_read_makes_the_write_short),
      SPEC(a_graceful_close_sends_close_notify),
      SPEC(an_abort_sends_none),
      SPEC(the_owner_may_close_from_inside_every_call),
      SPEC(a_wrong_setting_is_told_in_words),
      SPEC(a_key_of_another_certificate_is_refused),
      SPEC(a_key_with_a_passphrase_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
