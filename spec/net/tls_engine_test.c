#include "net/tls_engine.h"
#include "spec/support/certificate.h"
#include "spec/support/check.h"

/* An engine and the server's end, bytes carried by hand. */
struct story {
  struct certificate leaf;
  struct slip_tls_config *config;
  struct slip_tls_engine *engine;
  SSL_CTX *context;
  SSL *server;
  char plain[1 << 18]; /* what the engine has read */
  size_t plain_size;
  enum slip_err err;
};

static void set_up_server(struct story *s) {
  s->context = SSL_CTX_new(TLS_server_method());
  assert_int_equal(SSL_CTX_use_certificate(s->context, s->leaf.x509), 1);
  assert_int_equal(SSL_CTX_use_PrivateKey(s->context, s->leaf.key), 1);
  s->server = SSL_new(s->context);
  SSL_set_bio(s->server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_accept_state(s->server);
}

static void begin(struct story *s, const char *host, bool verify) {
  const struct slip_tls_settings settings = {.verify = verify};
  char text[200];
  CHECK_OK(slip_tls_config_new(&settings, text, sizeof text, &s->config));
  CHECK_OK(slip_tls_engine_new(s->config, slip_span_of(host), &s->engine));
}

static int set_up(void **state) {
  struct story *s = calloc(1, sizeof *s);
  s->leaf = certificate_make(NULL, "IP:127.0.0.1", -1);
  set_up_server(s);
  *state = s;
  return 0;
}

static int tear_down(void **state) {
  struct story *s = *state;
  slip_tls_engine_free(s->engine);
  slip_tls_config_release(s->config);
  SSL_free(s->server);
  SSL_CTX_free(s->context);
  certificate_free(&s->leaf);
  free(s);
  return 0;
}

static void read_all(struct story *s) {
  size_t count = 1;
  while (s->err == SLIP_OK && count > 0) {
    s->err = slip_tls_engine_read(s->engine, s->plain + s->plain_size,
                                  sizeof s->plain - s->plain_size, &count);
    s->plain_size += count;
  }
}

static void to_server(struct story *s) {
  struct slip_span bytes = slip_tls_engine_take(s->engine);
  if (bytes.size > 0)
    assert_int_equal(BIO_write(SSL_get_rbio(s->server), bytes.at, (int)bytes.size), bytes.size);
}

/* In pieces of that size at most. */
static void to_engine(struct story *s, size_t most) {
  char *at;
  long size = BIO_get_mem_data(SSL_get_wbio(s->server), &at);
  struct slip_span rest = {at, (size_t)size};
  while (rest.size > 0) {
    struct slip_span piece = {rest.at, rest.size < most ? rest.size : most};
    CHECK_OK(slip_tls_engine_feed(s->engine, piece));
    read_all(s);
    rest = slip_span_skip(rest, piece.size);
  }
  (void)BIO_reset(SSL_get_wbio(s->server));
}

static void shake_hands(struct story *s, size_t most) {
  read_all(s);
  for (int i = 0; i < 4; i++) {
    to_server(s);
    (void)SSL_do_handshake(s->server);
    to_engine(s, most);
  }
}

static void bytes_go_both_ways(void **state) {
  struct story *s = *state;
  begin(s, "127.0.0.1", false);
  shake_hands(s, SIZE_MAX);
  assert_int_equal(slip_tls_engine_state(s->engine), SLIP_TLS_OPEN);
  CHECK_OK(slip_tls_engine_write(s->engine, SLIP_SPAN("hello")));
  to_server(s);
  char room[16];
  assert_int_equal(SSL_read(s->server, room, sizeof room), 5);
  assert_memory_equal(room, "hello", 5);
  assert_int_equal(SSL_write(s->server, "world", 5), 5);
  to_engine(s, SIZE_MAX);
  CHECK_SPAN(((struct slip_span){s->plain, s->plain_size}), "world");
}

static void it_reads_the_same_byte_by_byte(void **state) {
  struct story *s = *state;
  begin(s, "127.0.0.1", false);
  shake_hands(s, 1);
  assert_int_equal(SSL_write(s->server, "world", 5), 5);
  to_engine(s, 1);
  CHECK_SPAN(((struct slip_span){s->plain, s->plain_size}), "world");
}

static void a_large_message_is_many_records(void **state) {
  struct story *s = *state;
  static char large[200000];
  begin(s, "127.0.0.1", false);
  shake_hands(s, SIZE_MAX);
  CHECK_OK(slip_tls_engine_write(s->engine, (struct slip_span){large, sizeof large}));
  to_server(s);
  size_t total = 0;
  char room[4096];
  for (int count; (count = SSL_read(s->server, room, sizeof room)) > 0; total += (size_t)count)
    ;
  assert_int_equal(total, sizeof large);
  assert_int_equal(SSL_write(s->server, large, sizeof large), sizeof large);
  to_engine(s, 1000);
  assert_int_equal(s->plain_size, sizeof large);
}

static void nothing_is_written_before_it_is_open(void **state) {
  struct story *s = *state;
  begin(s, "127.0.0.1", false);
  assert_int_equal(slip_tls_engine_write(s->engine, SLIP_SPAN("x")), SLIP_ESTATE);
  slip_tls_engine_finish(s->engine);
  assert_int_equal(slip_tls_engine_take(s->engine).size, 0);
}

static void both_sides_end_in_good_order(void **state) {
  struct story *s = *state;
  begin(s, "127.0.0.1", false);
  shake_hands(s, SIZE_MAX);
  slip_tls_engine_finish(s->engine);
  slip_tls_engine_finish(s->engine); /* once more is no harm */
  assert_int_equal(slip_tls_engine_write(s->engine, SLIP_SPAN("x")), SLIP_ESTATE);
  to_server(s);
  char room[16];
  assert_int_equal(SSL_read(s->server, room, sizeof room), 0);
  assert_int_equal(SSL_get_error(s->server, 0), SSL_ERROR_ZERO_RETURN);
  (void)SSL_shutdown(s->server);
  to_engine(s, SIZE_MAX);
  CHECK_OK(s->err);
  assert_int_equal(slip_tls_engine_state(s->engine), SLIP_TLS_OVER);
}

static void a_certificate_that_nobody_knows_is_refused_in_words(void **state) {
  struct story *s = *state;
  begin(s, "127.0.0.1", true);
  shake_hands(s, SIZE_MAX);
  assert_int_equal(s->err, SLIP_EIO);
  assert_non_null(strstr(slip_tls_engine_fault(s->engine), "self-signed certificate"));
  size_t count;
  assert_int_equal(slip_tls_engine_read(s->engine, s->plain, 1, &count), SLIP_EIO);
}

static void a_server_without_tls_is_told_in_words(void **state) {
  struct story *s = *state;
  begin(s, "127.0.0.1", false);
  read_all(s);
  CHECK_OK(slip_tls_engine_feed(s->engine, SLIP_SPAN("HTTP/1.1 400 Bad Request\r\n\r\n")));
  read_all(s);
  assert_int_equal(s->err, SLIP_EIO);
  assert_non_null(strstr(slip_tls_engine_fault(s->engine), "does not speak TLS"));
}

#define SPEC(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      SPEC(bytes_go_both_ways),
      SPEC(it_reads_the_same_byte_by_byte),
      SPEC(a_large_message_is_many_records),
      SPEC(nothing_is_written_before_it_is_open),
      SPEC(both_sides_end_in_good_order),
      SPEC(a_certificate_that_nobody_knows_is_refused_in_words),
      SPEC(a_server_without_tls_is_told_in_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
