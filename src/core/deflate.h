#ifndef SLIP_CORE_DEFLATE_H
#define SLIP_CORE_DEFLATE_H
/*
 * Deflate: packs and unpacks the messages of one connection as RFC 7692 section 7.2 has it.
 *
 * Pure (the algorithm is zlib's). Owns zlib's two states and two buffers, each made when it is
 * first needed. A state with a context lives as long as the connection; without one
 * (no_context_takeover), and the buffers always, until `rest`. With windows of 15 bits zlib takes
 * about 260 KiB to pack, half as much for each bit less, and about 40 KiB to unpack.
 */
#include "core/extension.h"

struct slip_deflate; /* opaque */

/* `terms` as agreed; `level` as zlib's, 1 to 9. SLIP_ENOMEM. The caller frees it. */
SLIP_CHECKED enum slip_err slip_deflate_new(const struct slip_extension *terms, int level,
                                            struct slip_deflate **out);
void slip_deflate_free(struct slip_deflate *d); /* NULL is fine */

/*
 * Packs a message; *out is borrowed until the next `pack` or `rest`. What was packed must be sent,
 * and in that order, unless `forget` follows. SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_deflate_pack(struct slip_deflate *d, struct slip_span message,
                                             struct slip_span *out);
/* Later messages do not build on what was packed so far: some of it is not sent. */
void slip_deflate_forget(struct slip_deflate *d);
/*
 * Unpacks a message of at most `max` bytes (0: no limit); never takes more memory than that for it.
 * *out is borrowed until the next `unpack` or `rest`.
 * SLIP_EMALFORMED: not what DEFLATE makes, or a message that breaks off. SLIP_ETOOBIG: over `max`.
 * SLIP_ENOMEM. After an error nothing more can be unpacked.
 */
SLIP_CHECKED enum slip_err slip_deflate_unpack(struct slip_deflate *d, struct slip_span packed,
                                               size_t max, struct slip_span *out);
/* Frees all that the next message does not need. */
void slip_deflate_rest(struct slip_deflate *d);

#endif
