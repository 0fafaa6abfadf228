#include "floor.h"

#include "floor_tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 16 * 1024, TURN_BYTES = 256 * 1024, KEPT_BYTES = 64 * 1024 };

void floor_die(const char *what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(EXIT_FAILURE);
}

void *floor_make(size_t size) {
  void *made = calloc(1, size);
  if (made == NULL)
    floor_die("memory");
  return made;
}

static void reserve(struct floor_bytes *b, size_t more) {
  if (b->size + more <= b->room)
    return;
  size_t room = b->room == 0 ? 256 : b->room;
  while (room < b->size + more)
    room *= 2;
  b->at = realloc(b->at, room);
  if (b->at == NULL)
    floor_die("memory");
  b->room = room;
}

void floor_put(struct floor_bytes *b, const char *at, size_t size) {
  if (size == 0)
    return;
  reserve(b, size);
  memcpy(b->at + b->size, at, size);
  b->size += size;
}

void floor_clear(struct floor_bytes *b) {
  free(b->at);
  *b = (struct floor_bytes){0};
}

void floor_drop(struct floor_bytes *b, size_t size) {
  b->size -= size;
  if (b->size > 0) {
    memmove(b->at, b->at + size, b->size);
  } else if (b->room < KEPT_BYTES) {
    floor_clear(b);
  }
}

/* RFC 6455, 5.2: seven bits, or 126 and two bytes, or 127 and eight bytes. */
static size_t write_length(unsigned char *head, size_t size) {
  if (size < 126) {
    head[1] |= (unsigned char)size;
    return 2;
  }
  size_t width = size < 65536 ? 2 : 8;
  head[1] |= width == 2 ? 126 : 127;
  for (size_t i = 0; i < width; i++) {
    head[2 + i] = (unsigned char)(size >> (8 * (width - 1 - i)));
  }
  return 2 + width;
}

void floor_put_frame(struct floor_bytes *b, enum floor_opcode opcode, bool is_masked,
                     const struct floor_piece *pieces, size_t count) {
  size_t size = 0;
  for (size_t i = 0; i < count; i++)
    size += pieces[i].size;
  unsigned char head[14] = {(unsigned char)(0x80 | opcode), is_masked ? 0x80 : 0};
  size_t head_size = write_length(head, size) + (is_masked ? 4 : 0);
  reserve(b, head_size + size);
  floor_put(b, (const char *)head, head_size);
  for (size_t i = 0; i < count; i++)
    floor_put(b, pieces[i].at, pieces[i].size);
}

static void unmask(char *at, size_t size, const char *key) {
  uint32_t word;
  memcpy(&word, key, sizeof word);
  if (word == 0)
    return;
  for (size_t i = 0; i < size; i++)
    at[i] = (char)(at[i] ^ key[i % 4]);
}

size_t floor_read_frame(char *at, size_t size, struct floor_frame *out) {
  if (size < 2)
    return 0;
  const unsigned char *head = (const unsigned char *)at;
  size_t length = head[1] & 0x7f;
  size_t width = length == 126 ? 2 : length == 127 ? 8 : 0;
  size_t key_size = head[1] & 0x80 ? 4 : 0;
  size_t head_size = 2 + width + key_size;
  if (size < head_size)
    return 0;
  if (width > 0)
    length = 0;
  for (size_t i = 0; i < width; i++)
    length = length << 8 | head[2 + i];
  if (size - head_size < length)
    return 0;
  if (key_size > 0)
    unmask(at + head_size, length, at + 2 + width);
  *out = (struct floor_frame){head[0] & 0x0f, at + head_size, length};
  return head_size + length;
}

size_t floor_head_size(const char *at, size_t size) {
  const char *end = memmem(at, size, "\r\n\r\n", 4);
  return end == NULL ? 0 : (size_t)(end - at) + 4;
}

static ssize_t read_some(const struct floor_peer *p, void *at, size_t room) {
  return p->tls != NULL ? floor_tls_read(p->tls, at, room) : recv(p->fd, at, room, 0);
}

static ssize_t write_some(const struct floor_peer *p, const void *at, size_t size) {
  return p->tls != NULL ? floor_tls_write(p->tls, at, size) : send(p->fd, at, size, MSG_NOSIGNAL);
}

bool floor_fill(struct floor_peer *p) {
  size_t want = p->in.size > TURN_BYTES ? p->in.size : READ_BYTES;
  reserve(&p->in, want);
  ssize_t got = read_some(p, p->in.at + p->in.size, p->in.room - p->in.size);
  if (got < 0)
    return errno == EAGAIN || errno == EINTR;
  p->in.size += (size_t)got;
  return got > 0;
}

static void control(int epoll, int what, struct floor_peer *p, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = p};
  if (epoll_ctl(epoll, what, p->fd, &event) != 0)
    floor_die("epoll_ctl");
}

void floor_watch(int epoll, struct floor_peer *p, int fd, uint32_t events) {
  int on = 1;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  p->fd = fd;
  control(epoll, EPOLL_CTL_ADD, p, events);
}

void floor_flush(int epoll, struct floor_peer *p) {
  size_t done = 0;
  while (done < p->out.size) {
    ssize_t sent = write_some(p, p->out.at + done, p->out.size - done);
    if (sent < 0)
      break; /* full, or gone: then the next read says so */
    done += (size_t)sent;
  }
  if (done > 0)
    floor_drop(&p->out, done);
  bool wants_room = p->out.size > 0;
  if (wants_room == p->wants_room)
    return;
  p->wants_room = wants_room;
  control(epoll, EPOLL_CTL_MOD, p, wants_room ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void floor_close(struct floor_peer *p) {
  if (p->tls != NULL)
    floor_tls_close(p->tls);
  close(p->fd);
  floor_clear(&p->in);
  floor_clear(&p->out);
}

void floor_raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    floor_die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    floor_die("setrlimit");
}
