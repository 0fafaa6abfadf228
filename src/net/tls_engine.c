#include "net/tls_engine.h"

#include "net/tls_session.h"

#include <limits.h>
#include <openssl/err.h>
#include <stdlib.h>

struct slip_tls_engine {
  struct slip_tls_session session;
  BIO *in, *out; /* the SSL's; bytes of the server, bytes for it */
  bool is_taken; /* what `out` has was handed out */
  bool is_finished;
  bool has_failed;
  enum slip_tls_state state;
};

/* Gives the SSL its BIOs. */
static bool set_up(struct slip_tls_engine *engine) {
  engine->in = BIO_new(BIO_s_mem());
  engine->out = BIO_new(BIO_s_mem());
  if (engine->in == NULL || engine->out == NULL) {
    BIO_free(engine->in);
    BIO_free(engine->out);
    return false;
  }
  SSL_set_bio(engine->session.ssl, engine->in, engine->out);
  return true;
}

enum slip_err slip_tls_engine_new(struct slip_tls_config *config, struct slip_span host,
                                  struct slip_tls_engine **out) {
  struct slip_tls_engine *engine = calloc(1, sizeof *engine);
  if (engine == NULL)
    return SLIP_ENOMEM;
  enum slip_err err = slip_tls_session_init(&engine->session, config, host);
  if (err == SLIP_OK && !set_up(engine))
    err = SLIP_ENOMEM;
  if (err != SLIP_OK)
    slip_tls_engine_free(engine);
  else
    *out = engine;
  return err;
}

void slip_tls_engine_free(struct slip_tls_engine *engine) {
  if (engine == NULL)
    return;
  slip_tls_session_clear(&engine->session);
  free(engine);
}

/* Before OpenSSL is asked: other users of it in this thread may have left errors, and what was
 * handed out is no longer borrowed. */
static void begin(struct slip_tls_engine *engine) {
  ERR_clear_error();
  if (engine->is_taken)
    (void)BIO_reset(engine->out);
  engine->is_taken = false;
}

static enum slip_err fail(struct slip_tls_engine *engine) {
  engine->has_failed = true;
  slip_tls_session_note(&engine->session);
  return SLIP_EIO;
}

enum slip_err slip_tls_engine_feed(struct slip_tls_engine *engine, struct slip_span bytes) {
  begin(engine);
  size_t count;
  if (bytes.size == 0 || BIO_write_ex(engine->in, bytes.at, bytes.size, &count) == 1)
    return SLIP_OK;
  return SLIP_ENOMEM;
}

/* What a result of OpenSSL's says, which is no success. */
static enum slip_err judge(struct slip_tls_engine *engine, int result) {
  switch (SSL_get_error(engine->session.ssl, result)) {
  case SSL_ERROR_WANT_READ:
    return SLIP_OK;
  case SSL_ERROR_ZERO_RETURN:
    engine->state = SLIP_TLS_OVER;
    return SLIP_OK;
  default:
    return fail(engine);
  }
}

enum slip_err slip_tls_engine_read(struct slip_tls_engine *engine, char *room, size_t size,
                                   size_t *count) {
  *count = 0;
  if (engine->has_failed)
    return SLIP_EIO;
  begin(engine);
  SSL *ssl = engine->session.ssl;
  if (engine->state == SLIP_TLS_SHAKING) {
    int result = SSL_do_handshake(ssl);
    if (result != 1)
      return judge(engine, result);
    engine->state = SLIP_TLS_OPEN;
  }
  int result = SSL_read(ssl, room, size > INT_MAX ? INT_MAX : (int)size);
  if (result <= 0)
    return judge(engine, result);
  *count = (size_t)result;
  return SLIP_OK;
}

enum slip_err slip_tls_engine_write(struct slip_tls_engine *engine, struct slip_span bytes) {
  if (engine->state != SLIP_TLS_OPEN || engine->is_finished)
    return SLIP_ESTATE;
  if (engine->has_failed)
    return SLIP_EIO;
  begin(engine);
  while (bytes.size > 0) {
    size_t count;
    if (SSL_write_ex(engine->session.ssl, bytes.at, bytes.size, &count) != 1)
      return fail(engine);
    bytes = slip_span_skip(bytes, count);
  }
  return SLIP_OK;
}

void slip_tls_engine_finish(struct slip_tls_engine *engine) {
  if (engine->state == SLIP_TLS_SHAKING || engine->is_finished || engine->has_failed)
    return;
  begin(engine);
  engine->is_finished = true;
  (void)SSL_shutdown(engine->session.ssl); /* where it cannot, FIN has to do */
}

struct slip_span slip_tls_engine_take(struct slip_tls_engine *engine) {
  begin(engine);
  char *at;
  long size = BIO_get_mem_data(engine->out, &at);
  engine->is_taken = true;
  return (struct slip_span){at, size > 0 ? (size_t)size : 0};
}

enum slip_tls_state slip_tls_engine_state(const struct slip_tls_engine *engine) {
  return engine->state;
}

const char *slip_tls_engine_fault(const struct slip_tls_engine *engine) {
  return engine->session.fault != NULL ? engine->session.fault : "out of memory";
}
