/*
 * The core client: our client without Lua, that is src/host and what is below it. Run as
 *
 *   core_client echo uri=ws://127.0.0.1:PORT/... connections=N in_flight=N count=N
 *               [idle=N other=ws://127.0.0.1:PORT/...]
 *
 * Pushes that are answered with a reply, as the floor client makes them. With `idle` so many more
 * are joined to the other server but idle meanwhile; bytes=N is what each of them takes.
 */
#include "gauge.h"
#include "host/client.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIALS = 256 };

struct member {
  struct bench *bench;
  struct slip_client *client;
};

struct bench {
  struct slip_loop *loop;
  struct slip_session_config config;
  uint16_t port, other;                       /* the other one is that of the idle ones */
  size_t connections, in_flight, count, idle; /* as on the command line */
  size_t quiet;                               /* the idle ones and a first, which is not measured */
  size_t opened, joined, asked, done;
  size_t resident;        /* when the first one had joined */
  struct gauge started;   /* when the measured part began */
  struct member *members; /* the quiet ones first */
};

#define TOPIC SLIP_SPAN("bench:1")

static void check(enum slip_err status, const char *what) {
  if (status != SLIP_OK)
    errx(EXIT_FAILURE, "%s failed: %d", what, (int)status);
}

static void ask(struct member *m, struct slip_session *session) {
  struct slip_push push = {
      .topic = TOPIC, .event = SLIP_SPAN("echo"), .payload = {SLIP_JSON, SLIP_SPAN("{\"at\":1}")}};
  uint64_t ref;
  if (m->bench->asked == m->bench->count)
    return;
  m->bench->asked++;
  check(slip_session_push(session, &push, &ref), "push");
}

static void start_asking(struct bench *b) {
  b->started = gauge_now();
  for (struct member *m = b->members + b->quiet; m < b->members + b->opened; m++) {
    struct slip_session *session = slip_client_enter(m->client);
    for (size_t n = 0; n < b->in_flight; n++)
      ask(m, session);
    slip_client_leave(m->client);
  }
}

static void finish(const struct bench *b) {
  gauge_print(&b->started, b->count);
  if (b->idle > 0)
    printf(" bytes=%zu", b->resident);
  putchar('\n');
  exit(EXIT_SUCCESS); /* the time to take down thousands of clients is nobody's */
}

static const struct slip_handler handler;

static void open_member(struct bench *b) {
  struct member *m = &b->members[b->opened++];
  struct slip_target target = {.host = SLIP_SPAN("127.0.0.1"),
                               .port = b->opened <= b->quiet ? b->other : b->port};
  m->bench = b;
  check(slip_client_new(b->loop, &b->config, &handler, m, &m->client), "slip_client_new");
  check(slip_client_set_target(m->client, &target), "slip_client_set_target");
  check(slip_session_connect(slip_client_enter(m->client)), "slip_session_connect");
  slip_client_leave(m->client);
}

static void open_up_to(struct bench *b, size_t count, size_t limit) {
  for (size_t i = 0; i < count && b->opened < limit; i++)
    open_member(b);
}

/* Quiet ones come up DIALS at a time, after a first one, which brings what all share. */
static void take_join(struct bench *b) {
  b->joined++;
  if (b->joined == b->quiet) {
    b->resident = (gauge_resident() - b->resident) / b->idle;
    open_up_to(b, b->connections, b->quiet + b->connections);
  } else if (b->joined == b->quiet + b->connections) {
    start_asking(b);
  } else if (b->joined == 1 && b->quiet > 0) {
    b->resident = gauge_resident();
    open_up_to(b, DIALS, b->quiet);
  } else {
    open_up_to(b, 1, b->quiet);
  }
}

static void take_reply(struct member *m, struct slip_session *session) {
  if (++m->bench->done == m->bench->count)
    finish(m->bench);
  ask(m, session);
}

static void dial(struct slip_session *session) {
  struct slip_upgrade_request request = {.host = SLIP_SPAN("127.0.0.1"),
                                         .target = SLIP_SPAN("/socket/websocket?vsn=2.0.0")};
  const char *fault = NULL;
  check(slip_session_dial(session, &request, &fault), "slip_session_dial");
}

static void take_event(void *owner, const struct slip_event *event) {
  struct member *m = owner;
  struct slip_session *session = slip_client_enter(m->client);
  switch (event->kind) {
  case SLIP_EVENT_CONNECT_DUE:
    dial(session);
    break;
  case SLIP_EVENT_CONNECTED:
    check(slip_session_join(session, TOPIC), "slip_session_join");
    break;
  case SLIP_EVENT_JOIN_DUE:
    check(slip_session_send_join(
              session, TOPIC, (struct slip_payload){.format = SLIP_JSON, .bytes = SLIP_SPAN("{}")}),
          "slip_session_send_join");
    break;
  case SLIP_EVENT_JOINED:
    take_join(m->bench);
    break;
  case SLIP_EVENT_REPLY:
    take_reply(m, session);
    break;
  default:
    errx(EXIT_FAILURE, "event %d came", (int)event->kind);
  }
  slip_client_leave(m->client);
}

static const struct slip_handler handler = {.event = take_event};

static void read_words(struct bench *b, char **words) {
  b->port = gauge_port(words, "uri");
  b->other = gauge_port(words, "other");
  b->connections = gauge_number(words, "connections", 1);
  b->in_flight = gauge_number(words, "in_flight", 1);
  b->count = gauge_number(words, "count", 1);
  b->idle = gauge_number(words, "idle", 0);
  b->quiet = b->idle > 0 ? b->idle + 1 : 0;
}

int main(int argc, char **argv) {
  if (argc < 3 || strcmp(argv[1], "echo") != 0) {
    fputs("usage: core_client echo uri=URI NAME=NUMBER...; see the head of the source\n", stderr);
    return 2;
  }
  uv_loop_t uv;
  struct bench b = {.config = slip_session_defaults};
  b.config.heartbeat_interval_msec = 0;
  read_words(&b, argv + 2);
  b.members = malloc((b.quiet + b.connections) * sizeof *b.members);
  if (b.members == NULL || uv_loop_init(&uv) != 0)
    err(EXIT_FAILURE, "memory");
  /* So that it is resident before anything is measured: it is not what a client takes. */
  memset(b.members, 0xff, (b.quiet + b.connections) * sizeof *b.members);
  check(slip_loop_open(&uv, &b.loop), "slip_loop_open");
  open_up_to(&b, b.quiet > 0 ? 1 : b.connections, b.quiet + b.connections);
  (void)uv_run(&uv, UV_RUN_DEFAULT);
  errx(EXIT_FAILURE, "the loop ran dry");
}
