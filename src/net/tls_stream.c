#include "net/tls_stream.h"

#include "net/network_private.h"
#include "net/tcp.h"
#include "net/tls_bio.h"
#include "net/tls_private.h"
#include "net/tls_session.h"
#include "net/tunnel.h"

#include <assert.h>
#include <openssl/err.h>
#include <stdlib.h>

struct tls {
  struct slip_stream stream; /* first: a stream is its tls */
  struct slip_network *network;
  struct slip_tls_wire wire; /* its TCP stream is owned, and NULL once closed */
  struct slip_tls_session session;
  bool is_busy; /* in `work`, which then frees */
  bool is_open;
  bool is_short;  /* the owner waits for `drained` */
  bool is_failed; /* OpenSSL must not be asked for anything more */
  bool has_ended;
};

static void tls_free(struct tls *tls) {
  /* Otherwise OpenSSL would forbid to resume what was cut, which is what clients come back from
   * (RFC 5246 section 7.2.1 took that rule back). After a fatal alert it has done so already. */
  if (tls->is_open)
    SSL_set_shutdown(tls->session.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  slip_tls_session_clear(&tls->session);
  free(tls);
}

/* Ends. */

static void say_end(struct tls *tls, const char *text) {
  struct slip_reason reason = {.kind = SLIP_REASON_CONNECTION_LOST, .text = slip_span_of(text)};
  if (!tls->is_open) {
    reason.kind = SLIP_REASON_CONNECT_FAILED;
    reason.stage = SLIP_STAGE_TLS;
  }
  tls->has_ended = true;
  tls->stream.handler->ended(tls->stream.owner, &reason);
}

static void note_failure(struct tls *tls) {
  tls->is_failed = true;
  slip_tls_session_note(&tls->session);
}

static void fail(struct tls *tls) {
  note_failure(tls);
  say_end(tls, tls->session.fault != NULL ? tls->session.fault : "out of memory");
}

/* Reading. */

static bool is_alive(const struct tls *tls) {
  return tls->wire.tcp != NULL && !tls->has_ended;
}

static void shake_hands(struct tls *tls) {
  int result = SSL_do_handshake(tls->session.ssl);
  if (result == 1) {
    tls->is_open = true;
    slip_tls_session_settle(&tls->session);
    tls->stream.handler->opened(tls->stream.owner);
  } else if (SSL_get_error(tls->session.ssl, result) != SSL_ERROR_WANT_READ) {
    fail(tls);
  }
}

/* One record. False: there is no whole one. */
static bool read_record(struct tls *tls) {
  char *room = tls->network->plain_buffer;
  int count = SSL_read(tls->session.ssl, room, SLIP_NETWORK_PLAIN_SIZE);
  if (count > 0) {
    tls->stream.handler->received(tls->stream.owner, (struct slip_span){room, (size_t)count});
    return true;
  }
  switch (SSL_get_error(tls->session.ssl, count)) {
  case SSL_ERROR_WANT_READ:
    break;
  case SSL_ERROR_ZERO_RETURN: /* close_notify: the end in good order */
    say_end(tls, "");
    break;
  default:
    fail(tls);
  }
  return false;
}

/*
 * SSL_MODE_RELEASE_BUFFERS keeps the buffer for writing, 16 KiB that an idle stream can do without.
 * Only between records ("RH", the next header is due): OpenSSL before 3.0.14 frees a record whose
 * body has yet to come (CVE-2024-4741).
 */
static void shrink(struct tls *tls) {
  if (strcmp(SSL_rstate_string(tls->session.ssl), "RH") == 0)
    (void)SSL_free_buffers(tls->session.ssl);
}

static void work(struct tls *tls, struct slip_span input) {
  ERR_clear_error(); /* other users of OpenSSL in this thread may have left some */
  tls->is_busy = true;
  tls->wire.input = input;
  if (!tls->is_open)
    shake_hands(tls);
  while (tls->is_open && is_alive(tls) && read_record(tls))
    ;
  tls->wire.input = (struct slip_span){0};
  tls->is_busy = false;
  shrink(tls);
  if (tls->wire.tcp == NULL)
    tls_free(tls);
}

/* What TCP says. */

static void on_stage(void *owner, enum slip_stage stage) {
  struct tls *tls = owner;
  tls->stream.handler->stage(tls->stream.owner, stage);
}

static void on_opened(void *owner) {
  struct tls *tls = owner;
  tls->is_busy = true;
  tls->stream.handler->stage(tls->stream.owner, SLIP_STAGE_TLS);
  if (tls->wire.tcp == NULL) {
    tls_free(tls);
    return;
  }
  slip_tls_session_offer(&tls->session);
  work(tls, (struct slip_span){0});
}

static void on_received(void *owner, struct slip_span bytes) {
  struct tls *tls = owner;
  if (!tls->has_ended)
    work(tls, bytes);
}

static void on_drained(void *owner) {
  struct tls *tls = owner;
  if (!tls->is_short || tls->has_ended)
    return;
  tls->is_short = false;
  tls->stream.handler->drained(tls->stream.owner);
}

static const char *cut_text(const struct tls *tls, const struct slip_reason *reason) {
  if (tls->session.fault != NULL)
    return tls->session.fault; /* a write failed, which broke the connection */
  if (reason->text.size > 0)
    return reason->text.at; /* terminated: it is one of tcp.c's */
  if (tls->is_open)
    return "the connection was cut: it ended without TLS close_notify";
  return "the server ended the connection during the TLS handshake";
}

static void on_ended(void *owner, const struct slip_reason *reason) {
  struct tls *tls = owner;
  if (tls->has_ended)
    return;
  if (reason->kind == SLIP_REASON_CONNECTION_LOST) {
    say_end(tls, cut_text(tls, reason));
  } else {
    tls->has_ended = true;
    tls->stream.handler->ended(tls->stream.owner, reason);
  }
}

/* What the owner asks for. */

static size_t tls_write(struct slip_stream *stream, struct slip_span bytes) {
  struct tls *tls = (struct tls *)stream;
  assert(tls->is_open && tls->wire.tcp != NULL);
  size_t total = 0;
  while (total < bytes.size && !tls->has_ended && !slip_tcp_is_full(tls->wire.tcp)) {
    size_t count;
    ERR_clear_error();
    struct slip_span rest = slip_span_skip(bytes, total);
    if (SSL_write_ex(tls->session.ssl, rest.at, rest.size, &count) != 1) {
      note_failure(tls);
      slip_tcp_break(tls->wire.tcp, UV_ECONNABORTED);
      break;
    }
    total += count;
  }
  if (!tls->is_busy)
    shrink(tls);
  tls->is_short = total < bytes.size;
  return total;
}

static void tls_close(struct slip_stream *stream, bool is_graceful) {
  struct tls *tls = (struct tls *)stream;
  struct slip_stream *tcp = tls->wire.tcp;
  assert(tcp != NULL);
  if (is_graceful && tls->is_open && !tls->is_failed) {
    ERR_clear_error();
    (void)SSL_shutdown(tls->session.ssl); /* sends close_notify; where it cannot, FIN has to do */
  }
  tls->wire.tcp = NULL;
  slip_stream_close(tcp, is_graceful);
  if (!tls->is_busy)
    tls_free(tls);
}

/* Dialling. */

static bool set_up(struct tls *tls) {
  BIO *bio = BIO_new(tls->session.config->method);
  if (bio == NULL)
    return false;
  BIO_set_data(bio, &tls->wire);
  BIO_set_init(bio, 1);
  SSL_set_bio(tls->session.ssl, bio, bio);
  return true;
}

enum slip_err slip_tls_dial(struct slip_network *network, const struct slip_target *target,
                            const struct slip_stream_handler *handler, void *owner,
                            struct slip_stream **out) {
  static const struct slip_stream_ops ops = {tls_write, tls_close};
  static const struct slip_stream_handler tcp_handler = {on_stage,   on_opened, on_received,
                                                         on_drained, on_ended,  NULL};
  struct tls *tls = calloc(1, sizeof *tls);
  if (tls == NULL)
    return SLIP_ENOMEM;
  enum slip_err err = SLIP_ENOMEM;
  tls->stream = (struct slip_stream){&ops, handler, owner};
  tls->network = network;
  err = slip_tls_session_init(&tls->session, target->tls, target->host);
  if (err != SLIP_OK)
    goto fail;
  err = slip_tls_session_share(&tls->session, target->host, target->port);
  if (err != SLIP_OK)
    goto fail;
  err = SLIP_ENOMEM;
  if (!set_up(tls))
    goto fail;
  err = slip_tunnel_dial(network, target, &tcp_handler, tls, &tls->wire.tcp);
  if (err != SLIP_OK)
    goto fail;
  *out = &tls->stream;
  return SLIP_OK;
fail:
  tls_free(tls);
  return err;
}
