/* The terms of permessage-deflate: what is offered, and every answer to it. */
#include "core/extension.h"
#include "spec/support/check.h"

/* How much memory a buffer may have in the test of one that is too small. */
enum { ROOM_MAX = 160 };

static const struct slip_extension plain = {.is_on = true};
static const struct slip_extension thrifty = {.is_on = true,
                                              .server_no_context_takeover = true,
                                              .client_no_context_takeover = true,
                                              .server_max_window_bits = 9,
                                              .client_max_window_bits = 10};

static void the_offer_says_what_is_wanted(void **state) {
  struct slip_buf out = {0};
  (void)state;
  CHECK_OK(slip_extension_write(&plain, &out));
  CHECK_SPAN(slip_buf_span(&out), "permessage-deflate; client_max_window_bits");
  slip_buf_truncate(&out, 0);
  CHECK_OK(slip_extension_write(&thrifty, &out));
  CHECK_SPAN(slip_buf_span(&out),
             "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
             "server_max_window_bits=9; client_max_window_bits=10");
  slip_buf_clear(&out);
}

static void an_offer_that_does_not_fit_leaves_nothing(void **state) {
  (void)state;
  for (size_t max = 2; max < ROOM_MAX; max++) {
    struct slip_buf out;
    slip_buf_init(&out, max);
    CHECK_OK(slip_buf_append(&out, SLIP_SPAN("x")));
    enum slip_err err = slip_extension_write(&thrifty, &out);
    if (err != SLIP_OK)
      CHECK_SPAN(slip_buf_span(&out), "x");
    else
      assert_true(out.size > 100);
    slip_buf_clear(&out);
  }
}

static struct slip_span lines_of(char room[512], const char *value) {
  int size = snprintf(room, 512, "Date: x\r\nsec-websocket-extensions: %s\r\nServer: y\r\n", value);
  return (struct slip_span){room, (size_t)size};
}

static struct slip_extension agree(const struct slip_extension *offer, const char *answer) {
  char room[512];
  struct slip_extension agreed;
  const char *fault = slip_extension_read(offer, lines_of(room, answer), &agreed);
  assert_null(fault);
  return agreed;
}

static void check_terms(struct slip_extension terms, bool server_alone, bool client_alone,
                        int server_bits, int client_bits) {
  assert_true(terms.is_on);
  assert_int_equal(terms.server_no_context_takeover, server_alone);
  assert_int_equal(terms.client_no_context_takeover, client_alone);
  assert_int_equal(terms.server_max_window_bits, server_bits);
  assert_int_equal(terms.client_max_window_bits, client_bits);
}

static void what_the_server_leaves_open_is_what_the_rfc_says(void **state) {
  (void)state;
  check_terms(agree(&plain, "permessage-deflate"), false, false, 15, 15);
}

static void what_the_server_says_holds(void **state) {
  (void)state;
  check_terms(agree(&plain, "Permessage-Deflate;client_max_window_bits=15"), false, false, 15, 15);
  check_terms(agree(&plain, "permessage-deflate; server_no_context_takeover; "
                            "client_no_context_takeover; server_max_window_bits=8; "
                            "client_max_window_bits=9"),
              true, true, 8, 9);
  check_terms(agree(&plain, "permessage-deflate ; Server_Max_Window_Bits = \"12\" , "), false,
              false, 12, 15);
}

static void our_own_part_of_the_offer_needs_no_answer(void **state) {
  (void)state;
  check_terms(
      agree(&thrifty, "permessage-deflate; server_no_context_takeover; server_max_window_bits=9"),
      true, true, 9, 10);
}

static void no_answer_is_no_compression(void **state) {
  struct slip_extension agreed = plain;
  (void)state;
  assert_null(slip_extension_read(&plain, SLIP_SPAN("Date: x\r\n"), &agreed));
  assert_false(agreed.is_on);
  assert_false(agree(&plain, "").is_on);
  assert_false(agree(&(struct slip_extension){0}, "").is_on);
}

static void an_answer_beyond_the_offer_fails(void **state) {
  static const struct {
    const char *answer, *words;
  } faults[] = {
      {"permessage-bzip2", "not offered"},
      {"permessage-deflate, permessage-bzip2", "not offered"},
      {"; permessage-bzip2", "not offered"},
      {";", "not offered"},
      {"permessage-deflate, permessage-deflate", "takes up permessage-deflate twice"},
      {"permessage-deflate; what", "does not exist"},
      {"permessage-deflate; what=ever", "does not exist"},
      {"permessage-deflate; =", "does not exist"},
      {"permessage-deflate; server_no_context_takeover; server_no_context_takeover", "twice"},
      {"permessage-deflate; client_no_context_takeover; client_no_context_takeover", "twice"},
      {"permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", "twice"},
      {"permessage-deflate; client_max_window_bits=9; client_max_window_bits=9", "twice"},
      {"permessage-deflate; server_no_context_takeover=1", "has none"},
      {"permessage-deflate; client_no_context_takeover=\"\"", "has none"},
      {"permessage-deflate; client_no_context_takeover=", "has none"},
      {"permessage-deflate; server_max_window_bits", "from 8 to 15"},
      {"permessage-deflate; client_max_window_bits", "from 8 to 15"},
      {"permessage-deflate; client_max_window_bits=", "from 8 to 15"},
      {"permessage-deflate; client_max_window_bits=7", "from 8 to 15"},
      {"permessage-deflate; client_max_window_bits=16", "from 8 to 15"},
      {"permessage-deflate; client_max_window_bits=09", "from 8 to 15"},
      {"permessage-deflate; client_max_window_bits=+9", "from 8 to 15"},
      {"permessage-deflate; client_max_window_bits=1e1", "from 8 to 15"},
      {"permessage-deflate; client_max_window_bits=100", "from 8 to 15"},
      {"permessage-deflate; client_max_window_bits=9=9", "from 8 to 15"},
      {"permessage-deflate; client_max_window_bits=8", "window of 8 bits"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    char room[512];
    struct slip_extension agreed = thrifty;
    const char *fault = slip_extension_read(&plain, lines_of(room, faults[i].answer), &agreed);
    if (fault == NULL || strstr(fault, faults[i].words) == NULL)
      fail_msg("%s: %s", faults[i].answer, fault == NULL ? "taken" : fault);
    assert_int_equal(agreed.server_max_window_bits, 9); /* nothing was agreed on */
  }
}

static void an_answer_must_keep_to_what_was_asked_for(void **state) {
  static const struct {
    const char *answer, *words;
  } faults[] = {
      {"permessage-deflate; server_max_window_bits=9", "keep its context"},
      {"permessage-deflate; server_no_context_takeover", "larger window than it was asked for"},
      {"permessage-deflate; server_no_context_takeover; server_max_window_bits=10",
       "larger window than it was asked for"},
      {"permessage-deflate; server_no_context_takeover; server_max_window_bits=8; "
       "client_max_window_bits=11",
       "larger window than was offered"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    char room[512];
    struct slip_extension agreed;
    const char *fault = slip_extension_read(&thrifty, lines_of(room, faults[i].answer), &agreed);
    if (fault == NULL || strstr(fault, faults[i].words) == NULL)
      fail_msg("%s: %s", faults[i].answer, fault == NULL ? "taken" : fault);
  }
}

static void two_headers_are_one_list(void **state) {
  struct slip_extension agreed;
  (void)state;
  assert_non_null(slip_extension_read(&plain,
                                      SLIP_SPAN("Sec-WebSocket-Extensions: permessage-deflate\r\n"
                                                "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
                                      &agreed));
  assert_null(slip_extension_read(&plain,
                                  SLIP_SPAN("Sec-WebSocket-Extensions:\r\n"
                                            "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
                                  &agreed));
  assert_true(agreed.is_on);
}

static void what_was_not_offered_cannot_be_taken_up(void **state) {
  struct slip_extension agreed;
  char room[512];
  (void)state;
  assert_string_equal(slip_extension_read(&(struct slip_extension){0},
                                          lines_of(room, "permessage-deflate"), &agreed),
                      "the server chose an extension that was not offered");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_offer_says_what_is_wanted),
      cmocka_unit_test(an_offer_that_does_not_fit_leaves_nothing),
      cmocka_unit_test(what_the_server_leaves_open_is_what_the_rfc_says),
      cmocka_unit_test(what_the_server_says_holds),
      cmocka_unit_test(our_own_part_of_the_offer_needs_no_answer),
      cmocka_unit_test(no_answer_is_no_compression),
      cmocka_unit_test(an_answer_beyond_the_offer_fails),
      cmocka_unit_test(an_answer_must_keep_to_what_was_asked_for),
      cmocka_unit_test(two_headers_are_one_list),
      cmocka_unit_test(what_was_not_offered_cannot_be_taken_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
