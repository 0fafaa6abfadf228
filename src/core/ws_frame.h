#ifndef SLIP_CORE_WS_FRAME_H
#define SLIP_CORE_WS_FRAME_H
/*
 * Ws_frame: RFC 6455 frames in the client's role: reads what a server sends,
 * message by message, and writes what a client sends, masked.
 *
 * Pure. The reader owns one buffer for what comes in pieces; it grows as the bytes
 * come, whatever length is announced, and is freed when the message has been taken:
 * an idle reader owns nothing.
 */
#include "core/buf.h"
#include "core/plain.h"
#include "core/utf8.h"

#include <stdint.h>

enum slip_ws_kind {
  SLIP_WS_TEXT = 0x1,
  SLIP_WS_BINARY = 0x2,
  SLIP_WS_CLOSE = 0x8,
  SLIP_WS_PING = 0x9,
  SLIP_WS_PONG = 0xA,
};

/* The longest header of a frame that we write. */
#define SLIP_WS_HEAD_MAX 14u

/* Close codes (RFC 6455 section 7.4.1 and the IANA registry). */
enum slip_ws_code {
  SLIP_WS_NORMAL = 1000,
  SLIP_WS_GOING_AWAY = 1001,
  SLIP_WS_PROTOCOL_ERROR = 1002,
  SLIP_WS_NO_CODE = 1005, /* never on the wire: the close frame was empty */
  SLIP_WS_BAD_DATA = 1007,
  SLIP_WS_TOO_BIG = 1009,
  SLIP_WS_INTERNAL_ERROR = 1011,
};

/* A whole message or control frame. */
struct slip_ws_message {
  enum slip_ws_kind kind;
  struct slip_span data;  /* of a CLOSE: its text, checked to be UTF-8 */
  struct slip_span plain; /* of a TEXT in pieces: a plain stretch (plain.h) of `data`, or absent */
  uint16_t code;          /* of a CLOSE; SLIP_WS_NO_CODE when it had none */
  bool is_compressed;     /* as it came: `data` is still packed, its text not checked */
};

/* Sits in every client, so it is small; the fields are its own. */
struct slip_ws_reader {
  struct slip_buf message;     /* the data message in pieces, behind it a control frame in pieces */
  uint32_t max;                /* the most bytes of a data message */
  uint32_t left;               /* payload bytes of the current frame still to come */
  struct slip_plain_run plain; /* of the data message in pieces, if it is text */
  const char *fault;           /* why the last `next` failed, in words; static; NULL before */
  uint8_t head[10];            /* a header that is not whole yet; never a mask, so never longer */
  uint8_t head_size;
  uint8_t control_size;   /* how much of `message`, at its end, is a control frame's */
  uint8_t opcode;         /* of the current frame */
  uint8_t kind;           /* of the data message under way; 0 for none */
  uint8_t err;            /* of the last `next`; an enum slip_err */
  bool is_final;          /* the current frame */
  bool may_be_compressed; /* RSV1 is allowed where RFC 7692 has it */
  bool is_compressed;     /* the data message under way */
  bool is_text;           /* it is one, to be checked as it comes */
  bool is_taken;          /* what was handed out lies in `message`; given back at the next call */
  struct slip_utf8 utf8;  /* of a text under way; at a beginning again when the text is whole */
};

/* `max_message` 0: no limit but the buffer's (buf.h). */
void slip_ws_reader_init(struct slip_ws_reader *r, size_t max_message);
void slip_ws_reader_clear(struct slip_ws_reader *r);
/* Until it is cleared: permessage-deflate was agreed on, so data messages may be compressed. */
void slip_ws_reader_allow_compressed(struct slip_ws_reader *r);

/*
 * Reads from the front of *in, and moves *in past what it has read, until a message
 * is whole (*has true, *out filled) or the bytes are used up (*has false). A message
 * that lies whole in *in is handed out where it lies, without a copy; *out is borrowed
 * until the next call on the reader or the end of the bytes fed, whichever is sooner.
 * Text is checked to be UTF-8, as early as a piece shows that it is not, unless it is compressed.
 *
 * SLIP_EMALFORMED (close with 1002): a masked frame, reserved bits or opcodes, a
 *   fragmented or long control frame, a length not in its shortest form or over 63
 *   bits, a continuation of nothing, an illegal close code or one-byte close.
 * SLIP_EUTF8 (1007). SLIP_ETOOBIG (1009): refused by the header, before the bytes come.
 * SLIP_ENOMEM. `r->fault` says which in words. After an error the reader reads no more and gives
 * the same error again, until it is cleared.
 */
SLIP_CHECKED enum slip_err slip_ws_reader_next(struct slip_ws_reader *r, struct slip_span *in,
                                               struct slip_ws_message *out, bool *has);
/*
 * What a message came to, this frame and those before it, that `next` refused with SLIP_ETOOBIG by
 * a header; *is_all: no more of it was to come. False: it was not that.
 */
bool slip_ws_reader_refused(const struct slip_ws_reader *r, uint64_t *size, bool *is_all);
/*
 * In the middle of a large data frame: where the bytes that come next had best be read to, *size of
 * them at most, so that the reader need not copy them; they are fed to it as all others are.
 * Borrowed until the next call on the reader. NULL otherwise.
 */
char *slip_ws_reader_room(const struct slip_ws_reader *r, size_t *size);
/* The close code to answer an error of `next` with; SLIP_WS_INTERNAL_ERROR when out of memory. */
uint16_t slip_ws_code_for(enum slip_err err);
/* Whether a code may stand in a close frame: 1000-1003, 1007-1014, 3000-4999. */
bool slip_ws_code_is_legal(uint16_t code);

/*
 * Copies bytes under the mask (RFC 6455 section 5.3), whose bytes are in the order of memory; the
 * same takes it off again. `to` may lie before `from` in the same memory, by any distance.
 */
void slip_ws_mask(char *to, const char *from, size_t size, uint32_t mask);
/* Appends a whole, final, masked frame. SLIP_ETOOBIG: over the buffer's maximum. SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_ws_frame_write(struct slip_buf *out, enum slip_ws_kind kind,
                                               struct slip_span data, uint32_t mask);
/*
 * The same without a copy for a payload that is written straight into `out`: `open` leaves
 * room for a header and gives its place; append the payload to `out`, and drop nothing from it;
 * `seal` writes the header, masks the payload and moves it to where the header ends. `cancel` takes
 * all since `open` off again. SLIP_ETOOBIG, SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_ws_frame_open(struct slip_buf *out, size_t *place);
void slip_ws_frame_seal(struct slip_buf *out, size_t place, enum slip_ws_kind kind, uint32_t mask);
void slip_ws_frame_cancel(struct slip_buf *out, size_t place);
/* Between `open` and `seal`: the payload so far, borrowed until `out` changes; and another, which
 * is the same compressed, in its place: its header says so, and `seal` keeps that. SLIP_ETOOBIG,
 * SLIP_ENOMEM. */
struct slip_span slip_ws_frame_payload(const struct slip_buf *out, size_t place);
SLIP_CHECKED enum slip_err slip_ws_frame_compress(struct slip_buf *out, size_t place,
                                                  struct slip_span packed);
/*
 * The same where the payload lies already: all that `body` holds from `from` on, which is at least
 * SLIP_WS_HEAD_MAX. `out`, which is empty, takes the memory of `body`, and that gets its.
 */
void slip_ws_frame_take(struct slip_buf *out, struct slip_buf *body, size_t from,
                        enum slip_ws_kind kind, uint32_t mask);
/* What of a text fits in a close frame: its first 123 bytes, cut between characters. */
struct slip_span slip_ws_close_text(struct slip_span text);
/*
 * Appends a close frame; `code` SLIP_WS_NO_CODE makes an empty one. The text is cut as by
 * slip_ws_close_text. SLIP_EINVAL: a code that may not be sent, or a text
 * without a code. SLIP_EUTF8: a text that is not UTF-8. SLIP_ETOOBIG, SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_ws_close_write(struct slip_buf *out, uint16_t code,
                                               struct slip_span text, uint32_t mask);

#endif
