#ifndef SLIP_HOST_CENSUS_H
#define SLIP_HOST_CENSUS_H
/*
 * Census: what the clients of a loop are at now. Plain numbers, added up client by client.
 */
#include <stdint.h>

struct slip_census {
  uint64_t connected;
  uint64_t connecting; /* also those that wait for their next attempt, or close */
  uint64_t idle;
  uint64_t topics;       /* that are joined */
  uint64_t queued_bytes; /* in the outboxes */
  uint64_t buffered_pushes;
};

#endif
