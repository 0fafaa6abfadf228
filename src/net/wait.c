#include "net/wait.h"

static void on_timer(uv_timer_t *timer);

static void arm(struct slip_waits *waits) {
  struct slip_wait *first = TAILQ_FIRST(&waits->line);
  uint64_t now = uv_now(waits->timer.loop);
  if (first == NULL)
    uv_timer_stop(&waits->timer);
  else
    uv_timer_start(&waits->timer, on_timer, first->deadline > now ? first->deadline - now : 0, 0);
}

static void on_timer(uv_timer_t *timer) {
  struct slip_waits *waits = timer->data;
  uint64_t now = uv_now(timer->loop);
  struct slip_wait *first = TAILQ_FIRST(&waits->line);
  while (first != NULL && first->deadline <= now) {
    TAILQ_REMOVE(&waits->line, first, place);
    first->over(first);
    first = TAILQ_FIRST(&waits->line);
  }
  arm(waits);
}

void slip_waits_init(struct slip_waits *waits, uv_loop_t *loop, uint64_t length_msec) {
  uv_timer_init(loop, &waits->timer); /* cannot fail */
  waits->timer.data = waits;
  waits->length_msec = length_msec;
  TAILQ_INIT(&waits->line);
}

void slip_waits_begin(struct slip_waits *waits, struct slip_wait *wait) {
  wait->deadline = uv_now(waits->timer.loop) + waits->length_msec;
  TAILQ_INSERT_TAIL(&waits->line, wait, place);
  if (!uv_is_active((uv_handle_t *)&waits->timer))
    arm(waits);
}

void slip_waits_end(struct slip_waits *waits, struct slip_wait *wait) {
  TAILQ_REMOVE(&waits->line, wait, place);
  if (TAILQ_EMPTY(&waits->line))
    arm(waits);
}

void slip_waits_cut(struct slip_waits *waits) {
  struct slip_wait *first;
  while ((first = TAILQ_FIRST(&waits->line)) != NULL) {
    TAILQ_REMOVE(&waits->line, first, place);
    first->over(first);
  }
  arm(waits);
}
