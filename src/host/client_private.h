#ifndef SLIP_HOST_CLIENT_PRIVATE_H
#define SLIP_HOST_CLIENT_PRIVATE_H
/*
 * Client_private: what the loop does to a client, and nobody else.
 */
#include "host/client.h"

/* A client's place in the loop's list of those that have something to do. */
struct slip_mark {
  struct slip_client *previous;
  struct slip_client *next;
  uint32_t round; /* the round of work in which it was marked */
  bool is_set;
};

struct slip_mark *slip_client_mark(struct slip_client *c);
/* Does what there is to do: actions, then everything that is to be sent in one write, then the next
 * wake-up. */
void slip_client_work(struct slip_client *c);

#endif
