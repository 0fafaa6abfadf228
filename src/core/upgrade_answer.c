#include "core/http_body.h"
#include "core/http_header.h"
#include "core/limits.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

#define NONCE_SIZE 16
#define KEY_SIZE 24    /* the nonce in base64 */
#define ACCEPT_SIZE 28 /* a SHA-1 in base64 */

enum phase {
  READING_HEAD,
  READING_BODY, /* of a refusal */
  ACCEPTED,
  REFUSED,
};

struct slip_upgrade_reader {
  struct slip_buf text;      /* the head, and behind it what is kept of a body */
  struct slip_buf protocols; /* those that were offered */
  size_t line_at;            /* where in `text` the last line of the head begins */
  size_t head_size;          /* once it is whole */
  struct slip_http_body body;
  enum phase phase;
  enum slip_err err; /* of the last feed */
  const char *fault;
  uint16_t status;
  unsigned char accept[ACCEPT_SIZE + 1]; /* the answer to our key; EVP_EncodeBlock writes a NUL */
};

/* RFC 6455 section 4.2.2: what only a server that knows WebSockets makes of our key. */
static bool compute_accept(const uint8_t nonce[NONCE_SIZE], unsigned char *accept) {
  static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char text[KEY_SIZE + sizeof guid];
  unsigned char digest[SHA_DIGEST_LENGTH];
  EVP_EncodeBlock(text, nonce, NONCE_SIZE);
  memcpy(text + KEY_SIZE, guid, sizeof guid);
  if (SHA1(text, sizeof text - 1, digest) == NULL)
    return false;
  EVP_EncodeBlock(accept, digest, sizeof digest);
  return true;
}

enum slip_err slip_upgrade_reader_new(const struct slip_upgrade_request *request,
                                      struct slip_upgrade_reader **out) {
  struct slip_upgrade_reader *r = calloc(1, sizeof *r);
  if (r == NULL)
    return SLIP_ENOMEM;
  slip_buf_init(&r->text, SLIP_UPGRADE_HEAD_MAX + SLIP_UPGRADE_BODY_MAX);
  if (!compute_accept(request->nonce, r->accept) ||
      slip_buf_append(&r->protocols, request->protocols) != SLIP_OK) {
    slip_upgrade_reader_free(r);
    return SLIP_ENOMEM;
  }
  *out = r;
  return SLIP_OK;
}

void slip_upgrade_reader_free(struct slip_upgrade_reader *r) {
  if (r == NULL)
    return;
  slip_buf_clear(&r->text);
  slip_buf_clear(&r->protocols);
  free(r);
}

static enum slip_err fail(struct slip_upgrade_reader *r, enum slip_err err, const char *fault) {
  r->fault = fault;
  return err;
}

static enum slip_err keep(struct slip_upgrade_reader *r, struct slip_span bytes) {
  enum slip_err err = slip_buf_append(&r->text, bytes);
  return err == SLIP_OK ? SLIP_OK : fail(r, err, "no memory for the server's answer");
}

/* The status line; *headers are the lines behind it. */
static struct slip_span status_line(const struct slip_upgrade_reader *r,
                                    struct slip_span *headers) {
  struct slip_span line = {0};
  *headers = (struct slip_span){slip_buf_span(&r->text).at, r->line_at};
  slip_http_line_next(headers, &line);
  return line;
}

/* "HTTP/1.1 101 Switching Protocols"; the reason, and the space before it, may be missing. */
static bool read_status(struct slip_span line, uint16_t *status) {
  static const char form[] = "HTTP/1.# ###"; /* '#' stands for a digit */
  if (line.size < sizeof form - 1 || !slip_http_is_value(line))
    return false;
  for (size_t i = 0; form[i] != '\0'; i++) {
    bool is_digit = line.at[i] >= '0' && line.at[i] <= '9';
    if (form[i] == '#' ? !is_digit : line.at[i] != form[i])
      return false;
  }
  const char *digits = line.at + 9;
  *status = (uint16_t)((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0'));
  return *status >= 100 && (line.size == sizeof form - 1 || line.at[12] == ' ');
}

static bool are_headers(struct slip_span lines) {
  struct slip_span line;
  struct slip_header header;
  while (slip_http_line_next(&lines, &line))
    if (!slip_http_header_read(line, &header))
      return false;
  return true;
}

static bool is_offered(const struct slip_upgrade_reader *r, struct slip_span protocol) {
  struct slip_span offered = slip_buf_span(&r->protocols);
  struct slip_span item;
  while (slip_http_item_next(&offered, &item))
    if (slip_span_is_equal(item, protocol))
      return true;
  return false;
}

static const char *fault_of_accept(const struct slip_upgrade_reader *r, struct slip_span headers) {
  struct slip_span name = SLIP_SPAN("Sec-WebSocket-Accept");
  struct slip_span wanted = {(const char *)r->accept, ACCEPT_SIZE};
  if (slip_http_header_count(headers, name) != 1)
    return "the server switched protocols without one Sec-WebSocket-Accept";
  if (!slip_span_is_equal(slip_upgrade_header(headers, name), wanted))
    return "the server's Sec-WebSocket-Accept does not answer our key";
  return NULL;
}

static const char *fault_of_choice(const struct slip_upgrade_reader *r, struct slip_span headers) {
  struct slip_span protocol = SLIP_SPAN("Sec-WebSocket-Protocol");
  if (slip_upgrade_header(headers, SLIP_SPAN("Sec-WebSocket-Extensions")).size > 0)
    return "the server chose an extension that was not offered";
  size_t count = slip_http_header_count(headers, protocol);
  if (count > 1)
    return "the server chose more than one subprotocol";
  if (count == 1 && !is_offered(r, slip_upgrade_header(headers, protocol)))
    return "the server chose a subprotocol that was not offered";
  return NULL;
}

/* Refusals may come in HTTP/1.0, from a proxy for instance. */
static bool is_http_1_0(const struct slip_upgrade_reader *r) {
  return slip_buf_span(&r->text).at[sizeof "HTTP/1." - 1] == '0';
}

/* RFC 6455 section 4.1: what makes a 101 an answer to us. */
static const char *fault_of_switch(const struct slip_upgrade_reader *r, struct slip_span headers) {
  if (is_http_1_0(r))
    return "the server switched protocols in HTTP/1.0, which has no upgrade";
  if (!slip_http_header_lists(headers, SLIP_SPAN("Upgrade"), SLIP_SPAN("websocket")))
    return "the server switched protocols without the header Upgrade: websocket";
  if (!slip_http_header_lists(headers, SLIP_SPAN("Connection"), SLIP_SPAN("Upgrade")))
    return "the server switched protocols without the header Connection: Upgrade";
  const char *fault = fault_of_accept(r, headers);
  return fault != NULL ? fault : fault_of_choice(r, headers);
}

static void begin_body(struct slip_upgrade_reader *r, struct slip_span headers) {
  slip_http_body_init(&r->body, r->status, headers);
  r->phase = slip_http_body_is_done(&r->body) ? REFUSED : READING_BODY;
}

/* An answer in between, such as 103 Early Hints: the one that counts follows. */
static void skip_interim(struct slip_upgrade_reader *r) {
  slip_buf_truncate(&r->text, 0);
  r->line_at = 0;
}

static enum slip_err end_head(struct slip_upgrade_reader *r) {
  struct slip_span headers;
  r->head_size = r->text.size;
  if (!read_status(status_line(r, &headers), &r->status))
    return fail(r, SLIP_EMALFORMED, "the server's answer has a malformed status line");
  if (!are_headers(headers))
    return fail(r, SLIP_EMALFORMED, "the server's answer has a malformed header line");
  const char *fault = r->status == 101 ? fault_of_switch(r, headers) : NULL;
  if (fault != NULL)
    return fail(r, SLIP_EMALFORMED, fault);
  if (r->status == 101)
    r->phase = ACCEPTED;
  else if (r->status < 200)
    skip_interim(r);
  else
    begin_body(r, headers);
  return SLIP_OK;
}

/* Tells at the first bytes, as a server that does not speak HTTP may never end its line. */
static bool may_be_http(const struct slip_upgrade_reader *r, struct slip_span next) {
  static const char begin[] = "HTTP/1.";
  size_t at = r->text.size;
  for (size_t i = 0; i < next.size && at + i < sizeof begin - 1; i++)
    if (next.at[i] != begin[at + i])
      return false;
  return true;
}

/* What came instead of HTTP. A record of TLS begins with its type: 21, an alert, answers what is no
 * handshake. */
static const char *words_for_other(const struct slip_upgrade_reader *r, struct slip_span piece) {
  if (r->text.size == 0 && piece.at[0] == 21)
    return "the server answered with TLS, not HTTP/1.1; its URI must begin with wss";
  return "the server answered with something that is not HTTP/1.1";
}

/* Reads to the end of a line and no further, so that what is behind the head stays in *in. */
static enum slip_err read_line(struct slip_upgrade_reader *r, struct slip_span *in) {
  const char *end = memchr(in->at, '\n', in->size);
  struct slip_span piece = {in->at, end != NULL ? (size_t)(end - in->at) + 1 : in->size};
  if (!may_be_http(r, piece))
    return fail(r, SLIP_EMALFORMED, words_for_other(r, piece));
  if (piece.size > SLIP_UPGRADE_HEAD_MAX - r->text.size)
    return fail(r, SLIP_ETOOBIG, "the head of the server's answer is over 64 KiB");
  enum slip_err err = keep(r, piece);
  *in = slip_span_skip(*in, piece.size);
  if (err != SLIP_OK || end == NULL)
    return err;
  struct slip_span rest = slip_span_skip(slip_buf_span(&r->text), r->line_at);
  struct slip_span line = {0};
  slip_http_line_next(&rest, &line);
  if (line.size == 0)
    return end_head(r);
  r->line_at = r->text.size;
  return SLIP_OK;
}

static enum slip_err read_body(struct slip_upgrade_reader *r, struct slip_span *in) {
  struct slip_span data;
  while (r->phase == READING_BODY && slip_http_body_next(&r->body, in, &data)) {
    size_t room = r->head_size + SLIP_UPGRADE_BODY_MAX - r->text.size;
    enum slip_err err = keep(r, (struct slip_span){data.at, data.size < room ? data.size : room});
    if (err != SLIP_OK)
      return err;
    if (data.size >= room)
      r->phase = REFUSED;
  }
  if (slip_http_body_is_done(&r->body))
    r->phase = REFUSED;
  return SLIP_OK;
}

static enum slip_upgrade_verdict verdict_of(enum phase phase) {
  switch (phase) {
  case ACCEPTED:
    return SLIP_UPGRADE_ACCEPTED;
  case REFUSED:
    return SLIP_UPGRADE_REFUSED;
  default:
    return SLIP_UPGRADE_UNFINISHED;
  }
}

enum slip_err slip_upgrade_reader_feed(struct slip_upgrade_reader *r, struct slip_span *in,
                                       enum slip_upgrade_verdict *verdict) {
  while (r->err == SLIP_OK && r->phase == READING_HEAD && in->size > 0)
    r->err = read_line(r, in);
  if (r->err == SLIP_OK && r->phase == READING_BODY)
    r->err = read_body(r, in);
  if (r->err == SLIP_OK)
    *verdict = verdict_of(r->phase);
  return r->err;
}

bool slip_upgrade_reader_end(struct slip_upgrade_reader *r) {
  if (r->err == SLIP_OK && r->phase == READING_BODY)
    r->phase = REFUSED;
  return r->err == SLIP_OK && r->phase == REFUSED;
}

void slip_upgrade_reader_answer(const struct slip_upgrade_reader *r,
                                struct slip_upgrade_answer *out) {
  struct slip_span headers;
  struct slip_span line = status_line(r, &headers);
  *out = (struct slip_upgrade_answer){
      .status = r->status,
      .reason = slip_span_skip(line, line.size > 12 ? 13 : line.size),
      .headers = headers,
      .body = slip_span_skip(slip_buf_span(&r->text), r->head_size),
  };
  if (r->phase == ACCEPTED)
    out->protocol = slip_upgrade_header(headers, SLIP_SPAN("Sec-WebSocket-Protocol"));
}

const char *slip_upgrade_reader_fault(const struct slip_upgrade_reader *r) {
  return r->fault;
}
