#ifndef SLIP_SPEC_MESSAGE_FIXTURE_H
#define SLIP_SPEC_MESSAGE_FIXTURE_H
/*
 * Message_fixture: reads one message, keeps it, and compares what is written of it. For the specs
 * of message.h, text and binary.
 */
#include "core/message.h"
#include "spec/support/check.h"

static const struct slip_wire to_client = {SLIP_VSN_2, SLIP_FROM_SERVER, NULL};
static const struct slip_wire to_server = {SLIP_VSN_2, SLIP_FROM_CLIENT, NULL};
static const struct slip_wire to_client_1 = {SLIP_VSN_1, SLIP_FROM_SERVER, NULL};
static const struct slip_wire to_server_1 = {SLIP_VSN_1, SLIP_FROM_CLIENT, NULL};

/* One test's buffers and what it read last; `message` borrows from them. */
static struct slip_buf scratch, out;
static struct slip_message message;
static const char *fault;

static inline int message_set_up(void **state) {
  (void)state;
  slip_buf_init(&scratch, 0);
  slip_buf_init(&out, 0);
  message = (struct slip_message){0};
  fault = NULL;
  return 0;
}

static inline int message_tear_down(void **state) {
  (void)state;
  slip_buf_clear(&scratch);
  slip_buf_clear(&out);
  return 0;
}

static inline enum slip_err read_message(struct slip_wire wire, enum slip_format format,
                                         struct slip_span bytes) {
  return slip_message_read(wire, (struct slip_payload){.format = format, .bytes = bytes}, &scratch,
                           &message, &fault);
}

static inline void read_text(struct slip_wire wire, const char *text) {
  CHECK_OK(read_message(wire, SLIP_JSON, slip_span_of(text)));
}

#define READ_BINARY(wire, literal) CHECK_OK(read_message(wire, SLIP_BINARY, SLIP_SPAN(literal)))

static inline void check_fault(struct slip_wire wire, enum slip_format format,
                               struct slip_span bytes, const char *words) {
  fault = NULL;
  message.kind = (enum slip_message_kind)77;
  assert_int_equal(read_message(wire, format, bytes), SLIP_EMALFORMED);
  assert_string_equal(fault, words);
  assert_int_equal(message.kind, 77);
}

static inline void check_text_fault(struct slip_wire wire, const char *text, const char *words) {
  check_fault(wire, SLIP_JSON, slip_span_of(text), words);
}

#define CHECK_ABSENT(span) assert_true(slip_span_is_absent(span))

/* Writes what was read last and compares. */
static inline void check_written(struct slip_wire wire, enum slip_format format,
                                 struct slip_span bytes) {
  enum slip_format written = (enum slip_format)77;
  slip_buf_truncate(&out, 0);
  CHECK_OK(slip_message_write(wire, &message, &out, &written));
  assert_int_equal(written, format);
  assert_int_equal(out.size, bytes.size);
  assert_memory_equal(slip_buf_span(&out).at, bytes.at, bytes.size);
}

#define MESSAGE_TEST(name) cmocka_unit_test_setup_teardown(name, message_set_up, message_tear_down)

#endif
