#ifndef SLIP_SPEC_BARE_SERVER_H
#define SLIP_SPEC_BARE_SERVER_H
/*
 * Bare server: TCP on a loopback port, on the spec's own loop; it serves one connection
 * at a time and does only what it is told. Remembers what it got.
 */
#include "core/buf.h"

#include <uv.h>

struct bare_server {
  uv_loop_t *loop;
  uv_tcp_t door; /* listens */
  uv_tcp_t peer; /* the connection, while has_peer */
  bool is_listening;
  bool has_peer;
  bool is_paused; /* set before the connection comes: do not read yet */
  uint16_t port;
  unsigned accepted;
  struct slip_buf got;
  bool got_end;  /* the client's FIN */
  int got_error; /* libuv's code when reading failed: the client has reset */
  uv_shutdown_t shutdown;
  /* Gets the bytes instead of `got`, when set; `ud` is its own. */
  void (*received)(struct bare_server *server, struct slip_span bytes);
  void *ud;
  char room[64 * 1024];
};

/* Listens on `ip`, port 0. False: the machine has no such address. */
bool bare_server_open(struct bare_server *server, uv_loop_t *loop, const char *ip);
void bare_server_resume(struct bare_server *server); /* reads, after is_paused */
void bare_server_send(struct bare_server *server, struct slip_span bytes);
void bare_server_finish(struct bare_server *server); /* FIN; goes on reading */
void bare_server_drop(struct bare_server *server);   /* closes the connection */
void bare_server_reset(struct bare_server *server);  /* with RST */
/* Stops to listen, drops the connection; the loop has to run once more. */
void bare_server_close(struct bare_server *server);

#endif
