/*
 * The floor server: the least of a Phoenix server that the workloads need, on raw epoll. It serves
 * the floor client and ours alike, so that both meet the same peer. Run as
 *
 *   floor_server               plain
 *   floor_server PEM_FILE      TLS 1.3, with the certificate and key of that file
 *   floor_server PEM_FILE full the same, and no tickets: every handshake is a full one
 *
 * Prints its port and process id, serves until it is killed.
 *
 * Any topic can be joined. A push is answered with a reply that carries its own payload, but for
 * three events: to "ticks" {"count":N} come N small pushes, to "large" {"bytes":N} one push of N
 * bytes, and to "take" an empty reply.
 */
#include "floor.h"
#include "floor_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct conn {
  struct floor_peer peer; /* first: epoll hands it back */
  int epoll;
  bool is_upgraded;
  bool is_done; /* said goodbye: closed once its output is out */
};

struct server {
  struct floor_peer listener;
  int epoll;
  SSL_CTX *tls; /* NULL: plain */
};

struct message { /* JSON texts, quotes and all */
  struct floor_piece join_ref, ref, topic, event, payload;
};

#define LITERAL(text) ((struct floor_piece){text, sizeof(text) - 1})

static struct floor_piece read_element(const char **at) {
  const char *from = *at;
  const char *end = from;
  if (*end == '"') {
    for (end++; *end != '"'; end++)
      end += *end == '\\';
    end++;
  } else {
    end += strcspn(end, ",]");
  }
  *at = end + 1;
  return (struct floor_piece){from, (size_t)(end - from)};
}

/* `text` is trusted to be a message: five elements in brackets. */
static struct message read_message(const char *text, size_t size) {
  const char *at = text + 1;
  struct message m = {0};
  m.join_ref = read_element(&at);
  m.ref = read_element(&at);
  m.topic = read_element(&at);
  m.event = read_element(&at);
  m.payload = (struct floor_piece){at, size - 1 - (size_t)(at - text)};
  return m;
}

static bool is_event(const struct message *m, struct floor_piece name) {
  return m->event.size == name.size && memcmp(m->event.at, name.at, name.size) == 0;
}

/* Each message is a write of its own, as Phoenix has it. */
static void put(struct conn *c, const struct floor_piece *pieces, size_t count) {
  floor_put_frame(&c->peer.out, FLOOR_TEXT, false, pieces, count);
  if (!c->peer.wants_room)
    floor_flush(c->epoll, &c->peer);
}

static void put_reply(struct conn *c, const struct message *m, struct floor_piece response) {
  struct floor_piece comma = LITERAL(",");
  struct floor_piece pieces[] = {LITERAL("["),
                                 m->join_ref,
                                 comma,
                                 m->ref,
                                 comma,
                                 m->topic,
                                 LITERAL(",\"phx_reply\",{\"status\":\"ok\",\"response\":"),
                                 response,
                                 LITERAL("}]")};
  put(c, pieces, sizeof pieces / sizeof *pieces);
}

/* To the topic and the join of `m`. */
static void put_push(struct conn *c, const struct message *m, struct floor_piece event,
                     struct floor_piece payload) {
  struct floor_piece comma = LITERAL(",");
  struct floor_piece pieces[] = {LITERAL("["), m->join_ref, LITERAL(",null,"), m->topic,    comma,
                                 event,        comma,       payload,           LITERAL("]")};
  put(c, pieces, sizeof pieces / sizeof *pieces);
}

static size_t read_number(struct floor_piece payload) {
  const char *colon = memchr(payload.at, ':', payload.size);
  return colon == NULL ? 0 : strtoul(colon + 1, NULL, 10);
}

static void put_ticks(struct conn *c, const struct message *m) {
  size_t count = read_number(m->payload);
  for (size_t i = 0; i < count; i++) {
    put_push(c, m, LITERAL("\"tick\""), LITERAL("{\"price\":101.25,\"size\":7,\"side\":\"buy\"}"));
  }
}

static void put_large(struct conn *c, const struct message *m) {
  size_t size = read_number(m->payload);
  struct floor_bytes payload = {0};
  floor_put(&payload, "{\"body\":\"", 9);
  for (size_t i = 0; i < size; i++)
    floor_put(&payload, "x", 1);
  floor_put(&payload, "\"}", 2);
  put_push(c, m, LITERAL("\"large\""), (struct floor_piece){payload.at, payload.size});
  floor_clear(&payload);
}

static void put_leave(struct conn *c, const struct message *m) {
  put_reply(c, m, LITERAL("{}"));
  struct floor_piece comma = LITERAL(",");
  struct floor_piece pieces[] = {LITERAL("["),
                                 m->join_ref,
                                 comma,
                                 m->join_ref,
                                 comma,
                                 m->topic,
                                 LITERAL(",\"phx_close\",{}]")};
  put(c, pieces, sizeof pieces / sizeof *pieces);
}

static void answer(struct conn *c, const struct message *m) {
  if (is_event(m, LITERAL("\"phx_leave\""))) {
    put_leave(c, m);
  } else if (is_event(m, LITERAL("\"ticks\""))) {
    put_ticks(c, m);
  } else if (is_event(m, LITERAL("\"large\""))) {
    put_large(c, m);
  } else if (is_event(m, LITERAL("\"take\""))) {
    put_reply(c, m, LITERAL("{}"));
  } else {
    put_reply(c, m, m->payload);
  }
}

static void put_accept(struct conn *c, const char *key, size_t key_size) {
  unsigned char salted[128];
  unsigned char digest[SHA_DIGEST_LENGTH];
  unsigned char accept[32];
  static const char salt[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  memcpy(salted, key, key_size);
  memcpy(salted + key_size, salt, sizeof salt - 1);
  SHA1(salted, key_size + sizeof salt - 1, digest);
  int size = EVP_EncodeBlock(accept, digest, sizeof digest);
  static const char head[] = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n"
                             "connection: Upgrade\r\nsec-websocket-accept: ";
  floor_put(&c->peer.out, head, sizeof head - 1);
  floor_put(&c->peer.out, (const char *)accept, (size_t)size);
  floor_put(&c->peer.out, "\r\n\r\n", 4);
}

static size_t upgrade(struct conn *c, char *at, size_t size) {
  size_t taken = floor_head_size(at, size);
  if (taken == 0)
    return 0;
  at[taken - 1] = '\0'; /* the head is a string from here on */
  const char *name = strcasestr(at, "\r\nsec-websocket-key:");
  if (name == NULL) {
    c->is_done = true;
    return taken;
  }
  const char *key = name + strlen("\r\nsec-websocket-key:");
  key += strspn(key, " ");
  size_t key_size = strcspn(key, "\r ");
  if (key_size <= 32)
    put_accept(c, key, key_size);
  c->is_upgraded = true;
  return taken;
}

static size_t take_frame(struct conn *c, char *at, size_t size) {
  struct floor_frame frame;
  size_t taken = floor_read_frame(at, size, &frame);
  if (taken == 0)
    return 0;
  if (frame.opcode == FLOOR_TEXT) {
    struct message m = read_message(frame.payload, frame.size);
    answer(c, &m);
  } else if (frame.opcode == FLOOR_CLOSE) {
    struct floor_piece code = {frame.payload, frame.size};
    floor_put_frame(&c->peer.out, FLOOR_CLOSE, false, &code, 1);
    c->is_done = true;
  }
  return taken;
}

static void take_input(struct conn *c) {
  size_t done = 0;
  while (done < c->peer.in.size && !c->is_done) {
    char *at = c->peer.in.at + done;
    size_t left = c->peer.in.size - done;
    size_t taken = c->is_upgraded ? take_frame(c, at, left) : upgrade(c, at, left);
    if (taken == 0)
      break;
    done += taken;
  }
  if (done > 0)
    floor_drop(&c->peer.in, done);
  if (c->peer.in.size == 0)
    floor_clear(&c->peer.in); /* idle connections hold no buffer */
}

static void serve(struct conn *c) {
  bool is_alive = floor_fill(&c->peer);
  if (is_alive) {
    take_input(c);
    floor_flush(c->epoll, &c->peer);
  }
  if (!is_alive || (c->is_done && c->peer.out.size == 0)) {
    floor_close(&c->peer);
    free(c);
  }
}

static void accept_all(const struct server *server) {
  int fd;
  while ((fd = accept4(server->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    struct conn *c = floor_make(sizeof *c);
    c->epoll = server->epoll;
    if (server->tls != NULL)
      c->peer.tls = floor_tls_accept(server->tls, fd);
    floor_watch(server->epoll, &c->peer, fd, EPOLLIN);
  }
  if (errno == EMFILE || errno == ENFILE)
    floor_die("accept");
}

static int open_listener(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 4096) != 0 ||
      getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
    floor_die("listen");
  }
  printf("%d %d\n", ntohs(address.sin_port), getpid());
  fflush(stdout);
  return fd;
}

static void turn(const struct server *server) {
  struct epoll_event events[512];
  int count = epoll_wait(server->epoll, events, 512, -1);
  for (int i = 0; i < count; i++) {
    if (events[i].data.ptr == &server->listener) {
      accept_all(server);
    } else {
      serve(events[i].data.ptr);
    }
  }
}

int main(int argc, char **argv) {
  struct server server = {0};
  floor_raise_file_limit();
  if (argc > 1)
    server.tls = floor_tls_load(argv[1], argc == 2);
  server.epoll = epoll_create1(EPOLL_CLOEXEC);
  floor_watch(server.epoll, &server.listener, open_listener(), EPOLLIN);
  for (;;)
    turn(&server);
}
