#include "net/files.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* Nothing is lost where one of these fails: the limit is only lower. */
void slip_files_raise_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

void slip_files_fill_standard(void) {
  int fd;
  do {
    fd = open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0)
    (void)close(fd);
}

void slip_files_outlive_peers(void) {
  struct sigaction action;
  if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
    (void)signal(SIGPIPE, SIG_IGN);
}

uint64_t slip_files_limit(void) {
  struct rlimit limit = {0, 0};
  (void)getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}
