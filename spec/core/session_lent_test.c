/* Payloads that are lent to a session, so that it may take them out of their buffer. */
#include "spec/support/fake_phoenix.h"
#include "spec/support/memory_failure.h"

enum { LARGE = 70000 };

/* A payload as message.h wants one that is lent. */
static void fill(struct slip_buf *body) {
  char *room;
  slip_buf_clear(body);
  CHECK_OK(slip_buf_reserve(body, SLIP_PAYLOAD_GAP + LARGE, &room));
  memset(room, 'x', SLIP_PAYLOAD_GAP + LARGE);
  room[SLIP_PAYLOAD_GAP] = room[SLIP_PAYLOAD_GAP + LARGE - 1] = '"';
  slip_buf_commit(body, SLIP_PAYLOAD_GAP + LARGE);
}

static enum slip_err push(const struct phx *p, struct slip_span event, struct slip_buf *body,
                          bool is_lent) {
  uint64_t ref;
  struct slip_push push = {
      .topic = SLIP_SPAN("room:1"),
      .event = event,
      .payload = {.format = SLIP_JSON,
                  .bytes = slip_span_skip(slip_buf_span(body), SLIP_PAYLOAD_GAP),
                  .lent = is_lent ? body : NULL}};
  return slip_session_push(p->session, &push, &ref);
}

static struct phx *new_in_room(void) {
  void *state = NULL;
  (void)phx_start(&state);
  return phx_in_room(&state);
}

/* True when some allocation failed on the way. */
static bool send_lent(unsigned failing, struct slip_span event, struct slip_span expected) {
  struct phx *p = new_in_room();
  struct slip_buf body = {0};
  fill(&body);
  memory_fails_at(failing);
  enum slip_err err = push(p, event, &body, true);
  bool has_failed = memory_has_failed();
  assert_int_equal(err, has_failed ? SLIP_ENOMEM : SLIP_OK);
  if (has_failed)
    assert_int_equal(slip_session_outbox(p->session).size, 0);
  else
    assert_true(slip_span_is_equal(slip_session_outbox(p->session), expected));
  slip_buf_clear(&body);
  phx_free(p);
  return has_failed;
}

static void check_event(struct slip_span event) {
  struct phx *p = new_in_room();
  struct slip_buf body = {0};
  unsigned failing = 0;
  fill(&body);
  CHECK_OK(push(p, event, &body, false));
  while (send_lent(failing, event, slip_session_outbox(p->session)))
    failing++;
  assert_true(failing > 0);
  slip_buf_clear(&body);
  phx_free(p);
}

/* The gap before the payload gets too small for what goes there. */
static void is_sent_as_any_other_or_not_at_all(void **state) {
  (void)state;
  char event[SLIP_PAYLOAD_GAP];
  memset(event, 'e', sizeof event);
  check_event(SLIP_SPAN("hi"));
  for (size_t size = sizeof event - 60; size <= sizeof event; size++)
    check_event((struct slip_span){event, size});
}

static void leaves_its_buffer_usable(void **state) {
  struct phx *p = phx_in_room(state);
  struct slip_buf body = {0};
  fill(&body);
  CHECK_OK(push(p, SLIP_SPAN("hi"), &body, true));
  size_t sent = slip_session_outbox(p->session).size;
  slip_session_sent(p->session, sent);
  fill(&body);
  CHECK_OK(push(p, SLIP_SPAN("hi"), &body, true));
  assert_int_equal(slip_session_outbox(p->session).size, sent);
  slip_buf_clear(&body);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_sent_as_any_other_or_not_at_all),
      PHX_SPEC(leaves_its_buffer_usable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
