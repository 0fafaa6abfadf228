#include "core/ws_frame.h"

/* RFC 6455 section 5.2: what the first two bytes of a frame hold. */
enum {
  FINAL = 0x80,
  RESERVED = 0x70,
  COMPRESSED = 0x40, /* RSV1 (RFC 7692 section 6) */
  OPCODE = 0x0F,
  MASKED = 0x80,
  LENGTH = 0x7F,
  LENGTH_IN_16_BITS = 126,
  LENGTH_IN_64_BITS = 127,
  CONTROL_MAX = 125,
};

#define CONTINUATION 0x0
/* What is in pieces up to this size is no large message. */
#define ROOM_FROM (32u * 1024)

static bool is_control(uint8_t opcode) {
  return (opcode & 0x8) != 0;
}

void slip_ws_reader_init(struct slip_ws_reader *r, size_t max_message) {
  bool is_limited = max_message > 0 && max_message < UINT32_MAX;
  *r = (struct slip_ws_reader){.max = is_limited ? (uint32_t)max_message : UINT32_MAX};
}

void slip_ws_reader_clear(struct slip_ws_reader *r) {
  slip_buf_clear(&r->message);
  slip_ws_reader_init(r, r->max);
}

/* Gives what the last call handed out back, and keeps a message that is still under way. */
static void release(struct slip_ws_reader *r) {
  if (!r->is_taken)
    return;
  slip_buf_truncate(&r->message, r->message.size - r->control_size);
  r->control_size = 0;
  r->is_taken = false;
  if (r->kind == 0)
    slip_buf_clear(&r->message);
}

/* Moves bytes from *in to the header until there are `need`; false while there are fewer. */
static bool gather(struct slip_ws_reader *r, struct slip_span *in, size_t need) {
  size_t count = need - r->head_size;
  if (count > in->size)
    count = in->size;
  if (count > 0)
    memcpy(r->head + r->head_size, in->at, count);
  r->head_size = (uint8_t)(r->head_size + count);
  *in = slip_span_skip(*in, count);
  return r->head_size == need;
}

static const char *fault_of_control(const uint8_t head[2]) {
  if ((head[0] & FINAL) == 0)
    return "a control frame in fragments";
  if ((head[1] & LENGTH) > CONTROL_MAX)
    return "a control frame of more than 125 bytes";
  return NULL;
}

void slip_ws_reader_allow_compressed(struct slip_ws_reader *r) {
  r->may_be_compressed = true;
}

/* RFC 7692 section 6: RSV1 of a message's first frame alone, and of no control frame. */
static bool is_reserved_used(const struct slip_ws_reader *r, uint8_t opcode) {
  return (r->head[0] & RESERVED) == COMPRESSED && r->may_be_compressed &&
         (opcode == SLIP_WS_TEXT || opcode == SLIP_WS_BINARY);
}

static const char *fault_of_start(const struct slip_ws_reader *r) {
  uint8_t opcode = r->head[0] & OPCODE;
  if ((r->head[0] & RESERVED) != 0 && !is_reserved_used(r, opcode))
    return "a frame with reserved bits set";
  if ((r->head[1] & MASKED) != 0)
    return "a masked frame from the server";
  if (is_control(opcode))
    return opcode > SLIP_WS_PONG ? "a frame with a reserved opcode" : fault_of_control(r->head);
  if (opcode > SLIP_WS_BINARY)
    return "a frame with a reserved opcode";
  if (opcode == CONTINUATION && r->kind == 0)
    return "a continuation of no message";
  if (opcode != CONTINUATION && r->kind != 0)
    return "a new message inside an unfinished one";
  return NULL;
}

static size_t length_size(uint8_t length) {
  return length == LENGTH_IN_64_BITS ? 8 : length == LENGTH_IN_16_BITS ? 2 : 0;
}

static uint64_t read_number(const uint8_t *at, size_t size) {
  uint64_t number = 0;
  for (size_t i = 0; i < size; i++)
    number = number << 8 | at[i];
  return number;
}

/* Of a header that is whole. */
static uint64_t length_of(const struct slip_ws_reader *r) {
  size_t field = length_size(r->head[1] & LENGTH);
  return field == 0 ? r->head[1] & LENGTH : read_number(r->head + 2, field);
}

static const char *fault_of_length(size_t field, uint64_t length) {
  if (length >> 63 != 0)
    return "a frame length of more than 63 bits";
  if ((field == 2 && length < LENGTH_IN_16_BITS) || (field == 8 && length <= UINT16_MAX))
    return "a frame length that is not in its shortest form";
  return NULL;
}

static enum slip_err malformed(struct slip_ws_reader *r, const char *fault) {
  r->fault = fault;
  return SLIP_EMALFORMED;
}

static enum slip_err not_utf8(struct slip_ws_reader *r) {
  r->fault =
      r->opcode == SLIP_WS_CLOSE ? "a close text that is not UTF-8" : "text that is not UTF-8";
  return SLIP_EUTF8;
}

static const char over_limit[] = "a message over the limit";

bool slip_ws_reader_refused(const struct slip_ws_reader *r, uint64_t *size, bool *is_all) {
  if (r->fault != over_limit)
    return false;
  *size = r->message.size + length_of(r);
  *is_all = r->is_final;
  return true;
}

/* Starts the frame whose header is whole. */
static enum slip_err begin_frame(struct slip_ws_reader *r, uint64_t length) {
  r->opcode = r->head[0] & OPCODE;
  r->is_final = (r->head[0] & FINAL) != 0;
  r->head_size = 0;
  if (!is_control(r->opcode) && length > r->max - r->message.size) {
    r->fault = over_limit;
    return SLIP_ETOOBIG;
  }
  r->left = (uint32_t)length;
  if (is_control(r->opcode) || r->opcode == CONTINUATION)
    return SLIP_OK;
  r->kind = r->opcode;
  r->plain = (struct slip_plain_run){0};
  r->is_compressed = (r->head[0] & RESERVED) != 0;
  r->is_text = r->kind == SLIP_WS_TEXT && !r->is_compressed;
  return SLIP_OK;
}

/* Reads a header; *has says whether it is whole, so that the payload begins. */
static enum slip_err read_head(struct slip_ws_reader *r, struct slip_span *in, bool *has) {
  *has = false;
  if (r->head_size < 2 && !gather(r, in, 2))
    return SLIP_OK;
  const char *fault = fault_of_start(r);
  if (fault != NULL)
    return malformed(r, fault);
  size_t field = length_size(r->head[1] & LENGTH);
  if (!gather(r, in, 2 + field))
    return SLIP_OK;
  uint64_t length = length_of(r);
  fault = fault_of_length(field, length);
  if (fault != NULL)
    return malformed(r, fault);
  *has = true;
  return begin_frame(r, length);
}

/* Of a data frame so much of which has come that its length is more than a claim: there is room for
 * all of it at once, which then is copied nowhere. */
static bool is_worth_room(const struct slip_ws_reader *r, size_t size) {
  return !is_control(r->opcode) && size >= ROOM_FROM;
}

/* Puts a piece of the current frame's payload behind what there is. */
static enum slip_err append(struct slip_ws_reader *r, struct slip_span piece) {
  size_t more = is_worth_room(r, r->message.size + piece.size) ? r->left : 0;
  char *room;
  enum slip_err err = slip_buf_reserve(&r->message, piece.size + more, &room);
  if (err != SLIP_OK) {
    r->fault = "no memory for a message";
    return err;
  }
  if (piece.at != room && piece.size > 0) /* it was read into the room itself, perhaps */
    memcpy(room, piece.at, piece.size);
  slip_buf_commit(&r->message, piece.size);
  return SLIP_OK;
}

/* Looks at a piece of text while it is in the cache. False: it is not UTF-8. */
static bool check_text(struct slip_ws_reader *r, struct slip_span piece) {
  bool is_ascii = slip_plain_run_feed(&r->plain, r->message.size, piece, r->left);
  return (is_ascii && slip_utf8_is_whole(&r->utf8)) || slip_utf8_feed(&r->utf8, piece);
}

/* The same, checking text on the way. */
static enum slip_err keep(struct slip_ws_reader *r, struct slip_span piece) {
  if (is_control(r->opcode))
    r->control_size = (uint8_t)(r->control_size + piece.size);
  else if (r->is_text && !check_text(r, piece))
    return not_utf8(r);
  return append(r, piece);
}

char *slip_ws_reader_room(const struct slip_ws_reader *r, size_t *size) {
  const struct slip_buf *b = &r->message;
  size_t room = b->room - b->head - b->size;
  if (r->err != SLIP_OK || r->left == 0 || !is_worth_room(r, b->size) || room == 0)
    return NULL;
  *size = r->left < room ? r->left : room;
  return b->memory + b->head + b->size;
}

static enum slip_err read_close(struct slip_ws_reader *r, struct slip_ws_message *out) {
  out->code = SLIP_WS_NO_CODE;
  if (out->data.size == 0)
    return SLIP_OK;
  if (out->data.size == 1)
    return malformed(r, "a close frame with half a code");
  out->code = (uint16_t)read_number((const uint8_t *)out->data.at, 2);
  out->data = slip_span_skip(out->data, 2);
  if (!slip_ws_code_is_legal(out->code))
    return malformed(r, "a close frame with a code that may not be sent");
  return slip_utf8_is_valid(out->data) ? SLIP_OK : not_utf8(r);
}

/* A control frame is whole: `rest` is what of it is not yet kept. */
static enum slip_err end_control(struct slip_ws_reader *r, struct slip_span rest,
                                 struct slip_ws_message *out) {
  struct slip_span data = rest;
  if (r->control_size > 0) {
    enum slip_err err = keep(r, rest);
    if (err != SLIP_OK)
      return err;
    data = slip_buf_span(&r->message);
    data = slip_span_skip(data, data.size - r->control_size);
    r->is_taken = true;
  }
  *out = (struct slip_ws_message){.kind = r->opcode, .data = data};
  return r->opcode == SLIP_WS_CLOSE ? read_close(r, out) : SLIP_OK;
}

/* The final frame of a data message is whole: `rest` is what of it is not yet kept. */
static enum slip_err end_message(struct slip_ws_reader *r, struct slip_span rest,
                                 struct slip_ws_message *out) {
  *out = (struct slip_ws_message){.kind = r->kind, .data = rest, .is_compressed = r->is_compressed};
  if (r->message.size > 0) {
    enum slip_err err = keep(r, rest);
    if (err != SLIP_OK)
      return err;
    out->data = slip_buf_span(&r->message);
    out->plain = slip_plain_run_span(&r->plain, out->data);
    r->is_taken = true;
  } else if (r->is_text && !slip_utf8_feed(&r->utf8, rest)) {
    return not_utf8(r);
  }
  if (r->is_text && !slip_utf8_is_whole(&r->utf8))
    return not_utf8(r);
  r->kind = 0;
  return SLIP_OK;
}

/* Reads payload of the current frame; *has says whether that made something whole. */
static enum slip_err read_payload(struct slip_ws_reader *r, struct slip_span *in,
                                  struct slip_ws_message *out, bool *has) {
  size_t count = r->left < in->size ? r->left : in->size;
  struct slip_span piece = {in->at, count};
  *in = slip_span_skip(*in, count);
  r->left -= (uint32_t)count;
  if (r->left > 0 || !r->is_final)
    return keep(r, piece);
  *has = true;
  return is_control(r->opcode) ? end_control(r, piece, out) : end_message(r, piece, out);
}

static enum slip_err read_frames(struct slip_ws_reader *r, struct slip_span *in,
                                 struct slip_ws_message *out, bool *has) {
  for (;;) {
    bool has_head = r->left > 0;
    enum slip_err err = has_head ? SLIP_OK : read_head(r, in, &has_head);
    if (err != SLIP_OK || !has_head)
      return err;
    err = read_payload(r, in, out, has);
    if (err != SLIP_OK || *has || r->left > 0)
      return err;
  }
}

enum slip_err slip_ws_reader_next(struct slip_ws_reader *r, struct slip_span *in,
                                  struct slip_ws_message *out, bool *has) {
  struct slip_ws_message message;
  bool has_message = false;
  if (r->err != SLIP_OK)
    return r->err;
  release(r);
  r->err = (uint8_t)read_frames(r, in, &message, &has_message);
  if (r->err != SLIP_OK)
    return r->err;
  *has = has_message;
  if (has_message)
    *out = message;
  return SLIP_OK;
}

uint16_t slip_ws_code_for(enum slip_err err) {
  switch (err) {
  case SLIP_EMALFORMED:
    return SLIP_WS_PROTOCOL_ERROR;
  case SLIP_EUTF8:
    return SLIP_WS_BAD_DATA;
  case SLIP_ETOOBIG:
    return SLIP_WS_TOO_BIG;
  default:
    return SLIP_WS_INTERNAL_ERROR;
  }
}

bool slip_ws_code_is_legal(uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}
