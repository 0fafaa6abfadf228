#include "core/message_text.h"

#include "core/json_cut.h"

/* The parts of a text message. */
struct parts {
  struct slip_json_part join_ref, ref, topic, event;
  struct slip_json_part status; /* of a reply */
  struct slip_json_part payload;
  bool is_reply;
};

/* ---- reading ---- */

static enum slip_err fail(const char **fault, const char *words) {
  *fault = words;
  return SLIP_EMALFORMED;
}

static bool is_null(struct slip_span raw) {
  return slip_span_is_absent(raw) || slip_span_is_equal(raw, SLIP_SPAN("null"));
}

/* Nothing but what RFC 8259 calls an int, without a sign. */
static bool is_integer(struct slip_span raw) {
  for (size_t i = 0; i < raw.size; i++)
    if (raw.at[i] < '0' || raw.at[i] > '9')
      return false;
  return raw.size == 1 || (raw.size > 1 && raw.at[0] != '0');
}

static enum slip_err cut_fault(enum slip_err err, const char **fault) {
  return err == SLIP_ETOOBIG ? fail(fault, "the JSON nests too deep")
                             : fail(fault, "not the JSON of a message");
}

static bool is_string(struct slip_span raw) {
  return raw.size > 0 && raw.at[0] == '"';
}

/* Whether the raw event says phx_reply, however it is escaped. */
static bool is_reply_event(struct slip_span raw) {
  return is_string(raw) && slip_json_string_says(raw, SLIP_SPAN("phx_reply"));
}

/* Takes {"status": …, "response": …} apart. */
static enum slip_err cut_reply(struct slip_json_cut *cut, struct parts *parts, const char **fault) {
  const struct slip_span keys[2] = {SLIP_SPAN("status"), SLIP_SPAN("response")};
  struct slip_json_part values[2];
  enum slip_err err = slip_json_cut_object(cut, keys, 2, values);
  if (err != SLIP_OK)
    return err == SLIP_ETOOBIG ? cut_fault(err, fault)
                               : fail(fault, "a reply whose payload is not an object");
  if (is_null(values[0].raw))
    return fail(fault, "a reply without a status");
  parts->status = values[0];
  parts->payload = values[1];
  if (slip_span_is_absent(parts->payload.raw))
    parts->payload.raw = SLIP_SPAN("null");
  return SLIP_OK;
}

/* The payload, which is next; of a reply its parts. */
static enum slip_err cut_payload(struct slip_wire wire, struct slip_json_cut *cut,
                                 struct parts *parts, const char **fault) {
  parts->is_reply = wire.sender == SLIP_FROM_SERVER && is_reply_event(parts->event.raw);
  if (parts->is_reply)
    return cut_reply(cut, parts, fault);
  enum slip_err err = slip_json_cut_value(cut, &parts->payload);
  return err == SLIP_OK ? SLIP_OK : cut_fault(err, fault);
}

/* Passes over the elements behind the payload. */
static enum slip_err cut_rest(struct slip_json_cut *cut, const char **fault) {
  struct slip_json_part element;
  bool has;
  enum slip_err err = slip_json_cut_next(cut, &has);
  while (err == SLIP_OK && has) {
    err = slip_json_cut_value(cut, &element);
    if (err == SLIP_OK)
      err = slip_json_cut_next(cut, &has);
  }
  if (err == SLIP_OK && slip_json_cut_is_done(cut))
    return SLIP_OK;
  return cut_fault(err, fault);
}

/* vsn 2: [join_ref, ref, topic, event, payload] */
static enum slip_err cut_array(struct slip_wire wire, struct slip_payload in, struct parts *parts,
                               const char **fault) {
  struct slip_json_part *const heads[] = {&parts->join_ref, &parts->ref, &parts->topic,
                                          &parts->event};
  struct slip_json_cut cut;
  bool has;
  slip_json_cut_init(&cut, in.bytes, in.plain);
  enum slip_err err = slip_json_cut_array(&cut, &has);
  for (size_t i = 0; i < 4 && err == SLIP_OK && has; i++) {
    err = slip_json_cut_value(&cut, heads[i]);
    if (err == SLIP_OK)
      err = slip_json_cut_next(&cut, &has);
  }
  if (err != SLIP_OK)
    return cut_fault(err, fault);
  if (!has)
    return fail(fault, "an array of fewer than five elements");
  err = cut_payload(wire, &cut, parts, fault);
  return err == SLIP_OK ? cut_rest(&cut, fault) : err;
}

/* vsn 1: the same as an object */
static enum slip_err cut_object(struct slip_wire wire, struct slip_payload in, struct parts *parts,
                                const char **fault) {
  const struct slip_span keys[5] = {SLIP_SPAN("join_ref"), SLIP_SPAN("ref"), SLIP_SPAN("topic"),
                                    SLIP_SPAN("event"), SLIP_SPAN("payload")};
  struct slip_json_part items[5];
  struct slip_json_cut cut;
  slip_json_cut_init(&cut, in.bytes, in.plain);
  enum slip_err err = slip_json_cut_object(&cut, keys, 5, items);
  if (err != SLIP_OK || !slip_json_cut_is_done(&cut))
    return cut_fault(err, fault);
  if (slip_span_is_absent(items[2].raw))
    return fail(fault, "an object without a topic");
  if (slip_span_is_absent(items[4].raw))
    return fail(fault, "an object without a payload");
  *parts =
      (struct parts){.join_ref = items[0], .ref = items[1], .topic = items[2], .event = items[3]};
  slip_json_cut_init(&cut, items[4].raw, items[4].plain);
  return cut_payload(wire, &cut, parts, fault);
}

/* The strings. */

/* Room for all that may be unescaped, at once: what was read first must not move any more. */
static enum slip_err reserve_scratch(const struct parts *p, struct slip_buf *scratch) {
  char *room;
  size_t most = p->join_ref.raw.size + p->ref.raw.size + p->topic.raw.size + p->event.raw.size +
                p->status.raw.size;
  return slip_buf_reserve(scratch, most - scratch->size, &room);
}

/* A string or null. The errors are those of slip_json_string_read. */
static enum slip_err read_string(const struct parts *parts, const struct slip_json_part *part,
                                 struct slip_buf *scratch, struct slip_span *out) {
  if (part->is_plain && is_string(part->raw)) {
    *out = (struct slip_span){part->raw.at + 1, part->raw.size - 2};
    return SLIP_OK;
  }
  *out = (struct slip_span){0};
  if (is_null(part->raw))
    return SLIP_OK;
  enum slip_err err = reserve_scratch(parts, scratch);
  return err == SLIP_OK ? slip_json_string_read(part->raw, scratch, out) : err;
}

static enum slip_err read_ref(const struct parts *parts, const struct slip_json_part *part,
                              struct slip_buf *scratch, struct slip_span *out) {
  if (!is_integer(part->raw))
    return read_string(parts, part, scratch, out);
  *out = part->raw;
  return SLIP_OK;
}

/* A fault in words; lack of memory stays what it is. */
static enum slip_err string_fault(enum slip_err err, const char *words, const char **fault) {
  return err == SLIP_EMALFORMED ? fail(fault, words) : err;
}

static enum slip_err read_parts(const struct parts *parts, struct slip_buf *scratch,
                                struct slip_message *m, const char **fault) {
  enum slip_err err = read_ref(parts, &parts->join_ref, scratch, &m->join_ref);
  if (err == SLIP_OK)
    err = read_ref(parts, &parts->ref, scratch, &m->ref);
  if (err != SLIP_OK)
    return string_fault(err, "a ref that is neither a string nor an integer", fault);
  err = read_string(parts, &parts->topic, scratch, &m->topic);
  if (err != SLIP_OK)
    return string_fault(err, "a topic that is not a string", fault);
  err = read_string(parts, &parts->event, scratch, &m->event);
  if (err == SLIP_OK && slip_span_is_absent(m->event))
    err = SLIP_EMALFORMED;
  if (err != SLIP_OK)
    return string_fault(err, "an event that is not a string", fault);
  err = read_string(parts, &parts->status, scratch, &m->status);
  if (err != SLIP_OK)
    return string_fault(err, "a status that is not a string", fault);
  m->payload = (struct slip_payload){
      .format = SLIP_JSON, .bytes = parts->payload.raw, .plain = parts->payload.plain};
  return SLIP_OK;
}

static enum slip_message_kind kind_of(enum slip_sender sender, const struct slip_message *m) {
  bool has_refs = !slip_span_is_absent(m->join_ref) || !slip_span_is_absent(m->ref);
  return sender == SLIP_FROM_CLIENT || has_refs ? SLIP_MESSAGE_PUSH : SLIP_MESSAGE_BROADCAST;
}

enum slip_err slip_message_text_read(struct slip_wire wire, struct slip_payload in,
                                     struct slip_buf *scratch, struct slip_message *out,
                                     const char **fault) {
  struct slip_message m;
  struct parts parts = {0};
  enum slip_err err = wire.vsn == SLIP_VSN_1 ? cut_object(wire, in, &parts, fault)
                                             : cut_array(wire, in, &parts, fault);
  if (err == SLIP_OK)
    err = read_parts(&parts, scratch, &m, fault);
  if (err != SLIP_OK)
    return err;
  m.kind = parts.is_reply ? SLIP_MESSAGE_REPLY : kind_of(wire.sender, &m);
  *out = m;
  return SLIP_OK;
}

/* ---- writing ---- */

/* Keeps the first error, so that a line of puts needs one check at its end. */
struct writer {
  struct slip_buf *out;
  enum slip_err err;
};

static void put(struct writer *w, struct slip_span bytes) {
  if (w->err == SLIP_OK)
    w->err = slip_buf_append(w->out, bytes);
}

/* A string, or null when it is absent. */
static void put_string(struct writer *w, struct slip_span text) {
  if (slip_span_is_absent(text))
    put(w, SLIP_SPAN("null"));
  else if (w->err == SLIP_OK)
    w->err = slip_json_string_write(w->out, text);
}

/* What is before a string, and the string. */
static void put_field(struct writer *w, struct slip_span before, struct slip_span text) {
  put(w, before);
  put_string(w, text);
}

/* The keys in the order of Phoenix, which is that of the alphabet. */
static void put_payload(struct writer *w, struct slip_span before, const struct slip_message *m) {
  put(w, before);
  if (m->kind != SLIP_MESSAGE_REPLY) {
    put(w, m->payload.bytes);
    return;
  }
  put(w, SLIP_SPAN("{\"response\":"));
  put(w, m->payload.bytes);
  put_field(w, SLIP_SPAN(",\"status\":"), m->status);
  put(w, SLIP_SPAN("}"));
}

static void put_array(struct writer *w, const struct slip_message *m) {
  put_field(w, SLIP_SPAN("["), m->join_ref);
  put_field(w, SLIP_SPAN(","), m->ref);
  put_field(w, SLIP_SPAN(","), m->topic);
  put_field(w, SLIP_SPAN(","), m->event);
  put_payload(w, SLIP_SPAN(","), m);
  put(w, SLIP_SPAN("]"));
}

/* What a server of vsn 1 writes: no join_ref. */
static void put_server_object(struct writer *w, const struct slip_message *m) {
  put_field(w, SLIP_SPAN("{\"event\":"), m->event);
  put_payload(w, SLIP_SPAN(",\"payload\":"), m);
  put_field(w, SLIP_SPAN(",\"ref\":"), m->ref);
  put_field(w, SLIP_SPAN(",\"topic\":"), m->topic);
  put(w, SLIP_SPAN("}"));
}

static void put_client_object(struct writer *w, const struct slip_message *m) {
  put_field(w, SLIP_SPAN("{\"topic\":"), m->topic);
  put_field(w, SLIP_SPAN(",\"event\":"), m->event);
  put_payload(w, SLIP_SPAN(",\"payload\":"), m);
  put_field(w, SLIP_SPAN(",\"ref\":"), m->ref);
  if (!slip_span_is_absent(m->join_ref))
    put_field(w, SLIP_SPAN(",\"join_ref\":"), m->join_ref);
  put(w, SLIP_SPAN("}"));
}

enum slip_err slip_message_text_write(struct slip_wire wire, const struct slip_message *message,
                                      struct slip_buf *out) {
  struct writer w = {out, SLIP_OK};
  size_t before = out->size;
  if (wire.vsn == SLIP_VSN_2)
    put_array(&w, message);
  else if (wire.sender == SLIP_FROM_SERVER)
    put_server_object(&w, message);
  else
    put_client_object(&w, message);
  if (w.err != SLIP_OK)
    slip_buf_truncate(out, before);
  return w.err;
}
