#include "net/connect.h"

#include "net/network_private.h"

#include <stdio.h>
#include <stdlib.h>

enum state {
  WAITING,   /* for the loop's next turn */
  TELLING,   /* inside the owner's `stage` */
  RESOLVING, /* the name */
  TRYING     /* an address; `handle` is not NULL */
};

struct slip_connect {
  struct slip_network *network;
  const struct slip_connect_handler *handler;
  void *owner;
  enum state state;
  bool is_cancelled;
  struct slip_later later;
  uv_getaddrinfo_t resolution;
  uv_connect_t attempt;
  uv_tcp_t *handle;               /* of the attempt */
  struct addrinfo *found;         /* what the resolver gave; owned */
  const struct addrinfo *current; /* what is tried, in `found` or `numeric` */
  struct addrinfo numeric;        /* the only address, when the host is one */
  struct sockaddr_storage address;
  int failure; /* libuv's code for the attempt that failed last */
  uint16_t port;
  char host[];
};

static void connect_free(struct slip_connect *connect) {
  uv_freeaddrinfo(connect->found);
  free(connect);
}

static void let_go(struct slip_connect *connect) {
  struct slip_network *network = connect->network;
  connect_free(connect);
  slip_network_gone(network);
}

/* What a user reads of a failure. */

static void say_address(const struct addrinfo *address, char *text, size_t size) {
  char ip[INET6_ADDRSTRLEN] = "?";
  if (address->ai_family == AF_INET6) {
    const struct sockaddr_in6 *v6 = (const void *)address->ai_addr;
    uv_ip6_name(v6, ip, sizeof ip);
    snprintf(text, size, "[%s]:%u", ip, ntohs(v6->sin6_port));
  } else {
    const struct sockaddr_in *v4 = (const void *)address->ai_addr;
    uv_ip4_name(v4, ip, sizeof ip);
    snprintf(text, size, "%s:%u", ip, ntohs(v4->sin_port));
  }
}

static void say_tcp_failure(const struct slip_connect *connect, char *text, size_t size) {
  char address[INET6_ADDRSTRLEN + sizeof "[]:65535"];
  say_address(connect->current, address, sizeof address);
  switch (connect->failure) {
  case UV_ECONNREFUSED:
    snprintf(text, size, "connection refused by %s", address);
    break;
  case UV_ETIMEDOUT:
    snprintf(text, size, "no answer from %s", address);
    break;
  case UV_ENETUNREACH:
  case UV_EHOSTUNREACH:
    snprintf(text, size, "no route to %s", address);
    break;
  default:
    snprintf(text, size, "cannot connect to %s: %s", address, uv_strerror(connect->failure));
  }
}

static void say_dns_failure(const struct slip_connect *connect, char *text, size_t size) {
  switch (connect->failure) {
  case UV_EAI_NONAME:
  case UV_EAI_NODATA:
  case UV_EAI_FAIL: /* also what glibc answers to a name that cannot be one */
  case UV_EINVAL:
  case UV_ENAMETOOLONG:
    snprintf(text, size, "no such host: %s", connect->host);
    break;
  default:
    snprintf(text, size, "cannot resolve %s: %s", connect->host, uv_strerror(connect->failure));
  }
}

static void fail(struct slip_connect *connect, enum slip_stage stage) {
  const struct slip_connect_handler *handler = connect->handler;
  void *owner = connect->owner;
  char text[512];
  if (stage == SLIP_STAGE_DNS)
    say_dns_failure(connect, text, sizeof text);
  else
    say_tcp_failure(connect, text, sizeof text);
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

/* Each address in turn. */

static void try_current(struct slip_connect *connect);

static void on_attempt_closed(uv_handle_t *handle) {
  struct slip_connect *connect = handle->data;
  free(handle);
  if (connect->is_cancelled) {
    let_go(connect);
  } else if (connect->current->ai_next == NULL) {
    fail(connect, SLIP_STAGE_TCP);
  } else {
    connect->current = connect->current->ai_next;
    try_current(connect);
  }
}

static void give_up_attempt(struct slip_connect *connect, int status) {
  connect->failure = status;
  uv_close((uv_handle_t *)connect->handle, on_attempt_closed);
}

static void on_connected(uv_connect_t *attempt, int status) {
  struct slip_connect *connect = attempt->data;
  if (connect->is_cancelled)
    return; /* on_attempt_closed follows */
  if (status < 0) {
    give_up_attempt(connect, status);
    return;
  }
  const struct slip_connect_handler *handler = connect->handler;
  void *owner = connect->owner;
  uv_tcp_t *handle = connect->handle;
  connect_free(connect);
  uv_tcp_nodelay(handle, 1); /* where it fails, all is only slower */
  handler->connected(owner, handle);
}

static void try_current(struct slip_connect *connect) {
  connect->handle = malloc(sizeof *connect->handle);
  if (connect->handle == NULL) {
    connect->failure = UV_ENOMEM;
    fail(connect, SLIP_STAGE_TCP);
    return;
  }
  connect->state = TRYING;
  uv_tcp_init(connect->network->loop, connect->handle); /* cannot fail: it makes no socket yet */
  connect->handle->data = connect;
  connect->attempt.data = connect;
  int status =
      uv_tcp_connect(&connect->attempt, connect->handle, connect->current->ai_addr, on_connected);
  if (status < 0)
    give_up_attempt(connect, status);
}

static void begin_tcp(struct slip_connect *connect, const struct addrinfo *addresses) {
  connect->current = addresses;
  if (enter(connect, SLIP_STAGE_TCP))
    try_current(connect);
}

/* From the host to its addresses. */

static bool read_numeric(struct slip_connect *connect) {
  struct sockaddr *address = (struct sockaddr *)&connect->address;
  if (uv_ip4_addr(connect->host, connect->port, (struct sockaddr_in *)address) != 0 &&
      uv_ip6_addr(connect->host, connect->port, (struct sockaddr_in6 *)address) != 0)
    return false;
  connect->numeric.ai_family = address->sa_family;
  connect->numeric.ai_addr = address;
  return true;
}

static void on_resolved(uv_getaddrinfo_t *resolution, int status, struct addrinfo *found) {
  struct slip_connect *connect = resolution->data;
  connect->found = found;
  connect->failure = status;
  if (connect->is_cancelled)
    let_go(connect);
  else if (status < 0)
    fail(connect, SLIP_STAGE_DNS);
  else
    begin_tcp(connect, found);
}

static void resolve(struct slip_connect *connect) {
  if (!enter(connect, SLIP_STAGE_DNS))
    return;
  connect->state = RESOLVING;
  connect->resolution.data = connect;
  const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  char port[sizeof "65535"];
  snprintf(port, sizeof port, "%u", connect->port);
  int status = uv_getaddrinfo(connect->network->loop, &connect->resolution, on_resolved,
                              connect->host, port, &hints);
  if (status == 0)
    return;
  connect->failure = status;
  fail(connect, SLIP_STAGE_DNS);
}

static void begin(struct slip_later *later) {
  struct slip_connect *connect = SLIP_HOLDER(later, struct slip_connect, later);
  if (read_numeric(connect))
    begin_tcp(connect, &connect->numeric);
  else
    resolve(connect);
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
  case TRYING:
    if (!uv_is_closing((uv_handle_t *)connect->handle))
      uv_close((uv_handle_t *)connect->handle, on_attempt_closed);
    break;
  }
}
