#ifndef SLIP_NET_TARGET_H
#define SLIP_NET_TARGET_H
/*
 * Target: where a dial goes (dial.h), kept from one dial to the next.
 */
#include "net/dial.h"

/* A copy in one piece of memory that holds the TLS settings too; without the ticket. SLIP_ENOMEM.
 * The caller frees it. */
SLIP_CHECKED enum slip_err slip_target_new(const struct slip_target *from,
                                           struct slip_target **out);
void slip_target_free(struct slip_target *target); /* NULL is fine */
/* Whether what resumes a TLS session with one must not go to the other, as it is not verified
 * again. */
bool slip_target_is_other(const struct slip_target *a, const struct slip_target *b);

#endif
