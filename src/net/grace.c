#include "net/grace.h"

static void on_timer(uv_timer_t *timer);

static void arm(struct slip_graces *graces) {
  struct slip_grace *first = TAILQ_FIRST(&graces->line);
  uint64_t now = uv_now(graces->timer.loop);
  if (first == NULL)
    uv_timer_stop(&graces->timer);
  else
    uv_timer_start(&graces->timer, on_timer, first->deadline > now ? first->deadline - now : 0, 0);
}

static void on_timer(uv_timer_t *timer) {
  struct slip_graces *graces = timer->data;
  uint64_t now = uv_now(timer->loop);
  struct slip_grace *first = TAILQ_FIRST(&graces->line);
  while (first != NULL && first->deadline <= now) {
    TAILQ_REMOVE(&graces->line, first, place);
    first->over(first);
    first = TAILQ_FIRST(&graces->line);
  }
  arm(graces);
}

void slip_graces_init(struct slip_graces *graces, uv_loop_t *loop, uint64_t length_msec) {
  uv_timer_init(loop, &graces->timer); /* cannot fail */
  graces->timer.data = graces;
  graces->length_msec = length_msec;
  TAILQ_INIT(&graces->line);
}

void slip_graces_begin(struct slip_graces *graces, struct slip_grace *grace) {
  grace->deadline = uv_now(graces->timer.loop) + graces->length_msec;
  TAILQ_INSERT_TAIL(&graces->line, grace, place);
  if (!uv_is_active((uv_handle_t *)&graces->timer))
    arm(graces);
}

void slip_graces_end(struct slip_graces *graces, struct slip_grace *grace) {
  TAILQ_REMOVE(&graces->line, grace, place);
  if (TAILQ_EMPTY(&graces->line))
    arm(graces);
}

void slip_graces_cut(struct slip_graces *graces) {
  struct slip_grace *first;
  while ((first = TAILQ_FIRST(&graces->line)) != NULL) {
    TAILQ_REMOVE(&graces->line, first, place);
    first->over(first);
  }
  arm(graces);
}
