#include "core/deflate.h"

#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

enum {
  PIECE_MAX = 1 << 30,   /* zlib counts in unsigned int */
  ROOM_LEAST = 256,      /* over 6, or a flush says its marker again (zlib.h) */
  MEMORY_LEVEL_LESS = 7, /* than the window's bits: for 15 it is zlib's default, 8 */
  WINDOW_BITS_LEAST = 9, /* windows of 8 bits are broken in zlib; a larger one unpacks them, too */
};

/* What ends a flushed block, and is not sent (RFC 7692 section 7.2.1). */
static const char tail[] = {0x00, 0x00, (char)0xff, (char)0xff};

struct slip_deflate {
  struct slip_extension terms;
  int level;
  z_stream packer; /* its state is NULL until it is needed */
  z_stream unpacker;
  struct slip_buf packed;
  struct slip_buf unpacked;
};

/* zlib's memory comes from here, so that specs can make it fail. */
static voidpf take_memory(voidpf opaque, uInt items, uInt size) {
  (void)opaque;
  return calloc(items, size);
}

static void give_memory(voidpf opaque, voidpf memory) {
  (void)opaque;
  free(memory);
}

enum slip_err slip_deflate_new(const struct slip_extension *terms, int level,
                               struct slip_deflate **out) {
  struct slip_deflate *d = calloc(1, sizeof *d);
  if (d == NULL)
    return SLIP_ENOMEM;
  d->terms = *terms;
  d->level = level;
  d->packer.zalloc = d->unpacker.zalloc = take_memory;
  d->packer.zfree = d->unpacker.zfree = give_memory;
  *out = d;
  return SLIP_OK;
}

/* zlib's `End` of a state that is not there does nothing. */
void slip_deflate_free(struct slip_deflate *d) {
  if (d == NULL)
    return;
  deflateEnd(&d->packer);
  inflateEnd(&d->unpacker);
  slip_buf_clear(&d->packed);
  slip_buf_clear(&d->unpacked);
  free(d);
}

void slip_deflate_rest(struct slip_deflate *d) {
  slip_buf_clear(&d->packed);
  slip_buf_clear(&d->unpacked);
  if (d->terms.client_no_context_takeover)
    deflateEnd(&d->packer);
  if (d->terms.server_no_context_takeover)
    inflateEnd(&d->unpacker);
}

static struct slip_span take_piece(struct slip_span *rest) {
  struct slip_span piece = {rest->at, rest->size < PIECE_MAX ? rest->size : PIECE_MAX};
  *rest = slip_span_skip(*rest, piece.size);
  return piece;
}

static void give_input(z_stream *z, struct slip_span piece) {
  z->next_in = (const Bytef *)piece.at;
  z->avail_in = (uInt)piece.size;
}

/* Points zlib at all the room behind the buffer's end, `least` bytes or more. */
static enum slip_err give_room(z_stream *z, struct slip_buf *out, size_t least) {
  char *at;
  enum slip_err err = slip_buf_reserve(out, least, &at);
  if (err != SLIP_OK)
    return err;
  size_t room = out->room - out->head - out->size;
  z->next_out = (Bytef *)at;
  z->avail_out = (uInt)(room < PIECE_MAX ? room : PIECE_MAX);
  return SLIP_OK;
}

static void count_output(const z_stream *z, struct slip_buf *out) {
  slip_buf_commit(out, (size_t)(z->next_out - (Bytef *)(out->memory + out->head + out->size)));
}

/* Packing. */

/* Half of its memory is for the window, the other for hashes and symbols: they shrink together. */
static enum slip_err begin_packing(struct slip_deflate *d) {
  int bits = d->terms.client_max_window_bits;
  if (d->packer.state != NULL)
    return SLIP_OK;
  int status = deflateInit2(&d->packer, d->level, Z_DEFLATED, -bits, bits - MEMORY_LEVEL_LESS,
                            Z_DEFAULT_STRATEGY);
  return status == Z_OK ? SLIP_OK : SLIP_ENOMEM;
}

static enum slip_err pack_piece(struct slip_deflate *d, struct slip_span piece, int flush) {
  z_stream *z = &d->packer;
  give_input(z, piece);
  do {
    enum slip_err err = give_room(z, &d->packed, ROOM_LEAST);
    if (err != SLIP_OK)
      return err;
    deflate(z, flush); /* it cannot fail: there is a state, and room */
    count_output(z, &d->packed);
  } while (z->avail_out == 0);
  return SLIP_OK;
}

static enum slip_err pack_all(struct slip_deflate *d, struct slip_span message) {
  enum slip_err err = begin_packing(d);
  while (err == SLIP_OK && message.size > 0) {
    struct slip_span piece = take_piece(&message);
    err = pack_piece(d, piece, message.size > 0 ? Z_NO_FLUSH : Z_SYNC_FLUSH);
  }
  return err;
}

void slip_deflate_forget(struct slip_deflate *d) {
  if (d->packer.state != NULL)
    deflateReset(&d->packer);
}

enum slip_err slip_deflate_pack(struct slip_deflate *d, struct slip_span message,
                                struct slip_span *out) {
  if (message.size == 0) { /* zlib does not flush when nothing has come since the last time */
    *out = SLIP_SPAN("\0");
    return SLIP_OK;
  }
  slip_buf_truncate(&d->packed, 0);
  enum slip_err err = pack_all(d, message);
  if (err != SLIP_OK || d->terms.client_no_context_takeover)
    slip_deflate_forget(d);
  if (err != SLIP_OK)
    return err;
  *out = slip_buf_span(&d->packed);
  out->size -= sizeof tail;
  return SLIP_OK;
}

/* Unpacking. */

static enum slip_err begin_unpacking(struct slip_deflate *d, size_t max) {
  int bits = d->terms.server_max_window_bits;
  slip_buf_truncate(&d->unpacked, 0);
  slip_buf_limit(&d->unpacked, max);
  if (d->unpacker.state != NULL)
    return SLIP_OK;
  int status = inflateInit2(&d->unpacker, bits > WINDOW_BITS_LEAST ? -bits : -WINDOW_BITS_LEAST);
  return status == Z_OK ? SLIP_OK : SLIP_ENOMEM;
}

/* At the limit zlib gets one byte that nobody wants: it still has to read what makes no output, and
 * uses that byte only when the message is too big. */
static enum slip_err give_room_within(struct slip_deflate *d, Bytef *unwanted) {
  struct slip_buf *out = &d->unpacked;
  size_t left = out->max == 0 ? SIZE_MAX : out->max - out->size;
  if (left > 0)
    return give_room(&d->unpacker, out, left < ROOM_LEAST ? left : ROOM_LEAST);
  d->unpacker.next_out = unwanted;
  d->unpacker.avail_out = 1;
  return SLIP_OK;
}

/* One call of zlib; *status is Z_STREAM_END at the end of a block that says it is the last. */
static enum slip_err unpack_some(struct slip_deflate *d, int *status) {
  z_stream *z = &d->unpacker;
  Bytef unwanted;
  enum slip_err err = give_room_within(d, &unwanted);
  if (err != SLIP_OK)
    return err;
  bool is_at_limit = z->next_out == &unwanted;
  *status = inflate(z, Z_SYNC_FLUSH);
  if (is_at_limit && z->avail_out == 0)
    return SLIP_ETOOBIG;
  if (!is_at_limit)
    count_output(z, &d->unpacked);
  if (*status == Z_MEM_ERROR)
    return SLIP_ENOMEM;
  /* Z_BUF_ERROR: nothing was left to do */
  return *status == Z_OK || *status == Z_STREAM_END || *status == Z_BUF_ERROR ? SLIP_OK
                                                                              : SLIP_EMALFORMED;
}

/* *is_whole: the piece ends where a block does. */
static enum slip_err unpack_piece(struct slip_deflate *d, struct slip_span piece, bool *is_whole) {
  enum { BITS_LEFT = 0x3f, BETWEEN_BLOCKS = 0x80 }; /* zlib.h, of Z_BLOCK and data_type */
  z_stream *z = &d->unpacker;
  give_input(z, piece);
  do {
    int status;
    enum slip_err err = unpack_some(d, &status);
    if (err != SLIP_OK)
      return err;
    *is_whole = (z->data_type & (BETWEEN_BLOCKS | BITS_LEFT)) == BETWEEN_BLOCKS;
    if (status == Z_STREAM_END) { /* a "last" block is followed by others; the window stays */
      *is_whole = true;
      inflateResetKeep(z);
    }
  } while (z->avail_in > 0 || z->avail_out == 0);
  return SLIP_OK;
}

static enum slip_err unpack_all(struct slip_deflate *d, struct slip_span packed) {
  bool is_whole = false;
  enum slip_err err = SLIP_OK;
  while (err == SLIP_OK && packed.size > 0)
    err = unpack_piece(d, take_piece(&packed), &is_whole);
  if (err == SLIP_OK)
    err = unpack_piece(d, (struct slip_span){tail, sizeof tail}, &is_whole);
  return err != SLIP_OK || is_whole ? err : SLIP_EMALFORMED;
}

enum slip_err slip_deflate_unpack(struct slip_deflate *d, struct slip_span packed, size_t max,
                                  struct slip_span *out) {
  enum slip_err err = begin_unpacking(d, max);
  if (err == SLIP_OK)
    err = unpack_all(d, packed);
  if (err != SLIP_OK)
    return err;
  if (d->terms.server_no_context_takeover)
    inflateReset(&d->unpacker);
  *out = slip_buf_span(&d->unpacked);
  if (out->at == NULL)
    *out = SLIP_SPAN(""); /* an empty message is not an absent one */
  return SLIP_OK;
}
