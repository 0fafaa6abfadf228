#include "net/tls_tickets.h"
#include "spec/support/check.h"
#include "spec/support/memory_failure.h"

#include <time.h>

#define PORT 4001
#define HOST SLIP_SPAN("a.example")

/* That can be resumed, by its id; that is what says which one it is. */
static SSL_SESSION *make(unsigned char id) {
  SSL_SESSION *session = SSL_SESSION_new();
  assert_non_null(session);
  assert_int_equal(SSL_SESSION_set1_id(session, &id, 1), 1);
  return session;
}

static void put(struct slip_tls_tickets *tickets, struct slip_span host, uint16_t port,
                unsigned char id) {
  assert_true(slip_tls_tickets_put(tickets, host, port, make(id)));
}

static void expect(struct slip_tls_tickets *tickets, struct slip_span host, uint16_t port,
                   unsigned char id) {
  SSL_SESSION *session = slip_tls_tickets_take(tickets, host, port);
  assert_non_null(session);
  unsigned size;
  assert_int_equal(SSL_SESSION_get_id(session, &size)[0], id);
  SSL_SESSION_free(session);
}

static void the_newest_is_taken_first_and_each_once(void **state) {
  (void)state;
  struct slip_tls_tickets tickets = {0};
  put(&tickets, HOST, PORT, 1);
  put(&tickets, HOST, PORT, 2);
  expect(&tickets, HOST, PORT, 2);
  expect(&tickets, HOST, PORT, 1);
  assert_null(slip_tls_tickets_take(&tickets, HOST, PORT));
}

static void a_ticket_is_for_its_host_and_port_alone(void **state) {
  (void)state;
  struct slip_tls_tickets tickets = {0};
  put(&tickets, HOST, PORT, 1);
  put(&tickets, SLIP_SPAN("b.example"), PORT, 2);
  put(&tickets, HOST, PORT + 1, 3);
  assert_null(slip_tls_tickets_take(&tickets, SLIP_SPAN("a.exampl"), PORT));
  assert_null(slip_tls_tickets_take(&tickets, SLIP_SPAN("b.example"), PORT + 1));
  expect(&tickets, HOST, PORT, 1);
  expect(&tickets, HOST, PORT + 1, 3);
  expect(&tickets, SLIP_SPAN("b.example"), PORT, 2);
}

static void the_oldest_go_where_there_are_too_many(void **state) {
  (void)state;
  struct slip_tls_tickets tickets = {0};
  put(&tickets, SLIP_SPAN("b.example"), PORT, 1);
  put(&tickets, HOST, PORT, 2);
  for (unsigned i = 1; i < SLIP_TLS_TICKETS_MOST; i++)
    put(&tickets, HOST, PORT, 3);
  assert_null(slip_tls_tickets_take(&tickets, SLIP_SPAN("b.example"), PORT));
  for (unsigned i = 1; i < SLIP_TLS_TICKETS_MOST; i++)
    expect(&tickets, HOST, PORT, 3);
  expect(&tickets, HOST, PORT, 2);
  assert_null(slip_tls_tickets_take(&tickets, HOST, PORT));
}

static void what_has_expired_is_not_taken(void **state) {
  (void)state;
  struct slip_tls_tickets tickets = {0};
  SSL_SESSION *old = make(1);
  (void)SSL_SESSION_set_timeout(old, 60);
  (void)SSL_SESSION_set_time(old, (long)time(NULL) - 61);
  assert_true(slip_tls_tickets_put(&tickets, HOST, PORT, old));
  assert_null(slip_tls_tickets_take(&tickets, HOST, PORT));
}

static void what_cannot_be_resumed_is_not_taken(void **state) {
  (void)state;
  struct slip_tls_tickets tickets = {0};
  SSL_SESSION *session = make(1);
  assert_true(slip_tls_tickets_put(&tickets, HOST, PORT, session));
  assert_int_equal(SSL_SESSION_set1_id(session, NULL, 0), 1); /* as it is without a ticket */
  assert_null(slip_tls_tickets_take(&tickets, HOST, PORT));
}

static void without_memory_the_session_stays_the_callers(void **state) {
  (void)state;
  struct slip_tls_tickets tickets = {0};
  SSL_SESSION *session = make(1);
  memory_fails_at(0);
  bool is_put = slip_tls_tickets_put(&tickets, HOST, PORT, session);
  assert_true(memory_has_failed());
  assert_false(is_put);
  SSL_SESSION_free(session);
  assert_null(slip_tls_tickets_take(&tickets, HOST, PORT));
}

static void those_that_are_left_are_freed(void **state) {
  (void)state;
  struct slip_tls_tickets tickets = {0};
  put(&tickets, HOST, PORT, 1);
  put(&tickets, SLIP_SPAN("b.example"), PORT, 2);
  slip_tls_tickets_clear(&tickets);
  assert_null(slip_tls_tickets_take(&tickets, HOST, PORT));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_newest_is_taken_first_and_each_once),
      cmocka_unit_test(a_ticket_is_for_its_host_and_port_alone),
      cmocka_unit_test(the_oldest_go_where_there_are_too_many),
      cmocka_unit_test(what_has_expired_is_not_taken),
      cmocka_unit_test(what_cannot_be_resumed_is_not_taken),
      cmocka_unit_test(without_memory_the_session_stays_the_callers),
      cmocka_unit_test(those_that_are_left_are_freed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
