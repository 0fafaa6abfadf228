#include "host/loop.h"

#include "net/network.h"

#include <malloc.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <time.h>

/* How many dials may be under way at first. */
#define MAX_DIALS 256
/* 2026-01-01 00:00:00 UTC: the calendar when a pretended clock is at 0. */
#define PRETENDED_EPOCH 1767225600

struct slip_loop {
  uv_loop_t *uv; /* NULL: pretended */
  struct slip_network *network;
  struct slip_memory *memory;
  struct slip_timers timers;
  struct slip_turnstile turnstile;
  struct slip_luck luck;
  struct slip_configs configs;
  struct slip_marks marks;
  struct slip_tally tally;
  struct slip_meter *meter;
  uint64_t now;          /* pretended only: what advance made it */
  uint64_t armed;        /* what uv's timer is set to */
  uint32_t seed;         /* pretended: the state of its luck */
  unsigned handle_count; /* of ours on the libuv loop that are not gone yet */
  uv_timer_t timer;
  uv_prepare_t prepare;
  uv_check_t check;
  uv_idle_t idle;
};

/* Luck. */

/* Numerical Recipes' generator: specs want the same luck each time, not good luck. */
static void pretend_luck(struct slip_loop *loop) {
  for (size_t i = 0; i < SLIP_LUCK_SIZE; i++) {
    loop->seed = loop->seed * 1664525u + 1013904223u;
    loop->luck.bytes[i] = (uint8_t)(loop->seed >> 24);
  }
}

static void refill_luck(struct slip_loop *loop) {
  if (loop->uv == NULL)
    pretend_luck(loop);
  else if (RAND_bytes(loop->luck.bytes, SLIP_LUCK_SIZE) != 1)
    abort(); /* without random bytes no frame can be masked; OpenSSL would not have started either
              */
  loop->luck.used = 0;
}

struct slip_luck *slip_loop_luck(struct slip_loop *loop) {
  if (slip_luck_is_low(&loop->luck))
    refill_luck(loop);
  return &loop->luck;
}

/* The work of a turn. */

/* While it is started the loop lives on and does not sleep. */
static void keep_turning(uv_idle_t *idle) {
  (void)idle;
}

void slip_loop_mark(struct slip_loop *loop, struct slip_mark *mark) {
  slip_marks_set(&loop->marks, mark);
  if (loop->uv != NULL)
    uv_idle_start(&loop->idle, keep_turning);
}

void slip_loop_unmark(struct slip_loop *loop, struct slip_mark *mark) {
  slip_marks_unset(&loop->marks, mark);
}

/* As many as are set now: one that sets itself again at once waits for the next round. */
static void run_timers(struct slip_loop *loop) {
  uint64_t now = slip_loop_now(loop);
  for (size_t left = loop->timers.count; left > 0; left--) {
    struct slip_timer *timer = slip_timers_take_due(&loop->timers, now);
    if (timer == NULL)
      return;
    timer->due(timer);
  }
}

static void work(struct slip_loop *loop) {
  run_timers(loop);
  slip_marks_work(&loop->marks);
}

/* On libuv. */

/* It only ends the sleep: deadlines are looked at after the input (on_check). Set again by
 * on_prepare, until when the loop must not think that nothing is left. */
static void wake(uv_timer_t *timer) {
  struct slip_loop *loop = timer->data;
  loop->armed = UINT64_MAX;
  uv_idle_start(&loop->idle, keep_turning);
}

/* Whenever a deadline changes, not only in a turn: a loop with nothing armed does not begin one. */
static void arm_timer(struct slip_loop *loop) {
  uint64_t deadline = slip_timers_deadline(&loop->timers);
  if (loop->uv == NULL || deadline == loop->armed)
    return;
  loop->armed = deadline;
  uint64_t now = slip_loop_now(loop);
  if (deadline == UINT64_MAX)
    uv_timer_stop(&loop->timer);
  else
    uv_timer_start(&loop->timer, wake, deadline > now ? deadline - now : 0, 0);
}

static void settle(struct slip_loop *loop) {
  if (loop->marks.first == NULL)
    uv_idle_stop(&loop->idle);
  arm_timer(loop);
}

/* Hundreds of dials under way, TLS handshakes above all, take much more memory than the connections
 * that come of them, and leave it scattered between these: malloc keeps it unless it is told. */
static void tidy_up(struct slip_loop *loop) {
  if (slip_turnstile_take_lull(&loop->turnstile))
    (void)malloc_trim(0);
}

/* Before the loop sleeps: what scripts asked for since the last input. */
static void on_prepare(uv_prepare_t *prepare) {
  struct slip_loop *loop = prepare->data;
  slip_marks_work(&loop->marks);
  tidy_up(loop);
  settle(loop);
}

/* After the input: everything that it led to leaves in one write a client. */
static void on_check(uv_check_t *check) {
  struct slip_loop *loop = check->data;
  work(loop);
  settle(loop);
}

static void start_handles(struct slip_loop *loop) {
  uv_timer_init(loop->uv, &loop->timer);
  uv_prepare_init(loop->uv, &loop->prepare);
  uv_check_init(loop->uv, &loop->check);
  uv_idle_init(loop->uv, &loop->idle);
  loop->handle_count = 4;
  loop->timer.data = loop->prepare.data = loop->check.data = loop->idle.data = loop;
  uv_prepare_start(&loop->prepare, on_prepare);
  uv_check_start(&loop->check, on_check);
  uv_unref((uv_handle_t *)&loop->prepare);
  uv_unref((uv_handle_t *)&loop->check);
}

/* Its life. */

static void free_loop(struct slip_loop *loop) {
  slip_memory_free(loop->memory);
  free(loop);
}

static enum slip_err new_loop(struct slip_loop **out) {
  struct slip_loop *loop = calloc(1, sizeof *loop);
  if (loop == NULL)
    return SLIP_ENOMEM;
  slip_timers_init(&loop->timers);
  slip_turnstile_init(&loop->turnstile, MAX_DIALS);
  loop->armed = UINT64_MAX;
  loop->luck.used = SLIP_LUCK_SIZE;
  *out = loop;
  return SLIP_OK;
}

enum slip_err slip_loop_open(uv_loop_t *uv, struct slip_loop **out) {
  struct slip_loop *loop;
  enum slip_err err = new_loop(&loop);
  if (err != SLIP_OK)
    return err;
  err = slip_network_new(uv, &loop->network);
  if (err != SLIP_OK) {
    free_loop(loop);
    return err;
  }
  loop->uv = uv;
  start_handles(loop);
  *out = loop;
  return SLIP_OK;
}

enum slip_err slip_loop_pretend(uint32_t seed, struct slip_loop **out) {
  struct slip_loop *loop;
  enum slip_err err = new_loop(&loop);
  if (err != SLIP_OK)
    return err;
  err = slip_memory_new(&loop->memory);
  if (err != SLIP_OK) {
    free_loop(loop);
    return err;
  }
  loop->seed = seed;
  loop->now = 1000;
  *out = loop;
  return SLIP_OK;
}

static void on_closed(uv_handle_t *handle) {
  struct slip_loop *loop = handle->data;
  if (--loop->handle_count == 0)
    free_loop(loop);
}

void slip_loop_close(struct slip_loop *loop) {
  if (loop == NULL)
    return;
  slip_timers_clear(&loop->timers); /* now: what they belong to may be gone in later turns */
  if (loop->uv == NULL) {
    free_loop(loop);
    return;
  }
  slip_network_free(loop->network);
  uv_close((uv_handle_t *)&loop->timer, on_closed);
  uv_close((uv_handle_t *)&loop->prepare, on_closed);
  uv_close((uv_handle_t *)&loop->check, on_closed);
  uv_close((uv_handle_t *)&loop->idle, on_closed);
}

uint64_t slip_loop_now(const struct slip_loop *loop) {
  return loop->uv != NULL ? uv_now(loop->uv) : loop->now;
}

uint64_t slip_loop_read_clock(struct slip_loop *loop) {
  if (loop->uv != NULL)
    uv_update_time(loop->uv);
  return slip_loop_now(loop);
}

int64_t slip_loop_calendar(const struct slip_loop *loop) {
  return loop->uv != NULL ? time(NULL) : PRETENDED_EPOCH + (int64_t)(loop->now / 1000);
}

struct slip_net *slip_loop_net(struct slip_loop *loop) {
  return loop->uv != NULL ? slip_network_net(loop->network) : slip_memory_net(loop->memory);
}

struct slip_turnstile *slip_loop_turnstile(struct slip_loop *loop) {
  return &loop->turnstile;
}

struct slip_configs *slip_loop_configs(struct slip_loop *loop) {
  return &loop->configs;
}

struct slip_tally *slip_loop_tally(struct slip_loop *loop) {
  return &loop->tally;
}

uint64_t slip_loop_deadline(const struct slip_loop *loop) {
  return slip_timers_deadline(&loop->timers);
}

void slip_loop_set_meter(struct slip_loop *loop, struct slip_meter *meter) {
  loop->meter = meter;
}

struct slip_meter *slip_loop_meter(const struct slip_loop *loop) {
  return loop->meter;
}

struct slip_memory *slip_loop_memory(struct slip_loop *loop) {
  return loop->memory;
}

enum slip_err slip_loop_set_timer(struct slip_loop *loop, struct slip_timer *timer,
                                  uint64_t deadline) {
  enum slip_err err = slip_timers_set(&loop->timers, timer, deadline);
  arm_timer(loop);
  return err;
}

void slip_loop_unset_timer(struct slip_loop *loop, struct slip_timer *timer) {
  slip_timers_unset(&loop->timers, timer);
  arm_timer(loop);
}

/* Pretended. */

/* On a real loop time passes and others have their turn, whoever makes work for himself. */
enum { MOST_ROUNDS = 100000 };

static bool is_at_rest(struct slip_loop *loop) {
  for (int round = 0; round < MOST_ROUNDS; round++) {
    if (loop->marks.first != NULL)
      slip_marks_work(&loop->marks);
    else if (slip_timers_deadline(&loop->timers) <= loop->now)
      work(loop);
    else
      return true;
  }
  return false;
}

bool slip_loop_advance(struct slip_loop *loop, uint64_t msec) {
  uint64_t end = loop->now + msec;
  while (is_at_rest(loop)) {
    if (loop->now == end)
      return true;
    uint64_t deadline = slip_timers_deadline(&loop->timers);
    loop->now = deadline < end ? deadline : end;
  }
  return false;
}
