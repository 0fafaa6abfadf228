/*
 * The floor client: each workload in the least work possible, as the measure for ours. Run as
 *
 *   floor_client WORKLOAD uri=ws://127.0.0.1:PORT/... [other=ws://127.0.0.1:PORT/...]
 * NAME=NUMBER...
 *
 *   echo connections=N in_flight=N count=N    pushes answered with a reply
 *   ticks count=N                             server pushes to one connection
 *   storm dials=N count=N                     connect, join; `dials` at a time
 *   churn dials=N count=N                     connect, join, leave, closing handshake
 *   large bytes=N count=N                     large server pushes, one after the other
 *   out bytes=N count=N                       large pushes answered with a small reply
 *
 * Prints the user and system time of this process in microseconds per operation.
 */
#include "floor.h"
#include "gauge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum step { STEP_UPGRADE, STEP_JOIN, STEP_RUN, STEP_LEAVE, STEP_GOODBYE };

struct conn {
  struct floor_peer peer; /* first: epoll hands it back */
  enum step step;
};

struct bench;

struct workload {
  const char *name;
  void (*joined)(struct bench *b, struct conn *c);  /* the reply to the join came */
  void (*message)(struct bench *b, struct conn *c); /* any other message came while it runs */
};

struct bench {
  const struct workload *workload;
  uint16_t ports[2]; /* of the servers; connections take them in turn */
  int epoll;
  struct conn **conns; /* all that were ever opened */
  size_t connections;  /* how many to open, */
  size_t dials;        /* how many of them at once */
  size_t in_flight;    /* pushes of one connection without an answer */
  size_t count;        /* operations to do */
  size_t opened, joined, asked, done;
  struct gauge started;    /* when the measured part began */
  struct floor_bytes push; /* the frame, built beforehand */
};

static void put_text(struct floor_bytes *b, const char *text) {
  struct floor_piece piece = {text, strlen(text)};
  floor_put_frame(b, FLOOR_TEXT, true, &piece, 1);
}

static void open_conn(struct bench *b) {
  static const char request[] =
      "GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  if (b->opened == b->connections)
    return;
  struct conn *c = floor_make(sizeof *c);
  b->conns[b->opened++] = c;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    floor_die("socket");
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons(b->ports[b->opened % 2])};
  int status = connect(fd, (struct sockaddr *)&address, sizeof address);
  if (status != 0 && errno != EINPROGRESS)
    floor_die("connect");
  floor_put(&c->peer.out, request, sizeof request - 1);
  c->peer.wants_room = true; /* room comes with the connection */
  floor_watch(b->epoll, &c->peer, fd, EPOLLIN | EPOLLOUT);
}

static void ask(struct bench *b, struct conn *c) {
  if (b->asked == b->count)
    return;
  b->asked++;
  floor_put(&c->peer.out, b->push.at, b->push.size);
}

static void ask_again(struct bench *b, struct conn *c) {
  b->done++;
  ask(b, c);
}

/* When all have joined; what came before is set-up. */
static void start_asking(struct bench *b, struct conn *last) {
  (void)last;
  if (b->joined < b->connections)
    return;
  b->started = gauge_now();
  for (size_t i = 0; i < b->opened; i++) {
    for (size_t n = 0; n < b->in_flight; n++)
      ask(b, b->conns[i]);
    floor_flush(b->epoll, &b->conns[i]->peer);
  }
}

static void take_tick(struct bench *b, struct conn *c) {
  (void)c;
  b->done++;
}

static void settle_join(struct bench *b, struct conn *c) {
  (void)c;
  b->done++;
  open_conn(b);
}

static void start_leaving(struct bench *b, struct conn *c) {
  (void)b;
  c->step = STEP_LEAVE;
  put_text(&c->peer.out, "[\"1\",\"2\",\"bench:1\",\"phx_leave\",{}]");
}

static const struct workload workloads[] = {
    {"echo", start_asking, ask_again},  {"ticks", start_asking, take_tick},
    {"storm", settle_join, take_tick},  {"churn", start_leaving, take_tick},
    {"large", start_asking, ask_again}, {"out", start_asking, ask_again},
};

static void say_goodbye(struct conn *c) {
  c->step = STEP_GOODBYE;
  struct floor_piece normal = {"\x03\xe8", 2};
  floor_put_frame(&c->peer.out, FLOOR_CLOSE, true, &normal, 1);
}

static void take_message(struct bench *b, struct conn *c) {
  if (c->step == STEP_RUN) {
    b->workload->message(b, c);
  } else if (c->step == STEP_JOIN) {
    c->step = STEP_RUN;
    b->joined++;
    b->workload->joined(b, c);
  } else if (c->step == STEP_LEAVE) { /* the reply; phx_close finds us at the next step */
    say_goodbye(c);
  }
}

static size_t take_head(struct conn *c, const char *at, size_t size) {
  size_t taken = floor_head_size(at, size);
  if (taken == 0)
    return 0;
  c->step = STEP_JOIN;
  put_text(&c->peer.out, "[\"1\",\"1\",\"bench:1\",\"phx_join\",{}]");
  return taken;
}

static size_t take_frame(struct bench *b, struct conn *c, char *at, size_t size) {
  struct floor_frame frame;
  size_t taken = floor_read_frame(at, size, &frame);
  if (taken > 0 && frame.opcode == FLOOR_TEXT)
    take_message(b, c);
  return taken;
}

static void take_input(struct bench *b, struct conn *c) {
  size_t done = 0;
  while (done < c->peer.in.size) {
    char *at = c->peer.in.at + done;
    size_t left = c->peer.in.size - done;
    size_t taken = c->step == STEP_UPGRADE ? take_head(c, at, left) : take_frame(b, c, at, left);
    if (taken == 0)
      break;
    done += taken;
  }
  if (done > 0)
    floor_drop(&c->peer.in, done);
}

/* The server ended the stream: right after a goodbye, wrong before. */
static void end_conn(struct bench *b, struct conn *c) {
  if (c->step != STEP_GOODBYE) {
    errno = ECONNRESET;
    floor_die("the server");
  }
  floor_close(&c->peer);
  c->peer.fd = -1;
  b->done++;
  open_conn(b);
}

static void serve(struct bench *b, struct conn *c) {
  if (!floor_fill(&c->peer)) {
    end_conn(b, c);
    return;
  }
  take_input(b, c);
  floor_flush(b->epoll, &c->peer);
}

static void run(struct bench *b) {
  b->started = gauge_now();
  for (size_t i = 0; i < b->dials; i++)
    open_conn(b);
  while (b->done < b->count) {
    struct epoll_event events[512];
    int count = epoll_wait(b->epoll, events, 512, 10000);
    if (count <= 0)
      floor_die("epoll_wait: nothing came for 10 s");
    for (int i = 0; i < count; i++)
      serve(b, events[i].data.ptr);
  }
  gauge_print(&b->started, b->count);
  putchar('\n');
}

static void free_bench(struct bench *b) {
  for (size_t i = 0; i < b->opened; i++) {
    if (b->conns[i]->peer.fd >= 0)
      floor_close(&b->conns[i]->peer);
    free(b->conns[i]);
  }
  free(b->conns);
  floor_clear(&b->push);
  close(b->epoll);
}

/* The frame that asks for one operation. */
static void write_push(struct bench *b, size_t bytes) {
  char text[128] = "[\"1\",\"2\",\"bench:1\",\"echo\",{\"at\":1}]";
  const char *name = b->workload->name;
  if (strcmp(name, "ticks") == 0) {
    snprintf(text, sizeof text, "[\"1\",\"2\",\"bench:1\",\"ticks\",{\"count\":%zu}]", b->count);
  } else if (strcmp(name, "large") == 0) {
    snprintf(text, sizeof text, "[\"1\",\"2\",\"bench:1\",\"large\",{\"bytes\":%zu}]", bytes);
  }
  put_text(&b->push, text);
}

/* One of so many bytes, to be answered with a small reply. */
static void write_large_push(struct bench *b, size_t bytes) {
  char *body = floor_make(bytes);
  memset(body, 'x', bytes);
  static const char head[] = "[\"1\",\"2\",\"bench:1\",\"take\",{\"body\":\"";
  struct floor_piece pieces[] = {{head, sizeof head - 1}, {body, bytes}, {"\"}]", 3}};
  floor_put_frame(&b->push, FLOOR_TEXT, true, pieces, 3);
  free(body);
}

/* Where a connection is the operation, there are as many as operations. */
static void read_words(struct bench *b, char **words) {
  b->ports[0] = gauge_port(words, "uri");
  uint16_t other = gauge_port(words, "other");
  b->ports[1] = other == 0 ? b->ports[0] : other;
  b->count = gauge_number(words, "count", 1);
  b->in_flight = gauge_number(words, "in_flight", 1);
  b->dials = gauge_number(words, "dials", 0);
  b->connections = b->dials > 0 ? b->count : gauge_number(words, "connections", 1);
  if (b->dials == 0)
    b->dials = b->connections;
  size_t bytes = gauge_number(words, "bytes", 0);
  if (strcmp(b->workload->name, "out") == 0) {
    write_large_push(b, bytes);
  } else {
    write_push(b, bytes);
  }
}

static const struct workload *find_workload(const char *name) {
  for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
    if (strcmp(workloads[i].name, name) == 0)
      return &workloads[i];
  }
  errno = EINVAL;
  floor_die(name);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fputs("usage: floor_client WORKLOAD uri=URI NAME=NUMBER...; see the head of the source\n",
          stderr);
    return 2;
  }
  struct bench b = {.workload = find_workload(argv[1])};
  read_words(&b, argv + 2);
  floor_raise_file_limit();
  b.epoll = epoll_create1(EPOLL_CLOEXEC);
  b.conns = floor_make((b.connections + 1) * sizeof *b.conns);
  run(&b);
  free_bench(&b);
  return 0;
}
