#ifndef SLIP_NET_NETWORK_PRIVATE_H
#define SLIP_NET_NETWORK_PRIVATE_H
/*
 * Network, private: what its connections share. For the files of the network and their specs.
 */
#include "net/later.h"
#include "net/network.h"
#include "net/poller.h"
#include "net/wait.h"

/* The struct of type `type` whose field `field` is at `pointer`. */
#define SLIP_HOLDER(pointer, type, field)                                                          \
  ((type *)(void *)((char *)(pointer)-offsetof(type, field)))

#define SLIP_NETWORK_READ_SIZE (64u * 1024)
/* The most that is read at once where the owner has the room. */
#define SLIP_NETWORK_ROOM_SIZE (64u * 1024)
#define SLIP_NETWORK_PLAIN_SIZE (16u * 1024) /* a TLS record, decrypted */

struct slip_network {
  struct slip_net net; /* first: a net is its network */
  uv_loop_t *loop;
  struct slip_poller poller;  /* of the connections, also those in the making */
  struct slip_laters laters;  /* dials that begin in the next turn */
  struct slip_waits graces;   /* connections that close gracefully */
  struct slip_waits staggers; /* races of addresses, until the next one starts */
  /* By uv_getaddrinfo, whose answers these are; specs have names of their own. */
  int (*resolve)(uv_loop_t *loop, uv_getaddrinfo_t *request, uv_getaddrinfo_cb done,
                 const char *host, const char *port);
  size_t count;
  unsigned open_handles;
  bool is_freed;
  char read_buffer[SLIP_NETWORK_READ_SIZE];
  char plain_buffer[SLIP_NETWORK_PLAIN_SIZE];
};

/* A stream, or what is left of it, is counted from its dial until this. */
void slip_network_gone(struct slip_network *network);

#endif
