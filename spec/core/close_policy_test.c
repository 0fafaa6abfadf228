#include "core/close_policy.h"
#include "spec/support/check.h"

#define NOW 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

static struct slip_reason closed_with(uint16_t code) {
  return (struct slip_reason){.kind = SLIP_REASON_CLOSED_BY_REMOTE, .code = code};
}

static struct slip_reason refused_with(uint16_t status, const char *headers) {
  return (struct slip_reason){.kind = SLIP_REASON_CONNECT_FAILED,
                              .stage = SLIP_STAGE_UPGRADE,
                              .status = status,
                              .headers = slip_span_of(headers)};
}

/* With no luck the wait is the least, with all of it the most. */
static void expect_wait(struct slip_reason reason, uint32_t least, uint32_t most) {
  assert_int_equal(slip_close_policy_wait(&reason, NOW, 0), least);
  assert_int_equal(slip_close_policy_wait(&reason, NOW, UINT32_MAX), most);
  for (uint32_t luck = 0; luck < UINT32_MAX - 9999991; luck += 9999991)
    assert_in_range(slip_close_policy_wait(&reason, NOW, luck), least, most);
}

/* What a 503 with this Retry-After, and with these other headers, asks for. */
static void expect_retry(const char *headers, uint32_t least, uint32_t most) {
  expect_wait(refused_with(503, headers), least, most);
}

static void waits_by_the_close_code(void **state) {
  (void)state;
  static const struct {
    uint32_t least, most;
    uint16_t code;
    bool is_final;
  } rows[] = {
      {0, 0, 1000, false}, /* Cowboy's idle time-out */
      {0, 0, 1001, false}, /* Phoenix broadcasts "disconnect" */
      {0, 0, 1002, false}, {0, 0, 1003, false},       {0, 0, 1005, false},
      {0, 0, 1007, false}, {0, 0, 1008, true},        {0, 0, 1009, false},
      {0, 0, 1011, false}, {1000, 5000, 1012, false}, {30000, 60000, 1013, false},
      {0, 0, 1014, false}, {0, 0, 4000, false},       {0, 0, 4999, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct slip_reason reason = closed_with(rows[i].code);
    expect_wait(reason, rows[i].least, rows[i].most);
    assert_int_equal(slip_close_policy_is_final(&reason), rows[i].is_final);
  }
}

/* Codes that we closed with are no word of the server's. */
static void only_the_servers_own_code_counts(void **state) {
  (void)state;
  for (int kind = 0; kind < SLIP_REASON_COUNT; kind++) {
    if (kind == SLIP_REASON_CLOSED_BY_REMOTE)
      continue;
    static const uint16_t codes[] = {1008, 1012, 1013};
    for (size_t i = 0; i < 3; i++) {
      struct slip_reason reason = {.kind = (enum slip_reason_kind)kind, .code = codes[i]};
      expect_wait(reason, 0, 0);
      assert_int_equal(slip_close_policy_is_final(&reason), kind == SLIP_REASON_CLOSED_BY_CLIENT);
    }
  }
}

static void a_refusal_is_never_final(void **state) {
  (void)state;
  for (uint16_t status = 0; status < 600; status++) {
    struct slip_reason reason = refused_with(status, NULL);
    assert_false(slip_close_policy_is_final(&reason));
    assert_int_equal(slip_close_policy_wait(&reason, NOW, UINT32_MAX), 0);
  }
}

static void retry_after_counts_for_429_and_503_alone(void **state) {
  (void)state;
  for (uint16_t status = 0; status < 600; status++) {
    struct slip_reason reason = refused_with(status, "Retry-After: 120\r\n");
    bool counts = status == 429 || status == 503;
    assert_int_equal(slip_close_policy_wait(&reason, NOW, 0), counts ? 120000 : 0);
  }
}

static void retry_after_in_seconds(void **state) {
  (void)state;
  expect_retry("Retry-After: 120\r\n", 120000, 132000);
  expect_retry("server: Cowboy\r\nretry-after:\t 007 \r\n", 7000, 8000);
  expect_retry("Retry-After: 10\r\n", 10000, 11000);
  expect_retry("Retry-After: 0\r\n", 0, 1000);
}

static void retry_after_as_a_date(void **state) {
  (void)state;
  expect_retry("Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n", 60000, 66000);
  expect_retry("Retry-After: Sunday, 06-Nov-94 08:50:37 GMT\r\n", 60000, 66000);
  expect_retry("Retry-After: Sun Nov  6 08:50:37 1994\r\n", 60000, 66000);
}

static void a_date_counts_from_the_answers_own(void **state) {
  (void)state;
  expect_retry("Date: Sat, 21 Nov 2026 09:00:00 GMT\r\n"
               "Retry-After: Sat, 21 Nov 2026 09:00:30 GMT\r\n",
               30000, 33000);
  expect_retry("Date: yesterday\r\nRetry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n", 30000, 33000);
}

static void a_date_that_has_passed_asks_for_little(void **state) {
  (void)state;
  expect_retry("Retry-After: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 0, 1000);
  expect_retry("Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n", 0, 1000);
}

static void nobody_stays_away_for_more_than_an_hour(void **state) {
  (void)state;
  expect_retry("Retry-After: 3600\r\n", 3600000, 3960000);
  expect_retry("Retry-After: 3601\r\n", 3600000, 3960000);
  expect_retry("Retry-After: 99999999999999999999999999999999999999\r\n", 3600000, 3960000);
  expect_retry("Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", 3600000, 3960000);
}

static void what_is_no_retry_after_is_passed_over(void **state) {
  (void)state;
  expect_retry("", 0, 0);
  expect_retry("Retry-After:\r\n", 0, 0);
  expect_retry("Retry-After: -5\r\n", 0, 0);
  expect_retry("Retry-After: 1.5\r\n", 0, 0);
  expect_retry("Retry-After: 5 minutes\r\n", 0, 0);
  expect_retry("Retry-After: tomorrow\r\n", 0, 0);
  expect_retry("X-Retry-After: 5\r\n", 0, 0);
}

static void the_first_of_two_counts(void **state) {
  (void)state;
  expect_retry("Retry-After: 5\r\nRetry-After: 50\r\n", 5000, 6000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(waits_by_the_close_code),
      cmocka_unit_test(only_the_servers_own_code_counts),
      cmocka_unit_test(a_refusal_is_never_final),
      cmocka_unit_test(retry_after_counts_for_429_and_503_alone),
      cmocka_unit_test(retry_after_in_seconds),
      cmocka_unit_test(retry_after_as_a_date),
      cmocka_unit_test(a_date_counts_from_the_answers_own),
      cmocka_unit_test(a_date_that_has_passed_asks_for_little),
      cmocka_unit_test(nobody_stays_away_for_more_than_an_hour),
      cmocka_unit_test(what_is_no_retry_after_is_passed_over),
      cmocka_unit_test(the_first_of_two_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
