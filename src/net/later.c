#include "net/later.h"

void slip_laters_init(struct slip_laters *laters, uv_loop_t *loop) {
  uv_idle_init(loop, &laters->idle); /* cannot fail */
  laters->idle.data = laters;
  TAILQ_INIT(&laters->queue);
}

static void on_idle(uv_idle_t *idle) {
  struct slip_laters *laters = idle->data;
  while (!TAILQ_EMPTY(&laters->queue)) {
    struct slip_later *later = TAILQ_FIRST(&laters->queue);
    TAILQ_REMOVE(&laters->queue, later, place);
    later->call(later);
  }
  uv_idle_stop(idle);
}

void slip_laters_put(struct slip_laters *laters, struct slip_later *later) {
  TAILQ_INSERT_TAIL(&laters->queue, later, place);
  uv_idle_start(&laters->idle, on_idle);
}

void slip_laters_cancel(struct slip_laters *laters, struct slip_later *later) {
  TAILQ_REMOVE(&laters->queue, later, place);
  if (TAILQ_EMPTY(&laters->queue))
    uv_idle_stop(&laters->idle);
}
