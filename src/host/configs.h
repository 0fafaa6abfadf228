#ifndef SLIP_HOST_CONFIGS_H
#define SLIP_HOST_CONFIGS_H
/*
 * Configs: those of a loop's sessions, so that thousands of clients that are told the same have one
 * between them.
 *
 * Pure. Owns its copies, which live until the last who holds them lets go.
 */
#include "core/session.h"

struct slip_configs { /* all zero at first; empty when every hold has been released */
  struct slip_kept_config *first;
};

/* A copy of `like`, or the one that there is already; released by the caller. SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_configs_hold(struct slip_configs *c,
                                             const struct slip_session_config *like,
                                             const struct slip_session_config **out);
void slip_configs_release(struct slip_configs *c, const struct slip_session_config *config);

#endif
