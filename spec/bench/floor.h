#ifndef FLOOR_H
#define FLOOR_H
/*
 * Floor: what the two floor programs share: growing bytes, RFC 6455 frames, the upgrade, epoll.
 *
 * The floor is the least that any client must do: raw epoll, frames built beforehand, no checks
 * that a trusted peer makes needless. It shares no code with src/, which it measures. It ends the
 * process on any error: there is nothing to be saved in a measurement.
 */
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct floor_bytes { /* owned; all zero is empty */
  char *at;
  size_t size;
  size_t room;
};

struct floor_piece { /* borrowed */
  const char *at;
  size_t size;
};

enum floor_opcode { FLOOR_TEXT = 1, FLOOR_CLOSE = 8 };

struct floor_frame { /* borrowed from the bytes that it was read from */
  enum floor_opcode opcode;
  char *payload;
  size_t size;
};

struct floor_peer { /* one connection */
  int fd;
  SSL *tls;        /* owned; NULL: plain */
  bool wants_room; /* its output did not fit into the kernel: EPOLLOUT is set */
  struct floor_bytes in;
  struct floor_bytes out;
};

_Noreturn void floor_die(const char *what); /* with errno's text */
void *floor_make(size_t size);              /* zeroed */

void floor_put(struct floor_bytes *b, const char *at, size_t size);
/* Off the front. What is empty then keeps no memory, unless it is so much that it would be asked
 * for again and again. */
void floor_drop(struct floor_bytes *b, size_t size);
void floor_clear(struct floor_bytes *b); /* frees */

/* Appends a frame whose payload is the pieces in a row; masked with the key 0, as a client's must
 * be, or not, as a server's. */
void floor_put_frame(struct floor_bytes *b, enum floor_opcode opcode, bool is_masked,
                     const struct floor_piece *pieces, size_t count);
/* Reads the frame at the front and unmasks it in place. The bytes that it took, 0 when it is not
 * all there. */
size_t floor_read_frame(char *at, size_t size, struct floor_frame *out);
/* The bytes up to and with the empty line of an HTTP head, 0 when it is not all there. */
size_t floor_head_size(const char *at, size_t size);

/* Reads what the kernel has, up to a turn's worth. False at the end of the stream. */
bool floor_fill(struct floor_peer *p);
/* Writes what the kernel takes and asks `epoll` for room when it is not all. */
void floor_flush(int epoll, struct floor_peer *p);
/* Makes `fd` the peer's: small writes go at once, and `epoll` watches it for `events`. */
void floor_watch(int epoll, struct floor_peer *p, int fd, uint32_t events);
void floor_close(struct floor_peer *p); /* closes and frees what is in it, not the peer */
void floor_raise_file_limit(void);

#endif
