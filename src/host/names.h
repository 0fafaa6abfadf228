#ifndef SLIP_HOST_NAMES_H
#define SLIP_HOST_NAMES_H
/*
 * Names: who has which name, over all places of a team.
 *
 * Pure: no locks. Owns copies of the names. Zeroed is a valid empty table. All but
 * slip_names_release_all is O(1).
 */
#include "core/err.h"
#include "core/span.h"

#include <stdint.h>

struct slip_name; /* opaque */

struct slip_names {
  struct slip_name **rows;
  size_t row_count; /* a power of 2, or 0 */
  size_t count;
};

/* Who has a name. */
struct slip_holder {
  int place;
  uint64_t id;
};

/* Gives the name to the holder; nothing when it is its own already. SLIP_ESTATE: another one has
 * it. SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_names_claim(struct slip_names *names, struct slip_span name,
                                            struct slip_holder holder);
/* Nothing, unless somebody at that place has the name. */
void slip_names_release(struct slip_names *names, struct slip_span name, int place);
/* Takes all names from a place. */
void slip_names_release_all(struct slip_names *names, int place);
/* Whether anybody has the name. */
bool slip_names_find(const struct slip_names *names, struct slip_span name,
                     struct slip_holder *out);
void slip_names_clear(struct slip_names *names);

#endif
