#include "script/serializer_lua.h"

#include "script/door.h"
#include "script/result.h"

#include <lauxlib.h>
#include <stddef.h>
#include <string.h>

static struct slip_serializer_box *own_of(struct slip_codec *codec) {
  return (struct slip_serializer_box *)((char *)codec -
                                        offsetof(struct slip_serializer_box, codec));
}

/* Pushes the client's userdata, and the function of its serializer. */
static void push_function(lua_State *L, const struct slip_serializer_box *own, const char *name) {
  lua_getfield(L, LUA_REGISTRYINDEX, SLIP_LIVE);
  lua_rawgetp(L, -1, &own->box);
  lua_replace(L, -2);
  lua_getiuservalue(L, -1, SLIP_CLIENT_CODEC);
  lua_getfield(L, -1, name);
  lua_replace(L, -2);
}

/* How many bytes of a text there is room for: none of a character's bytes alone. */
static size_t fitting(const char *text) {
  size_t size = strlen(text);
  if (size < SLIP_SERIALIZER_FAULT_MAX)
    return size;
  size = SLIP_SERIALIZER_FAULT_MAX - 1;
  while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
    size--;
  return size;
}

static void keep_fault(struct slip_serializer_box *own, const char *text) {
  size_t size = fitting(text);
  memcpy(own->fault, text, size);
  own->fault[size] = '\0';
}

/* Runs a body behind the door; what ends it there is a defect of ours, or want of memory. */
static enum slip_err run(struct slip_serializer_box *own, lua_CFunction body, void *context,
                         const enum slip_err *outcome) {
  own->box.is_coding = true;
  enum slip_err err = slip_door(own->box.host->L, body, NULL, context);
  own->box.is_coding = false;
  if (err == SLIP_OK)
    return *outcome;
  keep_fault(own, "the serializer failed without a word");
  return err;
}

/* Out. */

struct writing {
  struct slip_serializer_box *own;
  const struct slip_message *message;
  struct slip_buf *out;
  enum slip_format *format;
  enum slip_err outcome;
};

static int write_body(lua_State *L) {
  struct writing *w = lua_touserdata(L, 1);
  const struct slip_message *m = w->message;
  const struct slip_span fields[] = {m->join_ref, m->ref, m->topic, m->event, m->payload.bytes};
  push_function(L, w->own, "encode");
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    slip_result_push_span(L, fields[i]);
  lua_pushboolean(L, m->payload.format == SLIP_BINARY);
  lua_call(L, 6, 2);
  if (lua_type(L, -2) != LUA_TSTRING) {
    keep_fault(w->own, lua_tostring(L, -1));
    w->outcome = SLIP_ESCRIPT;
    return 0;
  }
  w->outcome = slip_buf_append(w->out, slip_result_check_span(L, -2));
  *w->format = lua_toboolean(L, -1) ? SLIP_BINARY : SLIP_JSON;
  return 0;
}

static enum slip_err write_message(struct slip_codec *codec, const struct slip_message *message,
                                   struct slip_buf *out, enum slip_format *format) {
  struct writing w = {own_of(codec), message, out, format, SLIP_ESCRIPT};
  return run(w.own, write_body, &w, &w.outcome);
}

/* In. */

struct reading {
  struct slip_serializer_box *own;
  struct slip_payload in;
  struct slip_buf *scratch;
  struct slip_message *out;
  enum slip_err outcome;
};

/* Copies the strings at `index` and behind it, of which each may be nil, to where the session has
 * them. */
static enum slip_err copy_fields(lua_State *L, int index, struct slip_buf *scratch,
                                 struct slip_span *const fields[], int count) {
  size_t size = 1; /* so that there are bytes for the empty ones */
  for (int i = 0; i < count; i++)
    size += lua_rawlen(L, index + i);
  char *at;
  enum slip_err err = slip_buf_reserve(scratch, size, &at);
  if (err != SLIP_OK)
    return err;
  for (int i = 0; i < count; i++) {
    size_t length;
    const char *text = lua_tolstring(L, index + i, &length);
    if (text == NULL)
      continue;
    *fields[i] = (struct slip_span){memcpy(at, text, length), length};
    at += length;
  }
  slip_buf_commit(scratch, size);
  return SLIP_OK;
}

static enum slip_message_kind kind_of(const struct slip_message *m) {
  if (!slip_span_is_absent(m->status))
    return SLIP_MESSAGE_REPLY;
  return slip_span_is_absent(m->join_ref) ? SLIP_MESSAGE_BROADCAST : SLIP_MESSAGE_PUSH;
}

enum { CLIENT = 2, IS_GOOD, JOIN_REF, PAYLOAD = JOIN_REF + 5 };

static int read_body(lua_State *L) {
  struct reading *r = lua_touserdata(L, 1);
  struct slip_message m = {.payload = {.format = SLIP_BINARY, .bytes = SLIP_SPAN("")}};
  struct slip_span *const fields[] = {&m.join_ref, &m.ref, &m.topic, &m.event, &m.status};
  push_function(L, r->own, "decode");
  slip_result_push_span(L, r->in.bytes);
  lua_pushboolean(L, r->in.format == SLIP_BINARY);
  lua_call(L, 2, 1 + PAYLOAD - IS_GOOD);
  if (!lua_toboolean(L, IS_GOOD)) {
    keep_fault(r->own, lua_tostring(L, JOIN_REF));
    return 0;
  }
  lua_setiuservalue(L, CLIENT, SLIP_CLIENT_AT_HAND);
  r->outcome = copy_fields(L, JOIN_REF, r->scratch, fields, PAYLOAD - JOIN_REF);
  if (r->outcome != SLIP_OK)
    return 0;
  m.kind = kind_of(&m);
  *r->out = m;
  return 0;
}

static enum slip_err read_message(struct slip_codec *codec, struct slip_payload in,
                                  struct slip_buf *scratch, struct slip_message *out,
                                  const char **fault) {
  struct reading r = {own_of(codec), in, scratch, out, SLIP_EMALFORMED};
  enum slip_err err = run(r.own, read_body, &r, &r.outcome);
  if (err != SLIP_OK && err != SLIP_ENOMEM)
    *fault = r.own->fault;
  return err;
}

struct slip_codec *slip_serializer_init(struct slip_serializer_box *own) {
  own->box.has_serializer = true;
  own->codec = (struct slip_codec){read_message, write_message, own->fault};
  return &own->codec;
}

const char *slip_serializer_fault(const struct slip_client_box *box) {
  return ((const struct slip_serializer_box *)box)->fault;
}
