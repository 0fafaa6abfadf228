#include "net/tls_bio.h"

#include "net/tcp.h"

static int read_input(BIO *bio, char *room, size_t size, size_t *count) {
  struct slip_tls_wire *wire = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  *count = size < wire->input.size ? size : wire->input.size;
  if (*count == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  memcpy(room, wire->input.at, *count);
  wire->input = slip_span_skip(wire->input, *count);
  return 1;
}

static int write_output(BIO *bio, const char *bytes, size_t size, size_t *count) {
  struct slip_tls_wire *wire = BIO_get_data(bio);
  slip_tcp_push(wire->tcp, (struct slip_span){bytes, size});
  *count = size;
  return 1;
}

static long control(BIO *bio, int command, long number, void *pointer) {
  (void)bio, (void)number, (void)pointer;
  return command == BIO_CTRL_FLUSH; /* nothing is held back, so flushing has succeeded */
}

BIO_METHOD *slip_tls_method_new(void) {
  BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "slipstream");
  if (method == NULL)
    return NULL;
  BIO_meth_set_read_ex(method, read_input);
  BIO_meth_set_write_ex(method, write_output);
  BIO_meth_set_ctrl(method, control);
  return method;
}
