#include "core/http_body.h"
#include "core/http_head.h"
#include "core/http_header.h"
#include "core/limits.h"

/* The SHA-1 of today's interface is looked up by its name for each use, at ten times its cost. */
#define OPENSSL_API_COMPAT 10100
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

enum phase {
  READING_HEAD,
  READING_BODY, /* of a refusal */
  ACCEPTED,
  REFUSED,
};

struct slip_upgrade_reader {
  struct slip_http_head head;
  struct slip_buf text;      /* what is kept of a body */
  struct slip_buf protocols; /* those that were offered */
  struct slip_extension offer;
  struct slip_extension agreed;
  struct slip_span protocol; /* that was agreed on, in the head; absent when none */
  struct slip_http_body body;
  enum phase phase;
  enum slip_err err; /* of the last feed */
  const char *fault;
  unsigned char accept[SLIP_UPGRADE_ACCEPT_SIZE + 1]; /* the answer to our key */
};

void slip_upgrade_accept(struct slip_span key, unsigned char accept[SLIP_UPGRADE_ACCEPT_SIZE + 1]) {
  static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA_CTX sha;
  SHA1_Init(&sha);
  SHA1_Update(&sha, key.at, key.size);
  SHA1_Update(&sha, guid, sizeof guid - 1);
  SHA1_Final(digest, &sha);
  EVP_EncodeBlock(accept, digest, sizeof digest);
}

/* What the answer has to fit to. */
static enum slip_err read_request(struct slip_upgrade_reader *r, struct slip_span request) {
  struct slip_span line;
  struct slip_header header;
  enum slip_err err = SLIP_OK;
  (void)slip_http_line_next(&request, &line); /* what follows are headers */
  while (err == SLIP_OK && slip_upgrade_header_next(&request, &header)) {
    if (slip_http_is_same(header.name, SLIP_SPAN("Sec-WebSocket-Key")))
      slip_upgrade_accept(header.value, r->accept);
    else if (slip_http_is_same(header.name, SLIP_SPAN("Sec-WebSocket-Protocol")))
      err = slip_buf_append(&r->protocols, header.value);
  }
  return err;
}

enum slip_err slip_upgrade_reader_new(struct slip_span request, const struct slip_extension *offer,
                                      struct slip_upgrade_reader **out) {
  struct slip_upgrade_reader *r = calloc(1, sizeof *r);
  if (r == NULL)
    return SLIP_ENOMEM;
  slip_http_head_init(&r->head, SLIP_UPGRADE_HEAD_MAX);
  r->offer = *offer;
  if (read_request(r, request) != SLIP_OK) {
    slip_upgrade_reader_free(r);
    return SLIP_ENOMEM;
  }
  *out = r;
  return SLIP_OK;
}

void slip_upgrade_reader_free(struct slip_upgrade_reader *r) {
  if (r == NULL)
    return;
  slip_http_head_clear(&r->head);
  slip_buf_clear(&r->text);
  slip_buf_clear(&r->protocols);
  free(r);
}

static enum slip_err fail(struct slip_upgrade_reader *r, enum slip_err err, const char *fault) {
  r->fault = fault;
  return err;
}

static bool is_offered(const struct slip_upgrade_reader *r, struct slip_span protocol) {
  struct slip_span offered = slip_buf_span(&r->protocols);
  struct slip_span item;
  while (slip_http_item_next(&offered, &item))
    if (slip_span_is_equal(item, protocol))
      return true;
  return false;
}

/* What the headers of a 101 say of the switch itself. */
struct claims {
  bool is_websocket;
  bool is_upgrade;
  struct slip_span accept;
  struct slip_span protocol;
  size_t accept_count;
  size_t protocol_count;
};

static void note(struct claims *claims, const struct slip_header *header) {
  if (slip_http_is_same(header->name, SLIP_SPAN("Upgrade"))) {
    claims->is_websocket |= slip_http_lists(header->value, SLIP_SPAN("websocket"));
  } else if (slip_http_is_same(header->name, SLIP_SPAN("Connection"))) {
    claims->is_upgrade |= slip_http_lists(header->value, SLIP_SPAN("Upgrade"));
  } else if (slip_http_is_same(header->name, SLIP_SPAN("Sec-WebSocket-Accept"))) {
    claims->accept = header->value;
    claims->accept_count++;
  } else if (slip_http_is_same(header->name, SLIP_SPAN("Sec-WebSocket-Protocol"))) {
    claims->protocol = header->value;
    claims->protocol_count++;
  }
}

static struct claims claims_of(struct slip_span headers) {
  struct claims claims = {0};
  struct slip_header header;
  while (slip_upgrade_header_next(&headers, &header))
    note(&claims, &header);
  return claims;
}

static const char *fault_of_accept(const struct slip_upgrade_reader *r,
                                   const struct claims *claims) {
  struct slip_span wanted = {(const char *)r->accept, SLIP_UPGRADE_ACCEPT_SIZE};
  if (claims->accept_count != 1)
    return "the server switched protocols without one Sec-WebSocket-Accept";
  if (!slip_span_is_equal(claims->accept, wanted))
    return "the server's Sec-WebSocket-Accept does not answer our key";
  return NULL;
}

static const char *fault_of_protocol(const struct slip_upgrade_reader *r,
                                     const struct claims *claims) {
  if (claims->protocol_count > 1)
    return "the server chose more than one subprotocol";
  if (claims->protocol_count == 1 && !is_offered(r, claims->protocol))
    return "the server chose a subprotocol that was not offered";
  return NULL;
}

/* RFC 6455 section 4.1: what makes a 101 an answer to us. Refusals may come in HTTP/1.0, from a
 * proxy for instance. */
static const char *fault_of_switch(struct slip_upgrade_reader *r, struct slip_span headers) {
  struct claims claims = claims_of(headers);
  if (slip_http_head_is_1_0(&r->head))
    return "the server switched protocols in HTTP/1.0, which has no upgrade";
  if (!claims.is_websocket)
    return "the server switched protocols without the header Upgrade: websocket";
  if (!claims.is_upgrade)
    return "the server switched protocols without the header Connection: Upgrade";
  const char *fault = fault_of_accept(r, &claims);
  if (fault == NULL)
    fault = slip_extension_read(&r->offer, headers, &r->agreed);
  if (fault == NULL)
    fault = fault_of_protocol(r, &claims);
  r->protocol = claims.protocol;
  return fault;
}

static void begin_body(struct slip_upgrade_reader *r, struct slip_span headers) {
  slip_http_body_init(&r->body, r->head.status, headers);
  r->phase = slip_http_body_is_done(&r->body) ? REFUSED : READING_BODY;
}

static enum slip_err end_head(struct slip_upgrade_reader *r) {
  struct slip_span headers = slip_http_head_headers(&r->head);
  const char *fault = r->head.status == 101 ? fault_of_switch(r, headers) : NULL;
  if (fault != NULL)
    return fail(r, SLIP_EMALFORMED, fault);
  if (r->head.status == 101)
    r->phase = ACCEPTED;
  else if (r->head.status < 200) /* such as 103 Early Hints: the one that counts follows */
    slip_http_head_restart(&r->head);
  else
    begin_body(r, headers);
  return SLIP_OK;
}

static enum slip_err read_head(struct slip_upgrade_reader *r, struct slip_span *in) {
  static const char *const words[SLIP_HTTP_FAULT_COUNT] = {
      [SLIP_HTTP_NOT_HTTP] = "the server answered with something that is not HTTP/1.1",
      [SLIP_HTTP_TLS] = "the server answered with TLS, not HTTP/1.1; its URI must begin with wss",
      [SLIP_HTTP_BAD_STATUS] = "the server's answer has a malformed status line",
      [SLIP_HTTP_BAD_HEADER] = "the server's answer has a malformed header line",
      [SLIP_HTTP_TOO_LONG] = "the head of the server's answer is over 64 KiB",
      [SLIP_HTTP_NO_MEMORY] = "no memory for the server's answer",
  };
  enum slip_http_fault fault = slip_http_head_feed(&r->head, in);
  if (fault != SLIP_HTTP_NO_FAULT)
    return fail(r, slip_http_fault_err(fault), words[fault]);
  return r->head.is_whole ? end_head(r) : SLIP_OK;
}

static enum slip_err keep(struct slip_upgrade_reader *r, struct slip_span bytes) {
  enum slip_err err = slip_buf_append(&r->text, bytes);
  return err == SLIP_OK ? SLIP_OK : fail(r, err, "no memory for the server's answer");
}

static enum slip_err read_body(struct slip_upgrade_reader *r, struct slip_span *in) {
  struct slip_span data;
  while (r->phase == READING_BODY && slip_http_body_next(&r->body, in, &data)) {
    size_t room = SLIP_UPGRADE_BODY_MAX - r->text.size;
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
    r->err = read_head(r, in);
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
  *out = (struct slip_upgrade_answer){
      .status = r->head.status,
      .reason = slip_http_head_reason(&r->head),
      .headers = slip_http_head_headers(&r->head),
      .body = slip_buf_span(&r->text),
      .protocol = r->protocol,
      .compress = r->agreed,
  };
}

const char *slip_upgrade_reader_fault(const struct slip_upgrade_reader *r) {
  return r->fault;
}
