#include "core/limits.h"
#include "core/uri.h"
#include "spec/support/check.h"

#define TEXT(literal)                                                                              \
  { (literal), sizeof(literal) - 1 }

static struct slip_uri read(struct slip_span text) {
  struct slip_uri uri;
  struct slip_span got;
  const char *fault;
  CHECK_OK(slip_uri_read(text, &uri, &fault, &got));
  return uri;
}

static void reads_the_parts_of_a_full_uri(void **state) {
  (void)state;
  struct slip_uri uri =
      read(SLIP_SPAN("ws://example.com:4000/socket/websocket?vsn=2.0.0&a[b]=%20"));
  assert_false(uri.is_secure);
  CHECK_SPAN(uri.host, "example.com");
  assert_int_equal(uri.port, 4000);
  CHECK_SPAN(uri.authority, "example.com:4000");
  CHECK_SPAN(uri.resource, "/socket/websocket?vsn=2.0.0&a[b]=%20");
  CHECK_SPAN(uri.path, "/socket/websocket");
  CHECK_SPAN(uri.query, "vsn=2.0.0&a[b]=%20");
  assert_true(slip_span_is_absent(uri.unix_path));
}

static void knows_the_ports_that_are_not_named(void **state) {
  (void)state;
  struct slip_uri plain = read(SLIP_SPAN("ws://localhost"));
  struct slip_uri secure = read(SLIP_SPAN("wss://localhost/"));
  struct slip_uri empty = read(SLIP_SPAN("wss://localhost:/"));
  assert_int_equal(plain.port, 80);
  CHECK_SPAN(plain.authority, "localhost");
  assert_int_equal(secure.port, 443);
  assert_true(secure.is_secure);
  assert_int_equal(empty.port, 443);
  CHECK_SPAN(empty.authority, "localhost");
}

static void tells_no_path_and_no_query_from_empty_ones(void **state) {
  (void)state;
  struct slip_uri bare = read(SLIP_SPAN("ws://h"));
  struct slip_uri query = read(SLIP_SPAN("ws://h?"));
  struct slip_uri path = read(SLIP_SPAN("ws://h/?a?b/c"));
  assert_int_equal(bare.path.size, 0);
  assert_true(slip_span_is_absent(bare.query));
  assert_int_equal(query.path.size, 0);
  assert_false(slip_span_is_absent(query.query));
  CHECK_SPAN(path.path, "/");
  CHECK_SPAN(path.query, "a?b/c");
}

static void reads_a_scheme_in_any_case(void **state) {
  (void)state;
  assert_true(read(SLIP_SPAN("WsS://h")).is_secure);
  assert_false(read(SLIP_SPAN("WS://h")).is_secure);
}

static void reads_ipv6_addresses_without_their_brackets(void **state) {
  (void)state;
  struct slip_uri uri = read(SLIP_SPAN("ws://[2001:db8::1]:65535/x"));
  CHECK_SPAN(uri.host, "2001:db8::1");
  assert_int_equal(uri.port, 65535);
  CHECK_SPAN(read(SLIP_SPAN("ws://[::ffff:127.0.0.1]")).host, "::ffff:127.0.0.1");
}

static void reads_the_socket_and_the_resource_of_a_unix_uri(void **state) {
  (void)state;
  struct slip_uri uri = read(SLIP_SPAN("ws+unix:///run/app.sock:/socket/websocket?x=1"));
  CHECK_SPAN(uri.unix_path, "/run/app.sock");
  CHECK_SPAN(uri.path, "/socket/websocket");
  CHECK_SPAN(uri.query, "x=1");
  CHECK_SPAN(uri.host, "localhost");
  struct slip_uri bare = read(SLIP_SPAN("ws+unix:///run/app.sock"));
  CHECK_SPAN(bare.unix_path, "/run/app.sock");
  assert_int_equal(bare.path.size, 0);
}

#define LONG_NAME "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.0.1.2.3.4."
#define LONG_PATH "/0123456789abcdefghijklmnopqrstuvwxyz/0123456789abcdefghijklmno"

static const struct {
  struct slip_span text;
  const char *message; /* the fault, with what was got */
} refusals[] = {
    {TEXT(""), "must begin with ws:// or wss://, got "},
    {TEXT("localhost:4000/socket?token=secret"),
     "must begin with ws:// or wss://, got localhost:4000"},
    {TEXT("me:password@localhost"), "must begin with ws:// or wss://"},
    {TEXT("ws:/localhost"), "must begin with ws:// or wss://, got ws:"},
    {TEXT("http://localhost"), "scheme must be ws or wss, got http"},
    {TEXT("wsx://localhost"), "scheme must be ws or wss, got wsx"},
    {TEXT("://localhost"), "scheme must be ws or wss, got "},
    {TEXT("ws://"), "host is missing"},
    {TEXT("ws://:80"), "host is missing"},
    {TEXT("ws:///path"), "host is missing"},
    {TEXT("ws://a,b/"), "host must be a name or an address, got a,b"},
    {TEXT("ws://a%20b/"), "host must be a name or an address, got a%20b"},
    {TEXT("ws://" LONG_NAME LONG_NAME LONG_NAME LONG_NAME LONG_NAME),
     "host must have at most 253 characters, got " LONG_NAME LONG_NAME LONG_NAME LONG_NAME
         LONG_NAME},
    {TEXT("ws://[::1/"), "host must be closed with ], got [::1"},
    {TEXT("ws://[]/"), "host in brackets must be an IPv6 address, got "},
    {TEXT("ws://[::g]/"), "host in brackets must be an IPv6 address, got ::g"},
    {TEXT("ws://[127.0.0.1]/"), "host in brackets must be an IPv6 address, got 127.0.0.1"},
    {TEXT("ws://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]/"),
     "host in brackets must be an IPv6 address, got "
     "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"},
    {TEXT("ws://[::1]80/"), "host must end at ], got [::1]80"},
    {TEXT("ws://h:http"), "port must be a number from 1 to 65535, got http"},
    {TEXT("ws://h:0"), "port must be a number from 1 to 65535, got 0"},
    {TEXT("ws://h:65536"), "port must be a number from 1 to 65535, got 65536"},
    {TEXT("ws://h:4294967376"), "port must be a number from 1 to 65535, got 4294967376"},
    {TEXT("ws://h:-1"), "port must be a number from 1 to 65535, got -1"},
    {TEXT("ws://h:1:2"), "port must be a number from 1 to 65535, got 1:2"},
    {TEXT("ws://me:password@h/"), "must hold no user info; send it in params or headers"},
    {TEXT("ws://h/#top"), "must have no fragment"},
    {TEXT("ws://h/a b"), "must hold no white space; write it as %20"},
    {TEXT("ws://h/\r\nX: y"), "must hold no control character, such as a line end"},
    {TEXT("ws://h/\0"), "must hold no control character, such as a line end"},
    {TEXT("ws://h/\x7f"), "must hold no control character, such as a line end"},
    {TEXT("ws://h/\xc3\xa4"), "must hold ASCII only; percent-encode other characters"},
    {TEXT("ws://h/?q={}"), "must hold no such character unless percent-encoded, got {"},
    {TEXT("ws://h/100%"), "a % must stand before two hex digits, got %"},
    {TEXT("ws://h/%zz"), "a % must stand before two hex digits, got %zz"},
    {TEXT("ws+unix://run/app.sock"),
     "socket path must be absolute, as in ws+unix:///run/app.sock:/socket, got run/app.sock"},
    {TEXT("ws+unix:///run/app.sock:socket"),
     "path behind the socket path must begin with /, got socket"},
    {TEXT("ws+unix://" LONG_PATH LONG_PATH),
     "socket path must have at most 107 bytes, got " LONG_PATH LONG_PATH},
};

static void says_what_is_wrong_with_which_part(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    struct slip_uri uri;
    struct slip_span got;
    const char *fault;
    char message[600];
    assert_int_equal(slip_uri_read(refusals[i].text, &uri, &fault, &got), SLIP_EINVAL);
    snprintf(message, sizeof message, "%s%s%.*s", fault, slip_span_is_absent(got) ? "" : ", got ",
             (int)got.size, slip_span_is_absent(got) ? "" : got.at);
    assert_string_equal(message, refusals[i].message);
  }
}

static void takes_a_host_as_long_as_dns_does_and_no_longer(void **state) {
  (void)state;
  char text[5 + 254] = "ws://";
  memset(text + 5, 'x', 254);
  struct slip_uri uri = read((struct slip_span){text, 5 + 253});
  struct slip_span got;
  const char *fault;
  assert_int_equal(uri.host.size, 253);
  assert_int_equal(slip_uri_read((struct slip_span){text, 5 + 254}, &uri, &fault, &got),
                   SLIP_EINVAL);
}

static void refuses_more_than_the_maximum(void **state) {
  (void)state;
  static char text[SLIP_URI_MAX + 1] = "ws://h/";
  memset(text + 7, 'x', sizeof text - 7);
  struct slip_uri uri;
  struct slip_span got;
  const char *fault;
  assert_int_equal(slip_uri_read((struct slip_span){text, sizeof text}, &uri, &fault, &got),
                   SLIP_ETOOBIG);
  assert_string_equal(fault, "must have at most 65536 bytes");
  CHECK_OK(slip_uri_read((struct slip_span){text, sizeof text - 1}, &uri, &fault, &got));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_the_parts_of_a_full_uri),
      cmocka_unit_test(knows_the_ports_that_are_not_named),
      cmocka_unit_test(tells_no_path_and_no_query_from_empty_ones),
      cmocka_unit_test(reads_a_scheme_in_any_case),
      cmocka_unit_test(reads_ipv6_addresses_without_their_brackets),
      cmocka_unit_test(reads_the_socket_and_the_resource_of_a_unix_uri),
      cmocka_unit_test(says_what_is_wrong_with_which_part),
      cmocka_unit_test(takes_a_host_as_long_as_dns_does_and_no_longer),
      cmocka_unit_test(refuses_more_than_the_maximum),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
