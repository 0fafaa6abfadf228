#include "net/connect.h"

#include "core/race.h"
#include "net/address.h"
#include "net/attempt.h"
#include "net/connect_words.h"
#include "net/files.h"
#include "net/network_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum state {
  WAITING,   /* for the loop's next turn */
  TELLING,   /* inside the owner's `stage` */
  RESOLVING, /* the name */
  RACING     /* the addresses */
};

struct slip_connect {
  struct slip_network *network;
  const struct slip_connect_handler *handler;
  void *owner;
  enum state state;
  bool is_cancelled;
  struct slip_later later;
  uv_getaddrinfo_t resolution;
  struct addrinfo *found;          /* what the resolver gave; owned */
  struct sockaddr_storage numeric; /* the only address, when the host is one */
  struct sockaddr_storage local;
  const struct sockaddr *from; /* `local`, or NULL: the system chooses */
  const struct sockaddr *addresses[SLIP_RACE_MAX];
  size_t count;
  struct slip_race race;
  struct slip_attempt *attempts[SLIP_RACE_MAX]; /* those that run, by the numbers of addresses */
  struct slip_wait stagger;                     /* until the next one starts */
  bool is_staggering;
  struct slip_connect_failure failure; /* of the attempt that tells most; `to` is NULL before */
  uint16_t port;
  char host[];
};

static void stop_staggering(struct slip_connect *connect) {
  if (connect->is_staggering)
    slip_waits_end(&connect->network->staggers, &connect->stagger);
  connect->is_staggering = false;
}

static void drop(struct slip_connect *connect, struct slip_attempt *attempt) {
  connect->attempts[attempt->number] = NULL;
  slip_attempt_drop(attempt);
}

static void connect_free(struct slip_connect *connect) {
  stop_staggering(connect);
  for (size_t i = 0; i < connect->count; i++)
    if (connect->attempts[i] != NULL)
      drop(connect, connect->attempts[i]);
  uv_freeaddrinfo(connect->found);
  free(connect);
}

static void let_go(struct slip_connect *connect) {
  struct slip_network *network = connect->network;
  connect_free(connect);
  slip_network_gone(network);
}

static void fail(struct slip_connect *connect, enum slip_stage stage) {
  const struct slip_connect_handler *handler = connect->handler;
  void *owner = connect->owner;
  char text[512];
  if (stage == SLIP_STAGE_DNS)
    slip_connect_say_dns(connect->failure.code, connect->host, text, sizeof text);
  else if (connect->failure.to == NULL)
    slip_connect_say_family(connect->host, connect->from, text, sizeof text);
  else
    slip_connect_say_tcp(&connect->failure, text, sizeof text);
  connect_free(connect);
  handler->failed(owner, stage, slip_span_of(text));
}

/* Says that `stage` begins. False: the owner has cancelled, and the connect is gone. */
static bool enter(struct slip_connect *connect, enum slip_stage stage) {
  connect->state = TELLING;
  connect->handler->stage(connect->owner, stage);
  if (!connect->is_cancelled)
    return true;
  let_go(connect);
  return false;
}

/* The race. */

static void race_on(struct slip_connect *connect);

/* A machine without IPv6 has no way to half of the addresses, which is not what went wrong. */
static bool has_no_way(int code) {
  return code == UV_ENETUNREACH || code == UV_EHOSTUNREACH || code == UV_EADDRNOTAVAIL;
}

/* `attempt` is NULL when there was no memory for one. */
static void note_failure(struct slip_connect *connect, size_t number,
                         const struct slip_attempt *attempt) {
  const struct slip_connect_failure failure = {
      .code = attempt != NULL ? attempt->status : UV_ENOMEM,
      .to = connect->addresses[number],
      .from = connect->from,
      .is_unbound = attempt != NULL && attempt->is_unbound,
      .files = slip_files_limit(),
      .sockets = connect->network->poller.count,
  };
  slip_race_failed(&connect->race);
  if (connect->failure.to == NULL || !has_no_way(failure.code))
    connect->failure = failure;
}

static void attempt_failed(struct slip_connect *connect, struct slip_attempt *attempt) {
  note_failure(connect, attempt->number, attempt);
  drop(connect, attempt);
}

static void attempt_won(struct slip_connect *connect, struct slip_attempt *attempt) {
  const struct slip_connect_handler *handler = connect->handler;
  void *owner = connect->owner;
  connect->attempts[attempt->number] = NULL;
  connect_free(connect); /* and with it the others */
  handler->connected(owner, slip_attempt_take(attempt));
}

static void on_attempt_ended(struct slip_attempt *attempt) {
  struct slip_connect *connect = attempt->owner;
  if (attempt->status == 0) {
    attempt_won(connect, attempt);
    return;
  }
  attempt_failed(connect, attempt);
  race_on(connect);
}

static void start_attempt(struct slip_connect *connect, size_t number) {
  struct slip_attempt *attempt = slip_attempt_start(
      &connect->network->poller, connect->addresses[number], connect->from, on_attempt_ended);
  if (attempt == NULL) {
    note_failure(connect, number, NULL);
    return;
  }
  attempt->owner = connect;
  attempt->number = number;
  connect->attempts[number] = attempt;
  if (attempt->status != 0)
    attempt_failed(connect, attempt);
}

static void on_stagger_over(struct slip_wait *stagger) {
  struct slip_connect *connect = SLIP_HOLDER(stagger, struct slip_connect, stagger);
  connect->is_staggering = false;
  race_on(connect);
}

/* Right after a start, so that the network's stagger ends when the race wants it to. */
static void stagger(struct slip_connect *connect) {
  connect->is_staggering = true;
  connect->stagger.over = on_stagger_over;
  slip_waits_begin(&connect->network->staggers, &connect->stagger);
}

static void race_on(struct slip_connect *connect) {
  uint64_t now = uv_now(connect->network->loop);
  struct slip_race_move move = slip_race_next(&connect->race, now);
  for (; move.step == SLIP_RACE_START; move = slip_race_next(&connect->race, now)) {
    stop_staggering(connect);
    start_attempt(connect, move.address);
  }
  if (move.step == SLIP_RACE_LOST)
    fail(connect, SLIP_STAGE_TCP);
  else if (move.until != UINT64_MAX && !connect->is_staggering)
    stagger(connect);
}

static void begin_tcp(struct slip_connect *connect) {
  int families[SLIP_RACE_MAX];
  if (!enter(connect, SLIP_STAGE_TCP))
    return;
  connect->state = RACING;
  for (size_t i = 0; i < connect->count; i++)
    families[i] = connect->addresses[i]->sa_family;
  slip_race_init(&connect->race, families, connect->count);
  race_on(connect);
}

/* From the host to its addresses. */

static void add_address(struct slip_connect *connect, const struct sockaddr *address) {
  bool is_reachable = connect->from == NULL || address->sa_family == AF_UNIX ||
                      address->sa_family == connect->from->sa_family;
  if (is_reachable && connect->count < SLIP_RACE_MAX)
    connect->addresses[connect->count++] = address;
}

static void on_resolved(uv_getaddrinfo_t *resolution, int status, struct addrinfo *found) {
  struct slip_connect *connect = resolution->data;
  connect->found = found;
  connect->failure.code = status;
  if (connect->is_cancelled) {
    let_go(connect);
  } else if (status < 0) {
    fail(connect, SLIP_STAGE_DNS);
  } else {
    for (; found != NULL; found = found->ai_next)
      add_address(connect, found->ai_addr);
    begin_tcp(connect);
  }
}

static void resolve(struct slip_connect *connect) {
  if (!enter(connect, SLIP_STAGE_DNS))
    return;
  connect->state = RESOLVING;
  connect->resolution.data = connect;
  char port[sizeof "65535"];
  snprintf(port, sizeof port, "%u", connect->port);
  int status = connect->network->resolve(connect->network->loop, &connect->resolution, on_resolved,
                                         connect->host, port);
  connect->failure.code = status;
  if (status != 0)
    fail(connect, SLIP_STAGE_DNS);
}

static void begin(struct slip_later *later) {
  struct slip_connect *connect = SLIP_HOLDER(later, struct slip_connect, later);
  if (slip_address_read(connect->host, connect->port, &connect->numeric)) {
    add_address(connect, (const struct sockaddr *)&connect->numeric);
    begin_tcp(connect);
  } else {
    resolve(connect);
  }
}

static void read_local(struct slip_connect *connect, struct slip_span address) {
  char text[SLIP_ADDRESS_TEXT_SIZE] = {0};
  assert(slip_address_is_ip(address));
  memcpy(text, address.at, address.size);
  (void)slip_address_read(text, 0, &connect->local); /* who gives it has seen that it can be read */
  connect->from = (const struct sockaddr *)&connect->local;
}

enum slip_err slip_connect_start(struct slip_network *network, const struct slip_target *target,
                                 const struct slip_connect_handler *handler, void *owner,
                                 struct slip_connect **out) {
  struct slip_connect *connect = calloc(1, sizeof *connect + target->host.size + 1);
  if (connect == NULL)
    return SLIP_ENOMEM;
  connect->network = network;
  connect->handler = handler;
  connect->owner = owner;
  connect->port = target->port;
  memcpy(connect->host, target->host.at, target->host.size);
  if (!slip_span_is_absent(target->local_address))
    read_local(connect, target->local_address);
  connect->later.call = begin;
  slip_laters_put(&network->laters, &connect->later);
  *out = connect;
  return SLIP_OK;
}

void slip_connect_cancel(struct slip_connect *connect) {
  connect->is_cancelled = true;
  switch (connect->state) {
  case WAITING:
    slip_laters_cancel(&connect->network->laters, &connect->later);
    let_go(connect);
    break;
  case TELLING:
    break; /* `enter` sees it */
  case RESOLVING:
    uv_cancel((uv_req_t *)&connect->resolution); /* or it ends by itself; on_resolved follows */
    break;
  case RACING:
    let_go(connect);
    break;
  }
}
