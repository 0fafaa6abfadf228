/*
 * A date that is read is the same one when libc writes it in the form that everybody sends and it
 * is read again, whatever form it had and whatever the clock says (the first eight bytes).
 */
#include "core/http_date.h"

#include <stdlib.h>
#include <time.h>

static void check_again(int64_t date, const struct tm *parts) {
  char text[64];
  int64_t again;
  size_t size = strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", parts);
  if (slip_http_date_read((struct slip_span){text, size}, 0, &again) != SLIP_OK || again != date)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int64_t now, date;
  if (size < sizeof now)
    return 0;
  memcpy(&now, data, sizeof now);
  struct slip_span text = {(const char *)data + sizeof now, size - sizeof now};
  if (slip_http_date_read(text, now, &date) != SLIP_OK)
    return 0;
  time_t seconds = date;
  struct tm parts;
  if (gmtime_r(&seconds, &parts) == NULL)
    abort();
  if (parts.tm_year >= 1000 - 1900 && parts.tm_year <= 9999 - 1900) /* others have not 4 digits */
    check_again(date, &parts);
  return 0;
}
