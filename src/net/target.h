#ifndef SLIP_NET_TARGET_H
#define SLIP_NET_TARGET_H
/*
 * Target: where a dial goes (dial.h), kept until then.
 */
#include "net/dial.h"

/* A copy in one piece of memory that holds the TLS settings too. SLIP_ENOMEM. The caller frees it.
 */
SLIP_CHECKED enum slip_err slip_target_new(const struct slip_target *from,
                                           struct slip_target **out);
void slip_target_free(struct slip_target *target); /* NULL is fine */

#endif
