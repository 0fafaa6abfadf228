#include "host/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

/* glibc before 2.37 names the field only as the kernel does */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { IDLE_MAX = 1000 / SLIP_WATCHDOG_MSEC };

/* What a signal does belongs to the process, not to a loop; so does what it did before us. Written
 * once, before our handler is there. */
/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static struct sigaction former;
static pthread_once_t is_installed = PTHREAD_ONCE_INIT;
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

static void set_timer(struct slip_watchdog *dog, long msec) {
  const struct timespec period = {.tv_nsec = msec * 1000000};
  const struct itimerspec times = {.it_value = period, .it_interval = period};
  /* fails only in a child made by fork, which has no timers */
  (void)timer_settime(dog->timer, 0, &times, NULL);
}

/* In the signal handler. */
static void tick(struct slip_watchdog *dog, unsigned ticks) {
  if (dog->look(dog, ticks)) {
    dog->idle = 0;
  } else if (++dog->idle >= IDLE_MAX) {
    set_timer(dog, 0);
    dog->is_asleep = true;
  }
}

static void call_former(int number, siginfo_t *info, void *context) {
  if (former.sa_flags & SA_SIGINFO)
    former.sa_sigaction(number, info, context);
  else if (former.sa_handler != SIG_DFL && former.sa_handler != SIG_IGN)
    former.sa_handler(number);
}

static void on_signal(int number, siginfo_t *info, void *context) {
  int kept = errno;
  if (info->si_code == SI_TIMER)
    tick(info->si_value.sival_ptr, 1 + (unsigned)info->si_overrun);
  else
    call_former(number, info, context);
  errno = kept;
}

static void install(void) {
  struct sigaction action = {.sa_sigaction = on_signal,
                             .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
  (void)sigemptyset(&action.sa_mask);
  (void)sigaction(SIGURG, NULL, &former);
  (void)sigaction(SIGURG, &action, NULL);
}

enum slip_err slip_watchdog_open(struct slip_watchdog *dog) {
  if (dog->is_open)
    return SLIP_OK;
  (void)pthread_once(&is_installed, install);
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGURG};
  event.sigev_value.sival_ptr = dog;
  event.sigev_notify_thread_id = gettid();
  if (timer_create(CLOCK_MONOTONIC, &event, &dog->timer) != 0)
    return SLIP_EIO;
  dog->is_open = true;
  dog->is_asleep = true;
  return SLIP_OK;
}

void slip_watchdog_start(struct slip_watchdog *dog) {
  dog->idle = 0;
  dog->is_asleep = false;
  set_timer(dog, SLIP_WATCHDOG_MSEC);
}

void slip_watchdog_close(struct slip_watchdog *dog) {
  if (!dog->is_open)
    return;
  dog->is_open = false;
  dog->is_asleep = false;
  sigset_t urgent;
  sigset_t kept;
  (void)sigemptyset(&urgent);
  (void)sigaddset(&urgent, SIGURG);
  (void)pthread_sigmask(SIG_BLOCK, &urgent, &kept);
  (void)timer_delete(dog->timer);
  /* one that is on its way would find the watchdog gone */
  (void)sigtimedwait(&urgent, NULL, &(struct timespec){0});
  (void)pthread_sigmask(SIG_SETMASK, &kept, NULL);
}
