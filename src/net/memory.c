#include "net/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>

enum peer_state { DIALLED, OPEN, ENDED };

/* Both ends of one dial: the client holds `stream`, the spec holds the rest. */
struct slip_peer {
  struct slip_stream stream; /* first: a stream is its peer */
  struct slip_memory *memory;
  TAILQ_ENTRY(slip_peer) place; /* among those that wait, or those that were taken */
  enum peer_state state;
  struct slip_buf host;
  uint16_t port;
  bool is_tls;
  bool is_taken;
  bool is_given_back;
  bool is_closed;
  bool is_graceful;
  bool is_short; /* the client waits for `drained` */
  size_t window;
  struct slip_buf inbox;
};

TAILQ_HEAD(peers, slip_peer);

struct slip_memory {
  struct slip_net net; /* first: a net is its memory */
  struct peers waiting;
  struct peers taken;
};

static void peer_free(struct slip_peer *peer) {
  slip_buf_clear(&peer->host);
  slip_buf_clear(&peer->inbox);
  free(peer);
}

static void peer_remove(struct slip_peer *peer) {
  struct slip_memory *memory = peer->memory;
  TAILQ_REMOVE(peer->is_taken ? &memory->taken : &memory->waiting, peer, place);
  peer_free(peer);
}

static bool is_listening(const struct slip_peer *peer) {
  return !peer->is_closed && peer->state != ENDED;
}

/* The client's side. */

static size_t stream_write(struct slip_stream *stream, struct slip_span bytes) {
  struct slip_peer *peer = (struct slip_peer *)stream;
  assert(peer->state != DIALLED && !peer->is_closed);
  if (peer->state == ENDED)
    return 0;
  size_t count = bytes.size < peer->window ? bytes.size : peer->window;
  if (slip_buf_append(&peer->inbox, (struct slip_span){bytes.at, count}) != SLIP_OK)
    count = 0;
  peer->window -= count;
  peer->is_short = count < bytes.size;
  return count;
}

static void stream_close(struct slip_stream *stream, bool is_graceful) {
  struct slip_peer *peer = (struct slip_peer *)stream;
  assert(!peer->is_closed);
  peer->is_closed = true;
  peer->is_graceful = is_graceful;
  if (!peer->is_taken || peer->is_given_back)
    peer_remove(peer);
}

static enum slip_err dial(struct slip_net *net, const struct slip_target *target,
                          const struct slip_stream_handler *handler, void *owner,
                          struct slip_stream **out) {
  static const struct slip_stream_ops ops = {stream_write, stream_close};
  struct slip_memory *memory = (struct slip_memory *)net;
  struct slip_peer *peer = calloc(1, sizeof *peer);
  if (peer == NULL)
    return SLIP_ENOMEM;
  if (slip_buf_append(&peer->host, target->host) != SLIP_OK) {
    peer_free(peer);
    return SLIP_ENOMEM;
  }
  peer->stream = (struct slip_stream){&ops, handler, owner};
  peer->memory = memory;
  peer->port = target->port;
  peer->is_tls = target->tls != NULL;
  peer->window = SIZE_MAX;
  TAILQ_INSERT_TAIL(&memory->waiting, peer, place);
  *out = &peer->stream;
  return SLIP_OK;
}

/* The spec's side. */

enum slip_err slip_memory_new(struct slip_memory **out) {
  struct slip_memory *memory = calloc(1, sizeof *memory);
  if (memory == NULL)
    return SLIP_ENOMEM;
  memory->net.dial = dial;
  TAILQ_INIT(&memory->waiting);
  TAILQ_INIT(&memory->taken);
  *out = memory;
  return SLIP_OK;
}

struct slip_net *slip_memory_net(struct slip_memory *memory) {
  return &memory->net;
}

static void peers_free(struct peers *peers) {
  struct slip_peer *peer = TAILQ_FIRST(peers);
  while (peer != NULL) {
    struct slip_peer *next = TAILQ_NEXT(peer, place);
    peer_free(peer);
    peer = next;
  }
}

void slip_memory_free(struct slip_memory *memory) {
  if (memory == NULL)
    return;
  peers_free(&memory->waiting);
  peers_free(&memory->taken);
  free(memory);
}

size_t slip_memory_waiting(const struct slip_memory *memory) {
  size_t count = 0;
  const struct slip_peer *peer = TAILQ_FIRST(&memory->waiting);
  for (; peer != NULL; peer = TAILQ_NEXT(peer, place))
    count++;
  return count;
}

struct slip_peer *slip_memory_take(struct slip_memory *memory) {
  struct slip_peer *peer = TAILQ_FIRST(&memory->waiting);
  return peer == NULL ? NULL : slip_memory_take_of(&peer->stream);
}

struct slip_peer *slip_memory_take_of(struct slip_stream *stream) {
  struct slip_peer *peer = (struct slip_peer *)stream;
  if (peer->is_taken)
    return NULL;
  TAILQ_REMOVE(&peer->memory->waiting, peer, place);
  TAILQ_INSERT_TAIL(&peer->memory->taken, peer, place);
  peer->is_taken = true;
  return peer;
}

void slip_peer_target(const struct slip_peer *peer, struct slip_span *host, uint16_t *port,
                      bool *is_tls) {
  *host = slip_buf_span(&peer->host);
  *port = peer->port;
  *is_tls = peer->is_tls;
}

void slip_peer_stage(struct slip_peer *peer, enum slip_stage stage) {
  assert(peer->state == DIALLED);
  if (is_listening(peer))
    peer->stream.handler->stage(peer->stream.owner, stage);
}

void slip_peer_accept(struct slip_peer *peer) {
  assert(peer->state == DIALLED);
  peer->state = OPEN;
  if (is_listening(peer))
    peer->stream.handler->opened(peer->stream.owner);
}

void slip_peer_end(struct slip_peer *peer, enum slip_stage stage, struct slip_span text) {
  assert(peer->state != ENDED);
  struct slip_reason reason = {.kind = SLIP_REASON_CONNECTION_LOST, .text = text};
  if (peer->state == DIALLED) {
    reason.kind = SLIP_REASON_CONNECT_FAILED;
    reason.stage = stage;
  }
  bool is_heard = is_listening(peer);
  peer->state = ENDED;
  if (is_heard)
    peer->stream.handler->ended(peer->stream.owner, &reason);
}

enum slip_err slip_peer_send(struct slip_peer *peer, struct slip_span bytes) {
  assert(peer->state == OPEN);
  if (peer->is_closed)
    return SLIP_ECLOSED;
  peer->stream.handler->received(peer->stream.owner, bytes);
  return SLIP_OK;
}

struct slip_span slip_peer_inbox(const struct slip_peer *peer) {
  return slip_buf_span(&peer->inbox);
}

void slip_peer_drop(struct slip_peer *peer, size_t count) {
  slip_buf_drop(&peer->inbox, count);
}

void slip_peer_window(struct slip_peer *peer, size_t bytes) {
  peer->window = bytes;
  if (!peer->is_short || bytes == 0 || !is_listening(peer))
    return;
  peer->is_short = false;
  peer->stream.handler->drained(peer->stream.owner);
}

bool slip_peer_is_closed(const struct slip_peer *peer, bool *is_graceful) {
  if (peer->is_closed)
    *is_graceful = peer->is_graceful;
  return peer->is_closed;
}

void slip_peer_free(struct slip_peer *peer) {
  if (peer == NULL)
    return;
  peer->is_given_back = true;
  if (peer->is_closed)
    peer_remove(peer);
}
