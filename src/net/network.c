#include "net/network.h"

#include "core/limits.h"
#include "core/race.h"
#include "net/files.h"
#include "net/network_private.h"
#include "net/tls_stream.h"
#include "net/tunnel.h"

#include <stdlib.h>

static enum slip_err dial(struct slip_net *net, const struct slip_target *target,
                          const struct slip_stream_handler *handler, void *owner,
                          struct slip_stream **out) {
  struct slip_network *network = (struct slip_network *)net;
  if (target->tls != NULL)
    return slip_tls_dial(network, target, handler, owner, out);
  return slip_tunnel_dial(network, target, handler, owner, out);
}

static int resolve(uv_loop_t *loop, uv_getaddrinfo_t *request, uv_getaddrinfo_cb done,
                   const char *host, const char *port) {
  const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  return uv_getaddrinfo(loop, request, done, host, port, &hints);
}

enum slip_err slip_network_new(uv_loop_t *loop, struct slip_network **out) {
  struct slip_network *network = malloc(sizeof *network);
  if (network == NULL)
    return SLIP_ENOMEM;
  enum slip_err err = slip_poller_init(&network->poller, loop);
  if (err != SLIP_OK) {
    free(network);
    return err;
  }
  slip_files_outlive_peers();
  network->net.dial = dial;
  network->loop = loop;
  network->count = 0;
  network->is_freed = false;
  slip_laters_init(&network->laters, loop);
  slip_waits_init(&network->graces, loop, SLIP_CLOSE_TIMEOUT_MSEC);
  slip_waits_init(&network->staggers, loop, SLIP_RACE_DELAY_MSEC);
  network->resolve = resolve;
  network->open_handles = 4;
  *out = network;
  return SLIP_OK;
}

struct slip_net *slip_network_net(struct slip_network *network) {
  return &network->net;
}

size_t slip_network_count(const struct slip_network *network) {
  return network->count;
}

static void free_if_last(struct slip_network *network) {
  if (network->is_freed && network->count == 0 && network->open_handles == 0)
    free(network);
}

static void on_handle_closed(struct slip_network *network) {
  network->open_handles--;
  free_if_last(network);
}

static void on_poller_closed(uv_handle_t *poll) {
  struct slip_poller *poller = poll->data;
  on_handle_closed(SLIP_HOLDER(poller, struct slip_network, poller));
}

static void on_laters_closed(uv_handle_t *idle) {
  struct slip_laters *laters = idle->data;
  on_handle_closed(SLIP_HOLDER(laters, struct slip_network, laters));
}

static void on_graces_closed(uv_handle_t *timer) {
  struct slip_waits *graces = timer->data;
  on_handle_closed(SLIP_HOLDER(graces, struct slip_network, graces));
}

static void on_staggers_closed(uv_handle_t *timer) {
  struct slip_waits *staggers = timer->data;
  on_handle_closed(SLIP_HOLDER(staggers, struct slip_network, staggers));
}

void slip_network_gone(struct slip_network *network) {
  network->count--;
  free_if_last(network);
}

/* Every handle is closing when this returns: luv, at the end of a Lua state, takes those that are
 * not for its own. */
void slip_network_free(struct slip_network *network) {
  if (network == NULL)
    return;
  network->is_freed = true;
  slip_waits_cut(&network->graces);
  slip_poller_close(&network->poller, on_poller_closed);
  uv_close((uv_handle_t *)&network->laters.idle, on_laters_closed);
  uv_close((uv_handle_t *)&network->graces.timer, on_graces_closed);
  uv_close((uv_handle_t *)&network->staggers.timer, on_staggers_closed);
}
