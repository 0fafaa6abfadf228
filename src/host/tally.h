#ifndef SLIP_HOST_TALLY_H
#define SLIP_HOST_TALLY_H
/*
 * Tally: what the clients of a loop have done so far, those that are gone too.
 *
 * Plain numbers; a client adds its own when it goes, so counting costs nothing before. But `sent`
 * is the loop's alone, in which all of them count, so that no client needs room for it.
 */
#include "core/session.h"

struct slip_tally {
  uint64_t bytes_in;
  uint64_t bytes_out;
  uint64_t messages_in;
  uint64_t pushes_out;
  uint64_t connects;
  uint64_t reconnects; /* connects of a client that had one before */
  struct slip_sent sent;
};

#endif
