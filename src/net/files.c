#include "net/files.h"

#include <sys/resource.h>

/* Nothing is lost where one of these fails: the limit is only lower. */
void slip_files_raise_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

uint64_t slip_files_limit(void) {
  struct rlimit limit = {0, 0};
  (void)getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}
