#include "host/watchdog.h"

#include "spec/support/check.h"

/* A watchdog that counts what it sees. */
struct guard {
  struct slip_watchdog dog; /* first, so that it is the guard as well */
  volatile bool is_busy;
  volatile unsigned looks;
  volatile unsigned ticks;
};

static bool look(struct slip_watchdog *dog, unsigned ticks) {
  struct guard *guard = (struct guard *)dog;
  guard->looks++;
  guard->ticks += ticks;
  return guard->is_busy;
}

static long long now_msec(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void work_for(long long msec) {
  long long end = now_msec() + msec;
  while (now_msec() < end)
    continue;
}

/* Works until the guard sleeps, two seconds at most. */
static void work_until_asleep(const struct guard *guard) {
  long long end = now_msec() + 2000;
  while (!guard->dog.is_asleep && now_msec() < end)
    continue;
}

static int strangers; /* signals that were not ours */

static void on_stranger(int number) {
  (void)number;
  strangers++;
}

static void looks_while_there_is_something_to_watch(void **state) {
  (void)state;
  struct guard guard = {.dog.look = look, .is_busy = true};
  CHECK_OK(slip_watchdog_open(&guard.dog));
  slip_watchdog_wake(&guard.dog);
  work_for(5 * SLIP_WATCHDOG_MSEC + SLIP_WATCHDOG_MSEC / 2);
  slip_watchdog_close(&guard.dog);
  assert_in_range(guard.ticks, 5, 100); /* a busy machine may have us work for longer */
  assert_in_range(guard.looks, 1, guard.ticks);
}

static void does_not_look_before_it_is_woken(void **state) {
  (void)state;
  struct guard guard = {.dog.look = look, .is_busy = true};
  CHECK_OK(slip_watchdog_open(&guard.dog));
  work_for(2 * SLIP_WATCHDOG_MSEC);
  slip_watchdog_close(&guard.dog);
  assert_int_equal(guard.looks, 0);
}

static void falls_asleep_when_there_is_nothing(void **state) {
  (void)state;
  struct guard guard = {.dog.look = look};
  CHECK_OK(slip_watchdog_open(&guard.dog));
  slip_watchdog_wake(&guard.dog);
  work_until_asleep(&guard);
  assert_true(guard.dog.is_asleep);
  unsigned before = guard.looks;
  work_for(2 * SLIP_WATCHDOG_MSEC);
  assert_int_equal(guard.looks, before);
  slip_watchdog_wake(&guard.dog);
  work_for(2 * SLIP_WATCHDOG_MSEC);
  assert_true(guard.looks > before);
  slip_watchdog_close(&guard.dog);
}

static void does_not_look_once_it_is_closed(void **state) {
  (void)state;
  struct guard guard = {.dog.look = look, .is_busy = true};
  CHECK_OK(slip_watchdog_open(&guard.dog));
  slip_watchdog_wake(&guard.dog);
  slip_watchdog_close(&guard.dog);
  slip_watchdog_close(&guard.dog);
  slip_watchdog_wake(&guard.dog);
  work_for(2 * SLIP_WATCHDOG_MSEC);
  assert_int_equal(guard.looks, 0);
}

/* The one that came while the signal was held back. */
static void forgets_a_signal_that_is_on_its_way(void **state) {
  (void)state;
  struct guard guard = {.dog.look = look, .is_busy = true};
  sigset_t urgent;
  sigset_t kept;
  (void)sigemptyset(&urgent);
  (void)sigaddset(&urgent, SIGURG);
  CHECK_OK(slip_watchdog_open(&guard.dog));
  (void)pthread_sigmask(SIG_BLOCK, &urgent, &kept);
  slip_watchdog_wake(&guard.dog);
  work_for(2 * SLIP_WATCHDOG_MSEC);
  slip_watchdog_close(&guard.dog);
  (void)pthread_sigmask(SIG_SETMASK, &kept, NULL);
  assert_int_equal(guard.looks, 0);
}

static void counts_the_ticks_that_it_could_not_see(void **state) {
  (void)state;
  struct guard guard = {.dog.look = look, .is_busy = true};
  sigset_t urgent;
  sigset_t kept;
  (void)sigemptyset(&urgent);
  (void)sigaddset(&urgent, SIGURG);
  CHECK_OK(slip_watchdog_open(&guard.dog));
  (void)pthread_sigmask(SIG_BLOCK, &urgent, &kept);
  slip_watchdog_wake(&guard.dog);
  work_for(3 * SLIP_WATCHDOG_MSEC + SLIP_WATCHDOG_MSEC / 2);
  (void)pthread_sigmask(SIG_SETMASK, &kept, NULL);
  slip_watchdog_close(&guard.dog);
  assert_true(guard.ticks >= 3);
  assert_true(guard.looks < guard.ticks);
}

static void two_of_them_look_at_one_thread(void **state) {
  (void)state;
  struct guard one = {.dog.look = look, .is_busy = true};
  struct guard two = {.dog.look = look, .is_busy = true};
  CHECK_OK(slip_watchdog_open(&one.dog));
  CHECK_OK(slip_watchdog_open(&two.dog));
  CHECK_OK(slip_watchdog_open(&two.dog)); /* is open already */
  slip_watchdog_wake(&one.dog);
  work_for(SLIP_WATCHDOG_MSEC / 2); /* ThreadSanitizer keeps one signal of a kind at a time */
  slip_watchdog_wake(&two.dog);
  work_for(4 * SLIP_WATCHDOG_MSEC);
  slip_watchdog_close(&one.dog);
  slip_watchdog_close(&two.dog);
  assert_true(one.looks > 0);
  assert_true(two.looks > 0);
}

static void leaves_the_signals_of_others_to_them(void **state) {
  (void)state;
  strangers = 0;
  struct guard guard = {.dog.look = look, .is_busy = true};
  CHECK_OK(slip_watchdog_open(&guard.dog));
  (void)raise(SIGURG);
  slip_watchdog_close(&guard.dog);
  assert_int_equal(strangers, 1);
  assert_int_equal(guard.looks, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(looks_while_there_is_something_to_watch),
      cmocka_unit_test(does_not_look_before_it_is_woken),
      cmocka_unit_test(falls_asleep_when_there_is_nothing),
      cmocka_unit_test(does_not_look_once_it_is_closed),
      cmocka_unit_test(forgets_a_signal_that_is_on_its_way),
      cmocka_unit_test(counts_the_ticks_that_it_could_not_see),
      cmocka_unit_test(two_of_them_look_at_one_thread),
      cmocka_unit_test(leaves_the_signals_of_others_to_them),
  };
  /* before the first watchdog is there */
  (void)signal(SIGURG, on_stranger);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
