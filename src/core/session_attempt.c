/* The making of a session's link: see session_private.h for what its files share. */
#include "core/limits.h"
#include "core/session_private.h"

static void tell_connect_due(struct slip_session *s) {
  s->link = LINK_DUE;
  s->redirects = 0;
  s->connected_at = SLIP_NEVER;
  s->connect_left_msec = s->config->connect_timeout_msec;
  s->link_deadline = SLIP_NEVER; /* the script may take its time: it may ask somebody for a token */
  const struct slip_reason *last = s->has_reason ? slip_session_reason(s) : NULL;
  slip_session_tell(s, &(struct slip_event){
                           .kind = SLIP_EVENT_CONNECT_DUE, .attempt = s->attempt, .reason = last});
}

enum slip_err slip_session_connect(struct slip_session *s) {
  if (s->link != LINK_NONE)
    return SLIP_ESTATE;
  s->attempt = 1;
  s->step = 0;
  s->has_reason = false;
  tell_connect_due(s);
  return SLIP_OK;
}

static bool is_flapping(const struct slip_session *s) {
  return s->breaker != NULL && slip_breaker_is_open(s->breaker);
}

/* What the table says, but not less than the last end asks for. */
static uint32_t next_wait(struct slip_session *s) {
  const struct slip_backoff *table = &s->config->reconnect;
  uint32_t step = is_flapping(s) ? slip_backoff_longest(table) : s->step;
  uint32_t wait = slip_backoff_wait(table, step, slip_luck_draw(s->luck));
  uint64_t demand = s->not_before > s->now ? s->not_before - s->now : 0;
  s->step++;
  return demand > wait ? (uint32_t)demand : wait;
}

enum slip_err slip_session_reconnect(struct slip_session *s, uint32_t at_least_msec) {
  if (s->link == LINK_SCHEDULED)
    return SLIP_OK;
  if (s->link != LINK_NONE)
    return SLIP_ESTATE;
  uint32_t wait = next_wait(s);
  if (wait < at_least_msec)
    wait = at_least_msec;
  s->attempt++;
  s->link = LINK_SCHEDULED;
  s->link_deadline = s->now + wait;
  slip_session_tell(s, &(struct slip_event){.kind = SLIP_EVENT_RECONNECT_SCHEDULED,
                                            .attempt = s->attempt,
                                            .wait_msec = wait,
                                            .is_flapping = is_flapping(s)});
  return SLIP_OK;
}

static void draw_nonce(struct slip_session *s, uint8_t nonce[16]) {
  for (size_t i = 0; i < 16; i += sizeof(uint32_t)) {
    uint32_t word = slip_luck_draw(s->luck);
    memcpy(nonce + i, &word, sizeof word);
  }
}

static void begin_stage(struct slip_session *s, enum slip_stage stage, uint32_t timeout_msec) {
  s->stage = stage;
  s->link_deadline = s->now + timeout_msec;
}

enum slip_err slip_session_dial(struct slip_session *s, const struct slip_upgrade_request *request,
                                const char **fault) {
  *fault = NULL;
  if (s->link != LINK_DUE)
    return SLIP_ESTATE;
  struct slip_upgrade_request ours = *request;
  draw_nonce(s, ours.nonce);
  ours.compress = s->config->compress.offer;
  slip_buf_clear(&s->outbox);
  enum slip_err err = slip_upgrade_write(&ours, &s->outbox, fault);
  if (err != SLIP_OK)
    return err;
  s->link = LINK_DIALLING;
  begin_stage(s, SLIP_STAGE_DNS, s->connect_left_msec);
  slip_session_do(s, SLIP_DO_DIAL);
  return SLIP_OK;
}

void slip_session_dial_failed(struct slip_session *s, const struct slip_reason *reason) {
  if (s->link != LINK_DUE)
    return;
  struct slip_reason failure = *(s->redirects > 0 ? slip_session_reason(s) : reason);
  failure.text = reason->text;
  slip_session_abort_link(s, &failure);
}

/* News of the link. News of one that we gave up before is passed over. */

void slip_session_set_calendar(struct slip_session *s, int64_t seconds) {
  s->calendar = seconds - (int64_t)(s->now / 1000);
}

void slip_session_link_queued(struct slip_session *s) {
  if (s->link == LINK_DIALLING)
    begin_stage(s, SLIP_STAGE_QUEUE, SLIP_QUEUE_TIMEOUT_MSEC);
}

bool slip_session_link_begun(struct slip_session *s) {
  if (s->link != LINK_DIALLING)
    return false;
  begin_stage(s, SLIP_STAGE_DNS, s->connect_left_msec);
  return true;
}

/* No answer, or none that can be used. */
static void fail_upgrade(struct slip_session *s, struct slip_span text) {
  slip_session_abort_link(s, &(struct slip_reason){.kind = SLIP_REASON_CONNECT_FAILED,
                                                   .stage = SLIP_STAGE_UPGRADE,
                                                   .text = text});
}

/* Only now, as hundreds may wait for their connections: its reader is made of the request. */
void slip_session_link_up(struct slip_session *s) {
  if (s->link != LINK_DIALLING)
    return;
  s->link = LINK_UPGRADING;
  s->stage = SLIP_STAGE_UPGRADE;
  if (slip_upgrade_reader_new(slip_buf_span(&s->outbox), &s->config->compress.offer, &s->upgrade) !=
      SLIP_OK)
    fail_upgrade(s, SLIP_SPAN("out of memory"));
}

void slip_session_link_stage(struct slip_session *s, enum slip_stage stage) {
  if (s->link == LINK_DIALLING)
    s->stage = stage;
}

/* Its texts are the reader's. */
static struct slip_reason read_refusal(const struct slip_session *s) {
  struct slip_upgrade_answer answer;
  slip_upgrade_reader_answer(s->upgrade, &answer);
  return (struct slip_reason){
      .kind = SLIP_REASON_CONNECT_FAILED,
      .stage = SLIP_STAGE_UPGRADE,
      .status = answer.status,
      .text = answer.reason,
      .headers = answer.headers,
      .body = answer.body,
  };
}

/* RFC 9110 section 15.4: those of its statuses that name one place to go to instead. */
static bool is_redirect(const struct slip_reason *refusal) {
  switch (refusal->status) {
  case 301:
  case 302:
  case 303:
  case 307:
  case 308:
    return slip_upgrade_header(refusal->headers, SLIP_SPAN("Location")).size > 0;
  default:
    return false;
  }
}

static void redirect(struct slip_session *s, const struct slip_reason *refusal) {
  s->redirects++;
  s->connect_left_msec = s->link_deadline > s->now ? (uint32_t)(s->link_deadline - s->now) : 0;
  slip_session_drop_link(s, refusal);
  s->link = LINK_DUE;
  slip_session_tell(s, &(struct slip_event){.kind = SLIP_EVENT_REDIRECTED,
                                            .attempt = s->attempt,
                                            .reason = slip_session_reason(s)});
}

/* The server would keep TCP open after it, so we end it. */
static void refuse_upgrade(struct slip_session *s) {
  struct slip_reason refusal = read_refusal(s);
  bool leads_on = is_redirect(&refusal);
  if (leads_on && s->redirects < SLIP_REDIRECTS_MAX) {
    redirect(s, &refusal);
    return;
  }
  if (leads_on)
    refusal.text = SLIP_SPAN("over 3 redirects");
  slip_session_abort_link(s, &refusal);
}

static void got_upgraded(struct slip_session *s) {
  struct slip_upgrade_answer answer;
  slip_upgrade_reader_answer(s->upgrade, &answer);
  if (slip_session_begin_compression(s, &answer.compress) != SLIP_OK) {
    fail_upgrade(s, SLIP_SPAN("out of memory"));
    return;
  }
  slip_upgrade_reader_free(s->upgrade);
  s->upgrade = NULL;
  s->link = LINK_OPEN;
  s->link_deadline = SLIP_NEVER;
  s->connected_at = s->quiet_since = s->now;
  s->is_join_unheard = false;
  slip_session_schedule_heartbeat(s);
  slip_session_tell(s, &(struct slip_event){.kind = SLIP_EVENT_CONNECTED, .attempt = s->attempt});
  slip_session_topics_up(s);
}

void slip_session_read_upgrade(struct slip_session *s) {
  enum slip_upgrade_verdict verdict;
  enum slip_err err = slip_upgrade_reader_feed(s->upgrade, &s->input, &verdict);
  if (err != SLIP_OK)
    fail_upgrade(s, slip_span_of(slip_upgrade_reader_fault(s->upgrade)));
  else if (verdict == SLIP_UPGRADE_ACCEPTED)
    got_upgraded(s);
  else if (verdict == SLIP_UPGRADE_REFUSED)
    refuse_upgrade(s);
}

void slip_session_upgrade_lost(struct slip_session *s, const struct slip_reason *reason) {
  if (slip_upgrade_reader_end(s->upgrade))
    refuse_upgrade(s);
  else if (reason->text.size > 0)
    fail_upgrade(s, reason->text);
  else
    fail_upgrade(s, SLIP_SPAN("the server closed the connection before it answered the upgrade"));
}

void slip_session_attempt_due(struct slip_session *s) {
  if (s->link == LINK_SCHEDULED) {
    tell_connect_due(s);
    return;
  }
  if (s->link == LINK_UPGRADING && slip_upgrade_reader_end(s->upgrade)) {
    struct slip_reason refusal = read_refusal(s); /* no time is left to follow it elsewhere */
    slip_session_abort_link(s, &refusal);
    return;
  }
  slip_session_abort_link(
      s, &(struct slip_reason){.kind = SLIP_REASON_CONNECT_TIMEOUT, .stage = s->stage});
}
