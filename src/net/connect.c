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

/* Small, as there are hundreds at a time while many clients come up: what few need is elsewhere. */
struct slip_connect {
  struct slip_network *network;
  const struct slip_connect_handler *handler;
  void *owner;
  union {
    struct slip_later later;  /* while WAITING */
    struct slip_wait stagger; /* while RACING: until the next attempt starts */
  };
  uv_getaddrinfo_t *resolution; /* of a name; owned */
  struct addrinfo *found;       /* what the resolver gave; owned. NULL: the host is an address */
  struct slip_race race;
  LIST_HEAD(, slip_attempt) attempts; /* those that run */
  struct sockaddr_in6 local;          /* or a sockaddr_in, which is smaller; family 0: none */
  enum state state;
  struct {
    int code;
    uint8_t number; /* of the address */
    bool is_unbound;
  } failure; /* of the attempt that tells most; code 0: none */
  bool is_cancelled;
  bool is_staggering;
  uint16_t port;
  char host[];
};

static void stop_staggering(struct slip_connect *connect) {
  if (connect->is_staggering)
    slip_waits_end(&connect->network->staggers, &connect->stagger);
  connect->is_staggering = false;
}

static void drop(struct slip_attempt *attempt) {
  LIST_REMOVE(attempt, next);
  slip_attempt_drop(attempt);
}

static void connect_free(struct slip_connect *connect) {
  stop_staggering(connect);
  while (!LIST_EMPTY(&connect->attempts))
    drop(LIST_FIRST(&connect->attempts));
  uv_freeaddrinfo(connect->found);
  free(connect->resolution);
  free(connect);
}

static void let_go(struct slip_connect *connect) {
  struct slip_network *network = connect->network;
  connect_free(connect);
  slip_network_gone(network);
}

/* The addresses, numbered from 0, but for those that cannot be reached from `local`. */

/* What to come from; NULL: the system chooses. */
static const struct sockaddr *find_local(const struct slip_connect *connect) {
  return connect->local.sin6_family != 0 ? (const struct sockaddr *)&connect->local : NULL;
}

static bool is_reachable(const struct slip_connect *connect, int family) {
  return connect->local.sin6_family == 0 || family == AF_UNIX ||
         family == connect->local.sin6_family;
}

/* From `info` on; NULL: there is none. */
static const struct addrinfo *find_reachable(const struct slip_connect *connect,
                                             const struct addrinfo *info) {
  while (info != NULL && !is_reachable(connect, info->ai_family))
    info = info->ai_next;
  return info;
}

static bool read_host(const struct slip_connect *connect, struct sockaddr_storage *out) {
  return slip_address_read(connect->host, connect->port, out);
}

static void find_address(const struct slip_connect *connect, size_t number,
                         struct sockaddr_storage *out) {
  if (connect->found == NULL) {
    (void)read_host(connect, out); /* it has been read before */
    return;
  }
  const struct addrinfo *info = find_reachable(connect, connect->found);
  for (; number > 0; number--)
    info = find_reachable(connect, info->ai_next);
  memcpy(out, info->ai_addr, info->ai_addrlen);
}

static size_t list_families(const struct slip_connect *connect, int families[SLIP_RACE_MAX]) {
  size_t count = 0;
  const struct addrinfo *info = find_reachable(connect, connect->found);
  for (; info != NULL && count < SLIP_RACE_MAX; info = find_reachable(connect, info->ai_next))
    families[count++] = info->ai_family;
  if (connect->found != NULL)
    return count;
  int only = slip_address_family(connect->host);
  if (is_reachable(connect, only))
    families[count++] = only;
  return count;
}

/* Ends. */

static void say_tcp(const struct slip_connect *connect, char *text, size_t size) {
  struct sockaddr_storage to;
  find_address(connect, connect->failure.number, &to);
  const struct slip_connect_failure failure = {
      .code = connect->failure.code,
      .to = (const struct sockaddr *)&to,
      .from = find_local(connect),
      .is_unbound = connect->failure.is_unbound,
      .files = slip_files_limit(),
      .sockets = connect->network->poller.count,
  };
  slip_connect_say_tcp(&failure, text, size);
}

static void fail(struct slip_connect *connect, enum slip_stage stage) {
  const struct slip_connect_handler *handler = connect->handler;
  void *owner = connect->owner;
  char text[512];
  if (stage == SLIP_STAGE_DNS)
    slip_connect_say_dns(connect->failure.code, connect->host, text, sizeof text);
  else if (connect->failure.code == 0)
    slip_connect_say_family(connect->host, find_local(connect), text, sizeof text);
  else
    say_tcp(connect, text, sizeof text);
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

static void note_failure(struct slip_connect *connect, size_t number, int code, bool is_unbound) {
  slip_race_failed(&connect->race);
  if (connect->failure.code != 0 && has_no_way(code))
    return;
  connect->failure.code = code;
  connect->failure.number = (uint8_t)number;
  connect->failure.is_unbound = is_unbound;
}

static void attempt_failed(struct slip_connect *connect, struct slip_attempt *attempt) {
  note_failure(connect, attempt->number, attempt->status, attempt->is_unbound);
  drop(attempt);
}

static void attempt_won(struct slip_connect *connect, struct slip_attempt *attempt) {
  const struct slip_connect_handler *handler = connect->handler;
  void *owner = connect->owner;
  LIST_REMOVE(attempt, next);
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
  struct sockaddr_storage to;
  find_address(connect, number, &to);
  struct slip_attempt *attempt =
      slip_attempt_start(&connect->network->poller, (const struct sockaddr *)&to,
                         find_local(connect), on_attempt_ended);
  if (attempt == NULL) {
    note_failure(connect, number, UV_ENOMEM, false);
    return;
  }
  attempt->owner = connect;
  attempt->number = (uint8_t)number;
  LIST_INSERT_HEAD(&connect->attempts, attempt, next);
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
  slip_race_init(&connect->race, families, list_families(connect, families));
  race_on(connect);
}

/* From the host to its addresses. */

static void on_resolved(uv_getaddrinfo_t *resolution, int status, struct addrinfo *found) {
  struct slip_connect *connect = resolution->data;
  connect->found = found;
  connect->failure.code = status;
  if (connect->is_cancelled)
    let_go(connect);
  else if (status < 0)
    fail(connect, SLIP_STAGE_DNS);
  else
    begin_tcp(connect);
}

static int start_resolution(struct slip_connect *connect) {
  char port[sizeof "65535"];
  snprintf(port, sizeof port, "%u", connect->port);
  connect->resolution = malloc(sizeof *connect->resolution);
  if (connect->resolution == NULL)
    return UV_ENOMEM;
  connect->resolution->data = connect;
  return connect->network->resolve(connect->network->loop, connect->resolution, on_resolved,
                                   connect->host, port);
}

static void resolve(struct slip_connect *connect) {
  if (!enter(connect, SLIP_STAGE_DNS))
    return;
  connect->state = RESOLVING;
  connect->failure.code = start_resolution(connect);
  if (connect->failure.code != 0)
    fail(connect, SLIP_STAGE_DNS);
}

static void begin(struct slip_later *later) {
  struct slip_connect *connect = SLIP_HOLDER(later, struct slip_connect, later);
  struct sockaddr_storage address;
  if (read_host(connect, &address))
    begin_tcp(connect);
  else
    resolve(connect);
}

static void read_local(struct slip_connect *connect, struct slip_span address) {
  char text[SLIP_ADDRESS_TEXT_SIZE] = {0};
  struct sockaddr_storage local = {0};
  assert(slip_address_is_ip(address));
  memcpy(text, address.at, address.size);
  (void)slip_address_read(text, 0, &local); /* who gives it has seen that it can be read */
  memcpy(&connect->local, &local, sizeof connect->local);
}

enum slip_err slip_connect_start(struct slip_network *network, const struct slip_target *target,
                                 const struct slip_connect_handler *handler, void *owner,
                                 struct slip_connect **out) {
  struct slip_connect *connect =
      calloc(1, offsetof(struct slip_connect, host) + target->host.size + 1);
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
    uv_cancel((uv_req_t *)connect->resolution); /* or it ends by itself; on_resolved follows */
    break;
  case RACING:
    let_go(connect);
    break;
  }
}
