/* Messages packed and unpacked: the examples of RFC 7692 section 7.2.3, contexts, bombs, rubbish.
 */
#include "core/deflate.h"
#include "spec/support/check.h"
#include "spec/support/memory_failure.h"

static const struct slip_extension usual = {
    .is_on = true, .server_max_window_bits = 15, .client_max_window_bits = 15};

/* Both ways without a context, in windows of that size. */
static struct slip_extension alone(uint8_t bits) {
  return (struct slip_extension){.is_on = true,
                                 .server_no_context_takeover = true,
                                 .client_no_context_takeover = true,
                                 .server_max_window_bits = bits,
                                 .client_max_window_bits = bits};
}

static struct slip_deflate *make(struct slip_extension terms) {
  struct slip_deflate *d;
  CHECK_OK(slip_deflate_new(&terms, 6, &d));
  return d;
}

/* What the client's half packs, the server's half of another one unpacks. */
struct pair {
  struct slip_deflate *client;
  struct slip_deflate *server;
};

static struct pair pair_of(struct slip_extension terms) {
  return (struct pair){make(terms), make(terms)};
}

static void free_pair(struct pair p) {
  slip_deflate_free(p.client);
  slip_deflate_free(p.server);
}

/* Answers how many bytes it took. */
static size_t carry(struct pair p, struct slip_span message) {
  struct slip_span packed, out;
  CHECK_OK(slip_deflate_pack(p.client, message, &packed));
  CHECK_OK(slip_deflate_unpack(p.server, packed, message.size, &out));
  assert_int_equal(out.size, message.size);
  if (out.size > 0)
    assert_memory_equal(out.at, message.at, out.size);
  return packed.size;
}

/* Text that has little to repeat, the same for the same seed. */
static void fill(char *room, size_t size, uint32_t seed) {
  for (size_t i = 0; i < size; i++) {
    seed = seed * 1664525 + 1013904223;
    room[i] = (char)(seed >> 24);
  }
}

static void reads_the_examples_of_the_rfc(void **state) {
  const struct slip_span examples[] = {
      SLIP_SPAN("\xf2\x48\xcd\xc9\xc9\x07\x00"),
      SLIP_SPAN("\xf2\x00\x11\x00\x00"), /* the same again, out of the window */
      SLIP_SPAN("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"),
      SLIP_SPAN("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), /* a block that says it is the last */
      SLIP_SPAN("\xf2\x00\x11\x00\x00"),             /* the window has outlived that */
      SLIP_SPAN("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
  };
  struct slip_deflate *d = make(usual);
  struct slip_span out;
  (void)state;
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    CHECK_OK(slip_deflate_unpack(d, examples[i], 5, &out));
    CHECK_SPAN(out, "Hello");
  }
  CHECK_OK(slip_deflate_unpack(d, SLIP_SPAN("\x00"), 5, &out));
  CHECK_SPAN(out, "");
  slip_deflate_free(d);
}

static void writes_the_examples_of_the_rfc(void **state) {
  struct slip_deflate *d = make(usual);
  struct slip_span out;
  (void)state;
  CHECK_OK(slip_deflate_pack(d, SLIP_SPAN("Hello"), &out));
  CHECK_SPAN(out, "\xf2\x48\xcd\xc9\xc9\x07\x00");
  CHECK_OK(slip_deflate_pack(d, SLIP_SPAN("Hello"), &out));
  CHECK_SPAN(out, "\xf2\x00\x11\x00\x00");
  slip_deflate_forget(d);
  CHECK_OK(slip_deflate_pack(d, SLIP_SPAN("Hello"), &out));
  CHECK_SPAN(out, "\xf2\x48\xcd\xc9\xc9\x07\x00");
  slip_deflate_free(d);
}

static void an_empty_message_is_carried_at_any_place(void **state) {
  struct pair p = pair_of(usual);
  (void)state;
  assert_int_equal(carry(p, SLIP_SPAN("")), 1);
  carry(p, SLIP_SPAN("Hello"));
  assert_int_equal(carry(p, SLIP_SPAN("")), 1);
  assert_int_equal(carry(p, SLIP_SPAN("")), 1);
  assert_int_equal(carry(p, SLIP_SPAN("Hello")), 5);
  free_pair(p);
}

static void messages_of_all_sizes_are_carried_in_all_windows(void **state) {
  enum { MOST = 70000 };
  char *room = malloc(MOST);
  (void)state;
  fill(room, MOST, 1);
  for (uint8_t bits = 9; bits <= 15; bits++) {
    struct slip_extension terms = usual;
    terms.server_max_window_bits = terms.client_max_window_bits = bits;
    struct pair p = pair_of(terms), q = pair_of(alone(bits));
    for (size_t size = 1; size <= MOST; size += size / 3 + 1) {
      carry(p, (struct slip_span){room, size});
      carry(q, (struct slip_span){room, size});
      memset(room, 'a' + bits, size / 2); /* half of it repeats from now on */
    }
    free_pair(p);
    free_pair(q);
  }
  free(room);
}

/* zlib cannot, in windows of 8 bits; but what another made for one can be read. */
static void what_was_made_for_a_window_of_8_bits_is_read(void **state) {
  struct slip_extension terms = usual;
  terms.server_max_window_bits = 8;
  struct slip_deflate *d = make(terms);
  struct slip_span out;
  (void)state;
  CHECK_OK(slip_deflate_unpack(d, SLIP_SPAN("\xf2\x48\xcd\xc9\xc9\x07\x00"), 5, &out));
  CHECK_SPAN(out, "Hello");
  slip_deflate_free(d);
}

static void a_context_saves_bytes_and_none_means_none(void **state) {
  struct pair with = pair_of(usual), without = pair_of(alone(15));
  struct slip_span message = SLIP_SPAN("[\"1\",\"2\",\"room:1\",\"echo\",{\"body\":\"hello\"}]");
  (void)state;
  size_t first = carry(with, message);
  assert_true(carry(with, message) < first / 4);
  assert_int_equal(carry(without, message), first);
  assert_int_equal(carry(without, message), first);
  slip_deflate_rest(without.client);
  slip_deflate_rest(without.server);
  assert_int_equal(carry(without, message), first);
  free_pair(with);
  free_pair(without);
}

static void a_context_outlives_a_rest(void **state) {
  struct pair p = pair_of(usual);
  (void)state;
  carry(p, SLIP_SPAN("Hello"));
  slip_deflate_rest(p.client);
  slip_deflate_rest(p.server);
  assert_int_equal(carry(p, SLIP_SPAN("Hello")), 5);
  free_pair(p);
}

/* Who was told that the server takes no context must not be given one. */
static void what_leans_on_a_context_that_is_not_there_is_refused(void **state) {
  struct slip_deflate *d = make(alone(15));
  struct slip_span out;
  (void)state;
  CHECK_OK(slip_deflate_unpack(d, SLIP_SPAN("\xf2\x48\xcd\xc9\xc9\x07\x00"), 5, &out));
  assert_int_equal(slip_deflate_unpack(d, SLIP_SPAN("\xf2\x00\x11\x00\x00"), 5, &out),
                   SLIP_EMALFORMED);
  slip_deflate_free(d);
}

static void the_receiver_keeps_up_when_the_sender_forgets(void **state) {
  struct pair p = pair_of(usual);
  struct slip_span unsent;
  (void)state;
  carry(p, SLIP_SPAN("Hello"));
  CHECK_OK(slip_deflate_pack(p.client, SLIP_SPAN("never sent, Hello"), &unsent));
  slip_deflate_forget(p.client);
  carry(p, SLIP_SPAN("never sent, Hello"));
  carry(p, SLIP_SPAN("never sent, Hello"));
  free_pair(p);
}

static void a_message_may_have_just_as_many_bytes_as_the_limit(void **state) {
  char room[5000];
  struct slip_span message = {room, sizeof room}, packed, out;
  (void)state;
  fill(room, sizeof room / 2, 7);
  memset(room + sizeof room / 2, 'x', sizeof room / 2);
  for (size_t max = 1; max <= sizeof room; max += max == 1 ? 4997 : 1) {
    struct pair p = pair_of(usual);
    enum slip_err wanted = max < sizeof room ? SLIP_ETOOBIG : SLIP_OK;
    CHECK_OK(slip_deflate_pack(p.client, message, &packed));
    assert_int_equal(slip_deflate_unpack(p.server, packed, max, &out), wanted);
    free_pair(p);
  }
}

static void a_bomb_is_refused_in_little_memory(void **state) {
  enum { SIZE = 64 << 20, MAX = 1 << 16 };
  struct pair p = pair_of(usual);
  char *zeros = calloc(1, SIZE);
  struct slip_span packed, out;
  (void)state;
  CHECK_OK(slip_deflate_pack(p.client, (struct slip_span){zeros, SIZE}, &packed));
  free(zeros);
  assert_true(packed.size < SIZE / 900);
  assert_int_equal(slip_deflate_unpack(p.server, packed, MAX, &out), SLIP_ETOOBIG);
  free_pair(p);
}

static void no_limit_is_none(void **state) {
  struct pair p = pair_of(usual);
  char room[5000] = {0};
  struct slip_span packed, out;
  (void)state;
  CHECK_OK(slip_deflate_pack(p.client, (struct slip_span){room, sizeof room}, &packed));
  CHECK_OK(slip_deflate_unpack(p.server, packed, 0, &out));
  assert_int_equal(out.size, sizeof room);
  free_pair(p);
}

static void what_is_not_deflate_is_refused(void **state) {
  const struct slip_span bad[] = {
      SLIP_SPAN(""),                                 /* the shortest is a byte */
      SLIP_SPAN("\x06"),                             /* a reserved kind of block */
      SLIP_SPAN("\xff\xff\xff"),                     /* likewise */
      SLIP_SPAN("\x00\x05\x00\xfa\xfe\x48"),         /* a length that is not its complement */
      SLIP_SPAN("\xf2\x48\xcd\xc9\xc9\x07"),         /* breaks off */
      SLIP_SPAN("\xf2\x48\xcd"),                     /* breaks off in the middle */
      SLIP_SPAN("\x00\x05\x00\xfa\xff\x48\x65\x6c"), /* likewise */
      SLIP_SPAN("\xf3\x48\xcd\xc9\xc9\x07\x00"),     /* a last block, and nothing of the next */
      SLIP_SPAN("\xf2\x00\x11\x00\x00"),             /* further back than there is anything */
      SLIP_SPAN("\x78\x9c\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), /* in zlib's own wrapping */
  };
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct slip_deflate *d = make(usual);
    struct slip_span out = SLIP_SPAN("untouched");
    enum slip_err err = slip_deflate_unpack(d, bad[i], 1000, &out);
    if (err != SLIP_EMALFORMED)
      fail_msg("number %zu: %s", i, slip_err_text(err));
    CHECK_SPAN(out, "untouched");
    slip_deflate_free(d);
  }
}

/* A message that lacks its last bytes is none, wherever it is cut. */
static void no_beginning_of_a_message_is_a_message(void **state) {
  char room[300];
  struct slip_span packed, out;
  (void)state;
  fill(room, sizeof room / 2, 3);
  memset(room + sizeof room / 2, 'x', sizeof room / 2);
  struct slip_deflate *client = make(usual);
  CHECK_OK(slip_deflate_pack(client, (struct slip_span){room, sizeof room}, &packed));
  for (size_t size = 0; size < packed.size; size++) {
    struct slip_deflate *d = make(usual);
    assert_int_equal(slip_deflate_unpack(d, (struct slip_span){packed.at, size}, 1000, &out),
                     SLIP_EMALFORMED);
    slip_deflate_free(d);
  }
  slip_deflate_free(client);
}

static bool carry_without(unsigned failing, struct slip_extension terms, struct slip_span message) {
  struct slip_deflate *d = NULL;
  struct slip_span packed, out;
  memory_fails_at(failing);
  enum slip_err err = slip_deflate_new(&terms, 6, &d);
  if (err == SLIP_OK)
    err = slip_deflate_pack(d, message, &packed);
  bool is_packed = err == SLIP_OK;
  if (is_packed)
    err = slip_deflate_unpack(d, packed, message.size, &out);
  bool has_failed = memory_has_failed();
  assert_int_equal(err, has_failed ? SLIP_ENOMEM : SLIP_OK);
  if (d != NULL && !is_packed) { /* nothing is left of what was half packed */
    CHECK_OK(slip_deflate_pack(d, message, &packed));
    struct slip_deflate *other = make(terms);
    CHECK_OK(slip_deflate_unpack(other, packed, message.size, &out));
    slip_deflate_free(other);
  }
  slip_deflate_free(d);
  return has_failed;
}

static void lives_through_the_failure_of_any_allocation(void **state) {
  char room[3000];
  unsigned count = 0;
  (void)state;
  fill(room, sizeof room, 5);
  while (carry_without(count, usual, (struct slip_span){room, sizeof room}))
    count++;
  assert_true(count > 8); /* it has needed memory, and for packing, too */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_the_examples_of_the_rfc),
      cmocka_unit_test(writes_the_examples_of_the_rfc),
      cmocka_unit_test(an_empty_message_is_carried_at_any_place),
      cmocka_unit_test(messages_of_all_sizes_are_carried_in_all_windows),
      cmocka_unit_test(what_was_made_for_a_window_of_8_bits_is_read),
      cmocka_unit_test(a_context_saves_bytes_and_none_means_none),
      cmocka_unit_test(a_context_outlives_a_rest),
      cmocka_unit_test(what_leans_on_a_context_that_is_not_there_is_refused),
      cmocka_unit_test(the_receiver_keeps_up_when_the_sender_forgets),
      cmocka_unit_test(a_message_may_have_just_as_many_bytes_as_the_limit),
      cmocka_unit_test(a_bomb_is_refused_in_little_memory),
      cmocka_unit_test(no_limit_is_none),
      cmocka_unit_test(what_is_not_deflate_is_refused),
      cmocka_unit_test(no_beginning_of_a_message_is_a_message),
      cmocka_unit_test(lives_through_the_failure_of_any_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
