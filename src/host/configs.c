#include "host/configs.h"

#include <stdlib.h>
#include <string.h>

/* Only the last few are looked at: who starts many clients that are alike starts them together, and
 * where all differ nobody shall look at all of them. */
#define LOOKED_AT 8

struct slip_kept_config {
  struct slip_session_config config; /* first: a config is its kept one */
  struct slip_kept_config *previous;
  struct slip_kept_config *next;
  size_t holds;
};

/* Bytes between the fields may differ, too; that costs a copy, no more, which the check below does
 * not know. */
static struct slip_kept_config *find(const struct slip_configs *c,
                                     const struct slip_session_config *like) {
  struct slip_kept_config *kept = c->first;
  for (int i = 0; kept != NULL && i < LOOKED_AT; i++, kept = kept->next)
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c) */
    if (memcmp(&kept->config, like, sizeof *like) == 0)
      return kept;
  return NULL;
}

static void link_first(struct slip_configs *c, struct slip_kept_config *kept) {
  kept->previous = NULL;
  kept->next = c->first;
  if (c->first != NULL)
    c->first->previous = kept;
  c->first = kept;
}

static void unlink_from(struct slip_configs *c, struct slip_kept_config *kept) {
  if (kept->previous != NULL)
    kept->previous->next = kept->next;
  else
    c->first = kept->next;
  if (kept->next != NULL)
    kept->next->previous = kept->previous;
}

enum slip_err slip_configs_hold(struct slip_configs *c, const struct slip_session_config *like,
                                const struct slip_session_config **out) {
  struct slip_kept_config *kept = find(c, like);
  if (kept != NULL) {
    unlink_from(c, kept);
  } else {
    kept = calloc(1, sizeof *kept);
    if (kept == NULL)
      return SLIP_ENOMEM;
    memcpy(&kept->config, like,
           sizeof *like); /* an assignment need not copy what `find` compares */
  }
  link_first(c, kept);
  kept->holds++;
  *out = &kept->config;
  return SLIP_OK;
}

void slip_configs_release(struct slip_configs *c, const struct slip_session_config *config) {
  struct slip_kept_config *kept = (struct slip_kept_config *)config;
  if (--kept->holds > 0)
    return;
  unlink_from(c, kept);
  free(kept);
}
