#ifndef SLIP_HOST_METER_H
#define SLIP_HOST_METER_H
/*
 * Meter: what happens to the clients of a loop, counted, for who wants to know: a loop that has
 * none (loop.h) pays one look per event.
 *
 * Plain numbers; zeroed is a valid empty one.
 */
#include "core/histogram.h"
#include "core/session.h"

struct slip_timing {
  struct slip_histogram histogram;
  uint64_t usec; /* the sum of all */
};

struct slip_meter {
  uint64_t joins;
  uint64_t leaves;
  uint64_t disconnects[SLIP_REASON_COUNT]; /* connections and attempts that ended */
  uint64_t reconnects[SLIP_REASON_COUNT];  /* attempts, by why the one before ended */
  uint64_t topics_closed[SLIP_REASON_COUNT];
  uint64_t unanswered[SLIP_REASON_COUNT]; /* pushes that ended without a reply */
  uint64_t timeouts;                      /* those that took too long */
  struct slip_timing replies;             /* of pushes; to within a msec */
  struct slip_timing slices;              /* of callbacks; script/watch.h */
};

void slip_meter_note(struct slip_meter *meter, const struct slip_event *event);
void slip_timing_add(struct slip_timing *timing, uint64_t usec);

#endif
