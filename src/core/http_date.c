#include "core/http_date.h"

#define SECONDS_A_DAY 86400
#define SECONDS_A_YEAR 31556952 /* on the average: 146,097 days in 400 years */
#define YEARS_AHEAD 50

struct date {
  unsigned year;
  unsigned month; /* 0 is January */
  unsigned day;   /* from 1 */
  unsigned hour;
  unsigned minute;
  unsigned second;
};

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const long_days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};

/* The takers: each takes one thing off the front of *text, or answers false. */

static bool take(struct slip_span *text, const char *words) {
  size_t size = strlen(words);
  if (text->size < size || memcmp(text->at, words, size) != 0)
    return false;
  *text = slip_span_skip(*text, size);
  return true;
}

static bool take_name(struct slip_span *text, const char *const *names, unsigned count,
                      unsigned *out) {
  for (*out = 0; *out < count; ++*out)
    if (take(text, names[*out]))
      return true;
  return false;
}

static bool take_number(struct slip_span *text, size_t digits, unsigned *out) {
  if (text->size < digits)
    return false;
  *out = 0;
  for (size_t i = 0; i < digits; i++) {
    char c = text->at[i];
    if (c < '0' || c > '9')
      return false;
    *out = *out * 10 + (unsigned)(c - '0');
  }
  *text = slip_span_skip(*text, digits);
  return true;
}

static bool take_month(struct slip_span *text, struct date *d) {
  return take_name(text, months, 12, &d->month);
}

static bool take_clock(struct slip_span *text, struct date *d) {
  return take_number(text, 2, &d->hour) && take(text, ":") && take_number(text, 2, &d->minute) &&
         take(text, ":") && take_number(text, 2, &d->second);
}

/* The forms. */

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool read_rfc5322(struct slip_span text, struct date *d) {
  unsigned name;
  return take_name(&text, days, 7, &name) && take(&text, ", ") && take_number(&text, 2, &d->day) &&
         take(&text, " ") && take_month(&text, d) && take(&text, " ") &&
         take_number(&text, 4, &d->year) && take(&text, " ") && take_clock(&text, d) &&
         take(&text, " GMT") && text.size == 0;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT"; the year is without its century. */
static bool read_rfc850(struct slip_span text, struct date *d) {
  unsigned name;
  return take_name(&text, long_days, 7, &name) && take(&text, ", ") &&
         take_number(&text, 2, &d->day) && take(&text, "-") && take_month(&text, d) &&
         take(&text, "-") && take_number(&text, 2, &d->year) && take(&text, " ") &&
         take_clock(&text, d) && take(&text, " GMT") && text.size == 0;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool read_asctime(struct slip_span text, struct date *d) {
  unsigned name;
  return take_name(&text, days, 7, &name) && take(&text, " ") && take_month(&text, d) &&
         take(&text, " ") &&
         (take(&text, " ") ? take_number(&text, 1, &d->day) : take_number(&text, 2, &d->day)) &&
         take(&text, " ") && take_clock(&text, d) && take(&text, " ") &&
         take_number(&text, 4, &d->year) && text.size == 0;
}

/* The calendar. */

static bool is_leap(unsigned year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_of(unsigned year, unsigned month) {
  static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return lengths[month] + (month == 1 && is_leap(year));
}

static bool exists(const struct date *d) {
  return d->day >= 1 && d->day <= days_of(d->year, d->month) && d->hour <= 23 && d->minute <= 59 &&
         d->second <= 60;
}

/* How many days of years before this one there were, from the year 1 on; the year 0 has -366. */
static int64_t days_before(unsigned year) {
  if (year == 0)
    return -366;
  int64_t past = (int64_t)year - 1;
  return past * 365 + past / 4 - past / 100 + past / 400;
}

static int64_t seconds_of(const struct date *d) {
  int64_t day = days_before(d->year) - days_before(1970) + d->day - 1;
  for (unsigned month = 0; month < d->month; month++)
    day += days_of(d->year, month);
  return day * SECONDS_A_DAY + d->hour * 3600 + d->minute * 60 + d->second;
}

/* The last year that ends in these two digits and is at most 50 years ahead. */
static unsigned whole_year(unsigned digits, int64_t now) {
  int64_t last = 1970 + now / SECONDS_A_YEAR + YEARS_AHEAD;
  if (last < 100 || last > 9999) /* a calendar that is far out */
    return 1900 + digits;
  unsigned latest = (unsigned)last;
  return latest - (latest - digits) % 100;
}

enum slip_err slip_http_date_read(struct slip_span text, int64_t now, int64_t *out) {
  struct date d = {0};
  if (!read_rfc5322(text, &d) && !read_asctime(text, &d)) {
    if (!read_rfc850(text, &d))
      return SLIP_EMALFORMED;
    d.year = whole_year(d.year, now);
  }
  if (!exists(&d))
    return SLIP_EMALFORMED;
  *out = seconds_of(&d);
  return SLIP_OK;
}
