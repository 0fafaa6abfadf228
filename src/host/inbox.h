#ifndef SLIP_HOST_INBOX_H
#define SLIP_HOST_INBOX_H
/*
 * Inbox: the parcels that lie in front of somebody, bounded, first come, first served; urgent ones
 * before all others.
 *
 * Pure: no locks. Owns the parcels that lie in it.
 */
#include "core/err.h"
#include "core/span.h"

#include <stdint.h>

/* The most parcels of an inbox; urgent ones take no room from the others. */
#define SLIP_INBOX_PARCELS_MAX 100000u
#define SLIP_INBOX_URGENT_MAX 1000u
/* The most bytes that the parcels of either kind have together. */
#define SLIP_INBOX_BYTES_MAX (64u * 1024 * 1024)

/* How a thread has ended. */
struct slip_outcome {
  bool has_failed;
  int code;        /* the exit code that it asks for */
  size_t size;     /* of the text */
  char text[8192]; /* what is wrong, cut when it is longer */
};

/* Allocated in one piece with what it carries: free() is enough. */
struct slip_parcel {
  struct slip_parcel *next;
  int from;
  bool is_urgent;
  struct slip_span bytes;
  struct slip_outcome *outcome; /* NULL, unless it says how `from` has ended */
};

struct slip_parcels {
  struct slip_parcel *first;
  struct slip_parcel *last;
  size_t count;
  size_t bytes;
};

struct slip_inbox {
  struct slip_parcels urgent;
  struct slip_parcels ordinary;
};

/* Copies the bytes. SLIP_ENOMEM; SLIP_ETOOBIG: more than an inbox may hold. The caller frees it. */
SLIP_CHECKED enum slip_err slip_parcel_new(struct slip_span bytes, struct slip_parcel **out);
/* One that will say how somebody has ended. */
SLIP_CHECKED enum slip_err slip_parcel_new_outcome(struct slip_parcel **out);

/* Takes the parcel; SLIP_EFULL: it stays the caller's. One with an outcome is never refused. */
SLIP_CHECKED enum slip_err slip_inbox_add(struct slip_inbox *inbox, struct slip_parcel *parcel);
/* The next parcel, which is the caller's now; NULL: there is none. */
struct slip_parcel *slip_inbox_take(struct slip_inbox *inbox);
bool slip_inbox_is_empty(const struct slip_inbox *inbox);
/* Frees what lies in it. */
void slip_inbox_clear(struct slip_inbox *inbox);

#endif
