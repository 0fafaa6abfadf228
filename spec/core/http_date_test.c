#include "core/http_date.h"
#include "spec/support/check.h"

#include <time.h>

#define IN_2026 1795253513 /* 2026-11-21 09:31:53 UTC */

static int64_t read_date(const char *text) {
  int64_t seconds;
  CHECK_OK(slip_http_date_read(slip_span_of(text), IN_2026, &seconds));
  return seconds;
}

static void reads_the_three_forms(void **state) {
  (void)state;
  /* the examples of RFC 9110 section 5.6.7 */
  assert_int_equal(read_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  assert_int_equal(read_date("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
  assert_int_equal(read_date("Sun Nov  6 08:49:37 1994"), 784111777);
  assert_int_equal(read_date("Sun Nov 16 08:49:37 1994"), 784111777 + 10 * 86400);
}

static void knows_the_calendar(void **state) {
  (void)state;
  assert_int_equal(read_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  assert_int_equal(read_date("Wed, 31 Dec 1969 23:59:59 GMT"), -1);
  assert_int_equal(read_date("Tue, 29 Feb 2000 12:00:00 GMT"), 951825600);
  assert_int_equal(read_date("Thu, 29 Feb 2024 00:00:00 GMT"), 1709164800);
  assert_int_equal(read_date("Tue, 19 Jan 2038 03:14:08 GMT"), 2147483648);
  assert_int_equal(read_date("Fri, 31 Dec 9999 23:59:59 GMT"), 253402300799);
  assert_int_equal(read_date("Sat, 01 Jan 0000 00:00:00 GMT"), -62167219200);
  assert_int_equal(read_date("Mon, 01 Jan 0001 00:00:00 GMT"), -62135596800);
}

/* libc is the judge. */
static void agrees_with_the_system_on_every_day_of_400_years(void **state) {
  (void)state;
  for (time_t day = 0; day < 146097; day++) {
    time_t seconds = day * 86400 + day % 86400;
    struct tm parts;
    char text[64];
    gmtime_r(&seconds, &parts);
    assert_true(strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts) > 0);
    assert_int_equal(read_date(text), seconds);
    assert_true(strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &parts) > 0);
    assert_int_equal(read_date(text), seconds);
  }
}

static void counts_a_leap_second_as_the_one_after_it(void **state) {
  (void)state;
  assert_int_equal(read_date("Sat, 31 Dec 2016 23:59:60 GMT"),
                   read_date("Sun, 01 Jan 2017 00:00:00 GMT"));
}

static void takes_two_digits_for_a_year_at_most_50_years_ahead(void **state) {
  (void)state;
  assert_int_equal(read_date("Sunday, 01-Jan-76 00:00:00 GMT"),
                   read_date("Wed, 01 Jan 2076 00:00:00 GMT"));
  assert_int_equal(read_date("Sunday, 01-Jan-77 00:00:00 GMT"),
                   read_date("Sat, 01 Jan 1977 00:00:00 GMT"));
  assert_int_equal(read_date("Sunday, 01-Jan-00 00:00:00 GMT"),
                   read_date("Sat, 01 Jan 2000 00:00:00 GMT"));
}

static void reads_two_digits_whatever_the_clock_says(void **state) {
  (void)state;
  static const int64_t nows[] = {INT64_MIN, INT64_MIN / 2, -1, 0, IN_2026, 253402300799, INT64_MAX};
  for (size_t i = 0; i < sizeof nows / sizeof *nows; i++) {
    int64_t seconds;
    CHECK_OK(slip_http_date_read(SLIP_SPAN("Monday, 28-Feb-94 00:00:00 GMT"), nows[i], &seconds));
    assert_int_equal(((seconds % 86400) + 86400) % 86400, 0);
  }
}

static void refuses_what_is_no_date(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      "120",
      "Sun, 06 Nov 1994 08:49:37",      /* no zone */
      "Sun, 06 Nov 1994 08:49:37 CET",  /* only GMT is allowed */
      "Sun, 06 Nov 1994 08:49:37 GMT ", /* something behind it */
      "Sun, 06 Nov 1994 08:49:37 GMTx",
      "sun, 06 Nov 1994 08:49:37 GMT", /* names have their case */
      "Son, 06 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nuv 1994 08:49:37 GMT",
      "Sun, 6 Nov 1994 08:49:37 GMT", /* two digits */
      "Sun, 06 Nov 94 08:49:37 GMT",  /* four digits */
      "Sun, +6 Nov 1994 08:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 31 Nov 1994 08:49:37 GMT",
      "Wed, 29 Feb 2023 08:49:37 GMT",
      "Mon, 29 Feb 2100 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:00:00 GMT",
      "Sun, 06 Nov 1994 08:60:00 GMT",
      "Sun, 06 Nov 1994 08:49:61 GMT",
      "Sun, 06 Nov 1994 8:49:37 GMT",
      "Sun, 06-Nov-94 08:49:37 GMT",      /* RFC 850 has whole names */
      "Sunday, 06-Nov-1994 08:49:37 GMT", /* and two digits */
      "Sunday, 06 Nov 94 08:49:37 GMT",
      "Sun Nov 6 08:49:37 1994", /* asctime() has two columns for the day */
      "Sun Nov   6 08:49:37 1994",
      "Sun Nov  6 08:49:37 1994 GMT",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    int64_t seconds = 42;
    assert_int_equal(slip_http_date_read(slip_span_of(texts[i]), IN_2026, &seconds),
                     SLIP_EMALFORMED);
    assert_int_equal(seconds, 42);
  }
}

/* In memory that fits exactly, so that a read behind the end is seen. */
static void refuses_every_front_part_of_a_date(void **state) {
  (void)state;
  static const char *const texts[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                      "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    for (size_t size = 0; size < strlen(texts[i]); size++) {
      char *part = malloc(size > 0 ? size : 1);
      memcpy(part, texts[i], size);
      int64_t seconds;
      assert_int_equal(slip_http_date_read((struct slip_span){part, size}, IN_2026, &seconds),
                       SLIP_EMALFORMED);
      free(part);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_the_three_forms),
      cmocka_unit_test(knows_the_calendar),
      cmocka_unit_test(agrees_with_the_system_on_every_day_of_400_years),
      cmocka_unit_test(counts_a_leap_second_as_the_one_after_it),
      cmocka_unit_test(takes_two_digits_for_a_year_at_most_50_years_ahead),
      cmocka_unit_test(reads_two_digits_whatever_the_clock_says),
      cmocka_unit_test(refuses_what_is_no_date),
      cmocka_unit_test(refuses_every_front_part_of_a_date),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
