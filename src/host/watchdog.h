#ifndef SLIP_HOST_WATCHDOG_H
#define SLIP_HOST_WATCHDOG_H
/*
 * Watchdog: looks at a thread from inside it, however busy it is: a timer of the kernel sends the
 * thread a signal every SLIP_WATCHDOG_MSEC.
 *
 * One that finds nothing to watch for about a second falls asleep and costs nothing until it is
 * woken, so an idle program has no wake-ups, and a busy one makes at most two system calls a
 * second. The signal is SIGURG, which harms nobody where it is not expected; a handler that was
 * there before is called for those of others. A script that takes SIGURG for itself blinds the
 * watchdog.
 *
 * The caller holds the struct, zeroed to begin with. Open, wake and close are for the watched
 * thread alone. A child made by fork has no timer and is not watched.
 */
#include "core/err.h"

#include <signal.h>
#include <stdbool.h>
#include <time.h>

enum { SLIP_WATCHDOG_MSEC = 50 };

struct slip_watchdog {
  /* Set by the caller, called in the signal handler: may do only what is safe there. `ticks`: how
   * often the timer went off since the last look, 1 unless the thread could not be reached.
   * Answers whether there is something to watch. */
  bool (*look)(struct slip_watchdog *dog, unsigned ticks);
  /* The watchdog's own: */
  timer_t timer;
  bool is_open;
  volatile sig_atomic_t is_asleep;
  unsigned idle; /* looks in a row that found nothing */
};

/* Watches the calling thread from the first wake on. Nothing when it is open. SLIP_EIO: the system
 * has no timer left. */
SLIP_CHECKED enum slip_err slip_watchdog_open(struct slip_watchdog *dog);
/* For slip_watchdog_wake. */
void slip_watchdog_start(struct slip_watchdog *dog);
/* There is something to watch. Costs one load while it is awake; harmless when closed. */
static inline void slip_watchdog_wake(struct slip_watchdog *dog) {
  if (dog->is_asleep)
    slip_watchdog_start(dog);
}
/* After it `look` is not called any more. Harmless when closed. */
void slip_watchdog_close(struct slip_watchdog *dog);

#endif
