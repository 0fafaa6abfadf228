#include "spec/support/fake_phoenix.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

struct phx *phx_new(const struct slip_session_config *config) {
  struct phx *p = calloc(1, sizeof *p);
  p->now = 1000;
  p->answers_joins = true;
  for (size_t i = 0; i < SLIP_LUCK_SIZE; i++)
    p->luck.bytes[i] = (uint8_t)(i * 7);
  p->config = *config;
  CHECK_OK(slip_session_new(&p->config, &p->luck, &p->session));
  slip_session_tick(p->session, p->now);
  return p;
}

void phx_free(struct phx *p) {
  for (int i = 0; i < p->logged; i++)
    free(p->log[i]);
  slip_session_free(p->session);
  slip_buf_clear(&p->sent);
  free(p);
}

static void log_event(struct phx *p, const struct slip_event *e) {
  static const char *const names[SLIP_EVENT_COUNT] = {
      "connect_due",         "redirected", "connected", "disconnected",
      "reconnect_scheduled", "join_due",   "joined",    "topic_closed",
      "rejoin_scheduled",    "left",       "message",   "reply",
      "heartbeat_sent",      "heartbeat",  "writable",  "dropped",
  };
  char *line = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&line, &size);
  fprintf(f, "%s", names[e->kind]);
  if (e->kind == SLIP_EVENT_CONNECT_DUE)
    fprintf(f, " %u", e->attempt);
  if (e->kind == SLIP_EVENT_RECONNECT_SCHEDULED || e->kind == SLIP_EVENT_REJOIN_SCHEDULED)
    fprintf(f, " %u in %u", e->attempt, e->wait_msec);
  if (e->is_flapping)
    fprintf(f, " flapping");
  if (e->ref != 0)
    fprintf(f, " #%llu", (unsigned long long)e->ref);
  if (e->topic.at != NULL)
    fprintf(f, " %.*s", (int)e->topic.size, e->topic.at);
  if (e->name.at != NULL)
    fprintf(f, " %.*s", (int)e->name.size, e->name.at);
  if (e->payload.bytes.at != NULL && e->kind != SLIP_EVENT_DROPPED)
    fprintf(f, " %.*s", (int)e->payload.bytes.size, e->payload.bytes.at);
  if (e->reason != NULL) {
    fprintf(f, " (%s", slip_reason_name(e->reason->kind));
    if (e->reason->stage != SLIP_STAGE_NONE)
      fprintf(f, " %s", slip_stage_name(e->reason->stage));
    if (e->reason->code != 0)
      fprintf(f, " %u", e->reason->code);
    if (e->reason->status != 0)
      fprintf(f, " %u", e->reason->status);
    if (e->reason->text.size > 0)
      fprintf(f, " %.*s", (int)e->reason->text.size, e->reason->text.at);
    fprintf(f, ")");
  }
  fclose(f);
  assert_true(p->logged < PHX_LOG_MAX);
  p->log[p->logged++] = line;
}

static void log_order(struct phx *p, enum slip_action_kind kind) {
  p->log[p->logged++] = strdup(kind == SLIP_DO_DIAL    ? "DIAL"
                               : kind == SLIP_DO_CLOSE ? "CLOSE"
                                                       : "ABORT");
}

static void take_outbox(struct phx *p) {
  struct slip_span out = slip_session_outbox(p->session);
  CHECK_OK(slip_buf_append(&p->sent, out));
  slip_session_sent(p->session, out.size);
}

static void answer_join(struct phx *p, struct slip_span topic) {
  struct slip_payload empty = {.format = SLIP_JSON, .bytes = SLIP_SPAN("{}")};
  (void)!slip_session_send_join(p->session, topic, empty);
}

void phx_drain(struct phx *p) {
  struct slip_action a;
  while (slip_session_next(p->session, &a)) {
    p->luck.used = 0;
    if (a.kind == SLIP_DO_CLOSE)
      take_outbox(p);
    if (a.kind != SLIP_DO_TELL) {
      log_order(p, a.kind);
      continue;
    }
    log_event(p, &a.event);
    if (a.event.kind == SLIP_EVENT_JOIN_DUE && p->answers_joins)
      answer_join(p, a.event.topic);
  }
}

void phx_advance(struct phx *p, uint64_t msec) {
  uint64_t end = p->now + msec;
  phx_drain(p);
  while (slip_session_deadline(p->session) <= end) {
    if (slip_session_deadline(p->session) > p->now)
      p->now = slip_session_deadline(p->session);
    slip_session_tick(p->session, p->now);
    phx_drain(p);
  }
  p->now = end;
  slip_session_tick(p->session, end);
}

void phx_dial(struct phx *p) {
  struct slip_upgrade_request request = {.host = SLIP_SPAN("localhost"),
                                         .target = SLIP_SPAN("/socket/websocket?vsn=2.0.0")};
  const char *fault;
  CHECK_OK(slip_session_dial(p->session, &request, &fault));
  phx_drain(p);
  phx_expect(p, "DIAL");
}

static void accept_key(const char *request, char out[32]) {
  unsigned char text[24 + 36], digest[SHA_DIGEST_LENGTH];
  const char *key = strstr(request, "Sec-WebSocket-Key: ");
  assert_non_null(key);
  memcpy(text, key + 19, 24);
  memcpy(text + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
  SHA1(text, sizeof text, digest);
  EVP_EncodeBlock((unsigned char *)out, digest, sizeof digest);
}

char *phx_take_request(struct phx *p) {
  take_outbox(p);
  char *text = calloc(1, p->sent.size + 1);
  memcpy(text, slip_buf_span(&p->sent).at, p->sent.size);
  slip_buf_drop(&p->sent, p->sent.size);
  return text;
}

void phx_answer(struct phx *p) {
  slip_session_link_up(p->session);
  char *request = phx_take_request(p), key[32], answer[512];
  accept_key(request, key);
  free(request);
  snprintf(answer, sizeof answer,
           "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
           "%ssec-websocket-accept: %s\r\n\r\n",
           p->extensions == NULL ? "" : p->extensions, key);
  phx_feed(p, slip_span_of(answer));
}

void phx_open(struct phx *p) {
  if (slip_session_is_idle(p->session))
    CHECK_OK(slip_session_connect(p->session));
  phx_drain(p);
  p->checked = p->logged; /* the CONNECT_DUE */
  phx_dial(p);
  phx_answer(p);
  phx_expect(p, "connected");
}

void phx_feed(struct phx *p, struct slip_span bytes) {
  slip_session_feed(p->session, bytes);
  phx_drain(p);
}

void phx_frame(struct phx *p, unsigned char first, struct slip_span data) {
  char *frame = malloc(data.size + 4);
  size_t head = data.size < 126 ? 2 : 4;
  frame[0] = (char)first;
  if (head == 2) {
    frame[1] = (char)data.size;
  } else {
    frame[1] = 126;
    frame[2] = (char)(data.size >> 8);
    frame[3] = (char)(data.size & 255);
  }
  memcpy(frame + head, data.at, data.size);
  phx_feed(p, (struct slip_span){frame, head + data.size});
  free(frame);
}

void phx_text(struct phx *p, const char *text) {
  phx_frame(p, 0x80 | SLIP_WS_TEXT, slip_span_of(text));
}

void phx_binary(struct phx *p, struct slip_span data) {
  phx_frame(p, 0x80 | SLIP_WS_BINARY, data);
}

void phx_close_frame(struct phx *p, uint16_t code, const char *text) {
  char data[125] = {(char)(code >> 8), (char)(code & 255)};
  size_t size = strlen(text);
  memcpy(data + 2, text, size);
  phx_frame(p, 0x80 | SLIP_WS_CLOSE, (struct slip_span){data, size + 2});
}

void phx_expect(struct phx *p, const char *line) {
  assert_string_equal(p->checked < p->logged ? p->log[p->checked] : "(nothing)", line);
  p->checked++;
}

void phx_expect_nothing(struct phx *p) {
  phx_drain(p);
  assert_string_equal(p->checked < p->logged ? p->log[p->checked] : "(nothing)", "(nothing)");
}

unsigned phx_take_frame(struct phx *p, char *room, size_t room_size, struct slip_span *data) {
  phx_drain(p);
  take_outbox(p);
  struct slip_span s = slip_buf_span(&p->sent);
  assert_true(s.size >= 6);
  const unsigned char *at = (const unsigned char *)s.at;
  assert_true((at[1] & 0x80) != 0); /* a client masks (RFC 6455 section 5.3) */
  size_t size = at[1] & 0x7F, head = 2;
  if (size == 126) {
    size = (size_t)at[2] << 8 | at[3];
    head = 4;
  }
  assert_true(s.size >= head + 4 + size && size < room_size);
  for (size_t i = 0; i < size; i++)
    room[i] = (char)(at[head + 4 + i] ^ at[head + i % 4]);
  room[size] = '\0';
  unsigned first = at[0];
  slip_buf_drop(&p->sent, head + 4 + size);
  *data = (struct slip_span){room, size};
  return first;
}

void phx_expect_sent(struct phx *p, const char *text) {
  char frame[2048];
  struct slip_span data;
  assert_int_equal(phx_take_frame(p, frame, sizeof frame, &data), 0x80 | SLIP_WS_TEXT);
  assert_string_equal(frame, text);
}

void phx_expect_sent_close(struct phx *p, uint16_t code) {
  char frame[2048] = {0};
  struct slip_span data;
  assert_int_equal(phx_take_frame(p, frame, sizeof frame, &data), 0x80 | SLIP_WS_CLOSE);
  assert_int_equal((unsigned char)frame[0] << 8 | (unsigned char)frame[1], code);
}

void phx_expect_sent_nothing(struct phx *p) {
  phx_drain(p);
  take_outbox(p);
  assert_int_equal(p->sent.size, 0);
}

struct slip_session_config phx_exact_config(void) {
  struct slip_session_config config = slip_session_defaults;
  config.reconnect.jitter = config.rejoin.jitter = 0;
  return config;
}

int phx_start(void **state) {
  struct slip_session_config config = phx_exact_config();
  *state = phx_new(&config);
  return 0;
}

int phx_stop(void **state) {
  phx_free(*state);
  return 0;
}

void phx_join(struct phx *p, const char *topic) {
  CHECK_OK(slip_session_join(p->session, slip_span_of(topic)));
  phx_drain(p);
}

void phx_leave(struct phx *p, const char *topic) {
  CHECK_OK(slip_session_leave(p->session, slip_span_of(topic)));
  phx_drain(p);
}

uint64_t phx_push(struct phx *p, const char *topic, const char *event, const char *payload) {
  struct slip_push push = {.topic = slip_span_of(topic),
                           .event = slip_span_of(event),
                           .payload = {SLIP_JSON, slip_span_of(payload)}};
  uint64_t ref = 0;
  CHECK_OK(slip_session_push(p->session, &push, &ref));
  return ref;
}

uint64_t phx_buffer(struct phx *p, const char *topic, const char *event) {
  struct slip_push push = {.topic = slip_span_of(topic),
                           .event = slip_span_of(event),
                           .payload = {SLIP_JSON, SLIP_SPAN("{}")},
                           .may_wait = true};
  uint64_t ref = 0;
  CHECK_OK(slip_session_push(p->session, &push, &ref));
  return ref;
}

enum slip_err phx_try_buffer(struct phx *p, const char *topic) {
  struct slip_push push = {.topic = slip_span_of(topic),
                           .event = SLIP_SPAN("x"),
                           .payload = {SLIP_JSON, SLIP_SPAN("{}")},
                           .may_wait = true};
  uint64_t ref = 0;
  return slip_session_push(p->session, &push, &ref);
}

enum slip_err phx_try_push(struct phx *p, const char *topic) {
  struct slip_push push = {.topic = slip_span_of(topic),
                           .event = SLIP_SPAN("x"),
                           .payload = {SLIP_JSON, SLIP_SPAN("{}")}};
  uint64_t ref = 0;
  return slip_session_push(p->session, &push, &ref);
}

void phx_lose(struct phx *p) {
  slip_session_link_lost(p->session, &(struct slip_reason){.kind = SLIP_REASON_CONNECTION_LOST});
  phx_drain(p);
}

struct phx *phx_due(void **state) {
  struct phx *p = *state;
  CHECK_OK(slip_session_connect(p->session));
  phx_drain(p);
  phx_expect(p, "connect_due 1");
  return p;
}

struct phx *phx_in_room(void **state) {
  struct phx *p = *state;
  phx_open(p);
  phx_join(p, "room:1");
  phx_expect(p, "join_due room:1");
  phx_expect_sent(p, "[\"1\",\"1\",\"room:1\",\"phx_join\",{}]");
  phx_text(p, "[\"1\",\"1\",\"room:1\",\"phx_reply\",{\"status\":\"ok\",\"response\":{\"a\":1}}]");
  phx_expect(p, "joined room:1 {\"a\":1}");
  return p;
}
