#ifndef SLIP_NET_MEMORY_H
#define SLIP_NET_MEMORY_H
/*
 * Memory: a network without a network, for specs. Each dial waits in line until the other end is
 * taken, and every byte moves only when a call here moves it, so that a spec decides what happens
 * when.
 *
 * Owns its streams. A peer is the server's end of one dial; it stays readable after either side
 * ended, until it is given back. A dial that the client closes before it is taken leaves the line.
 */
#include "core/buf.h"
#include "net/dial.h"

struct slip_memory; /* opaque */
struct slip_peer;   /* opaque */

SLIP_CHECKED enum slip_err slip_memory_new(struct slip_memory **out);
struct slip_net *slip_memory_net(struct slip_memory *memory);
/* With all its peers and streams: nobody may use one after this. NULL is fine. */
void slip_memory_free(struct slip_memory *memory);

/* How many dials wait. */
size_t slip_memory_waiting(const struct slip_memory *memory);
/* Takes the dial that waits longest; NULL when none does. Borrowed from `memory`; `slip_peer_free`
 * gives it back. */
struct slip_peer *slip_memory_take(struct slip_memory *memory);
/* The same of this stream's dial; NULL when it was taken. */
struct slip_peer *slip_memory_take_of(struct slip_stream *stream);
/* The dialled host and port, and whether it was to be TLS (which memory does not do: the bytes are
 * plain). */
void slip_peer_target(const struct slip_peer *peer, struct slip_span *host, uint16_t *port,
                      bool *is_tls);
/* Says `stage`; before `slip_peer_accept` only. */
void slip_peer_stage(struct slip_peer *peer, enum slip_stage stage);
/* Says `opened` to the client. */
void slip_peer_accept(struct slip_peer *peer);
/* Says `ended` with CONNECT_FAILED (before accept) or CONNECTION_LOST (after); empty text: in good
 * order. */
void slip_peer_end(struct slip_peer *peer, enum slip_stage stage, struct slip_span text);
/* Says `received`; between accept and end only. SLIP_ECLOSED: the client has closed. */
SLIP_CHECKED enum slip_err slip_peer_send(struct slip_peer *peer, struct slip_span bytes);
/* What the client has written and nobody has taken; borrowed until the next call. */
struct slip_span slip_peer_inbox(const struct slip_peer *peer);
void slip_peer_drop(struct slip_peer *peer, size_t count);
/* How many bytes more the client may write before it is short; no limit at first. Where it was
 * short already, this says `drained` (but not for 0). */
void slip_peer_window(struct slip_peer *peer, size_t bytes);
/* Whether the client has closed; then *is_graceful says how. */
bool slip_peer_is_closed(const struct slip_peer *peer, bool *is_graceful);
/* Gives it back; a client that has not closed hears nothing more. NULL is fine. */
void slip_peer_free(struct slip_peer *peer);

#endif
