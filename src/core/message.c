#include "core/message.h"

#include "core/message_text.h"
#include "core/utf8.h"

#include <assert.h>
#include <stdint.h>

#define FIELD_SIZE_MAX 255u
#define FIELDS_MAX 4u

/*
 * A binary message: a byte for the kind (the values of enum slip_message_kind), a byte of length
 * for each field, the fields, and the rest is the payload.
 */

/* The fields of that kind in the order of the wire. A server's push has no ref. */
static size_t list_fields(enum slip_sender sender, struct slip_message *m,
                          struct slip_span *fields[FIELDS_MAX]) {
  size_t count = 0;
  if (m->kind != SLIP_MESSAGE_BROADCAST)
    fields[count++] = &m->join_ref;
  if (m->kind == SLIP_MESSAGE_REPLY || sender == SLIP_FROM_CLIENT)
    fields[count++] = &m->ref;
  fields[count++] = &m->topic;
  fields[count++] = m->kind == SLIP_MESSAGE_REPLY ? &m->status : &m->event;
  return count;
}

/* On the wire no ref and an empty one are the same. */
static void drop_empty_ref(struct slip_span *ref) {
  if (ref->size == 0)
    *ref = (struct slip_span){0};
}

static enum slip_err fail(const char **fault, const char *words) {
  *fault = words;
  return SLIP_EMALFORMED;
}

/* Reads the lengths and the fields behind the kind. */
static enum slip_err read_fields(struct slip_span bytes, struct slip_span *fields[FIELDS_MAX],
                                 size_t count, struct slip_span *payload, const char **fault) {
  if (bytes.size < count)
    return fail(fault, "a binary message that ends within its lengths");
  struct slip_span rest = slip_span_skip(bytes, count);
  for (size_t i = 0; i < count; i++) {
    size_t size = (uint8_t)bytes.at[i];
    if (rest.size < size)
      return fail(fault, "a binary message that ends within its fields");
    *fields[i] = (struct slip_span){rest.at, size};
    if (!slip_utf8_is_valid(*fields[i]))
      return fail(fault, "a binary message with a field that is not UTF-8");
    rest = slip_span_skip(rest, size);
  }
  *payload = rest;
  return SLIP_OK;
}

static enum slip_err read_binary(struct slip_wire wire, struct slip_span in,
                                 struct slip_message *out, const char **fault) {
  if (wire.vsn == SLIP_VSN_1)
    return fail(fault, "a binary message in protocol version 1");
  if (in.size == 0)
    return fail(fault, "an empty binary message");
  uint8_t kind = (uint8_t)in.at[0];
  if (kind > (wire.sender == SLIP_FROM_CLIENT ? SLIP_MESSAGE_PUSH : SLIP_MESSAGE_BROADCAST))
    return fail(fault, "a binary message of an unknown kind");
  struct slip_message m = {.kind = (enum slip_message_kind)kind,
                           .payload = {.format = SLIP_BINARY}};
  if (m.kind == SLIP_MESSAGE_REPLY)
    m.event = SLIP_SPAN("phx_reply");
  struct slip_span *fields[FIELDS_MAX];
  size_t count = list_fields(wire.sender, &m, fields);
  enum slip_err err = read_fields(slip_span_skip(in, 1), fields, count, &m.payload.bytes, fault);
  if (err != SLIP_OK)
    return err;
  drop_empty_ref(&m.join_ref);
  drop_empty_ref(&m.ref);
  *out = m;
  return SLIP_OK;
}

enum slip_err slip_message_read(struct slip_wire wire, struct slip_payload in,
                                struct slip_buf *scratch, struct slip_message *out,
                                const char **fault) {
  slip_buf_truncate(scratch, 0);
  if (wire.codec != NULL)
    return wire.codec->read(wire.codec, in, scratch, out, fault);
  if (in.format == SLIP_BINARY)
    return read_binary(wire, in.bytes, out, fault);
  return slip_message_text_read(wire, in, scratch, out, fault);
}

/* The size of the message; SLIP_ETOOBIG or SLIP_EUTF8 for a field that cannot be sent. */
static enum slip_err measure(struct slip_span *const fields[FIELDS_MAX], size_t count,
                             size_t payload, size_t *size) {
  size_t sum = 1 + count + payload;
  for (size_t i = 0; i < count; i++) {
    if (fields[i]->size > FIELD_SIZE_MAX)
      return SLIP_ETOOBIG;
    if (!slip_utf8_is_valid(*fields[i]))
      return SLIP_EUTF8;
    sum += fields[i]->size;
  }
  *size = sum;
  return SLIP_OK;
}

static char *put(char *at, struct slip_span bytes) {
  if (bytes.size > 0)
    memcpy(at, bytes.at, bytes.size);
  return at + bytes.size;
}

static enum slip_err write_binary(struct slip_wire wire, struct slip_message m,
                                  struct slip_buf *out) {
  if (wire.vsn == SLIP_VSN_1)
    return SLIP_EINVAL;
  struct slip_span *fields[FIELDS_MAX];
  size_t count = list_fields(wire.sender, &m, fields), size;
  enum slip_err err = measure(fields, count, m.payload.bytes.size, &size);
  if (err != SLIP_OK)
    return err;
  char *at;
  err = slip_buf_reserve(out, size, &at);
  if (err != SLIP_OK)
    return err;
  *at++ = (char)m.kind;
  for (size_t i = 0; i < count; i++)
    *at++ = (char)fields[i]->size;
  for (size_t i = 0; i < count; i++)
    at = put(at, *fields[i]);
  put(at, m.payload.bytes);
  slip_buf_commit(out, size);
  return SLIP_OK;
}

enum slip_err slip_message_write(struct slip_wire wire, const struct slip_message *message,
                                 struct slip_buf *out, enum slip_format *format) {
  assert(wire.sender == SLIP_FROM_SERVER || message->kind == SLIP_MESSAGE_PUSH);
  if (wire.codec != NULL)
    return wire.codec->write(wire.codec, message, out, format);
  enum slip_err err = message->payload.format == SLIP_BINARY
                          ? write_binary(wire, *message, out)
                          : slip_message_text_write(wire, message, out);
  if (err == SLIP_OK)
    *format = message->payload.format;
  return err;
}
