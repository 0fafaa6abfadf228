#include "core/ws_frame.h"
#include "spec/support/check.h"

#define TEXT(literal)                                                                              \
  { (literal), sizeof(literal) - 1 }
#define LIMIT 100000

/* What a reader made of some bytes, as lines of text, so that two readings are easily compared. */
struct story {
  struct slip_buf lines;
  enum slip_err err;
  const char *fault;
};

static const char *name_of(enum slip_ws_kind kind) {
  switch (kind) {
  case SLIP_WS_TEXT:
    return "text";
  case SLIP_WS_BINARY:
    return "binary";
  case SLIP_WS_CLOSE:
    return "close";
  case SLIP_WS_PING:
    return "ping";
  case SLIP_WS_PONG:
    return "pong";
  }
  return "?";
}

static void tell(struct story *story, const struct slip_ws_message *m) {
  char line[32];
  const char *more = m->is_compressed ? "compressed " : "";
  int size = snprintf(line, sizeof line, "%s %u %s", name_of(m->kind), m->code, more);
  assert_false(slip_span_is_absent(m->data));
  CHECK_OK(slip_buf_append(&story->lines, (struct slip_span){line, (size_t)size}));
  CHECK_OK(slip_buf_append(&story->lines, m->data));
  CHECK_OK(slip_buf_append(&story->lines, SLIP_SPAN("\n")));
}

/* Feeds a piece from memory of exactly its size, so that the sanitizer sees who reads past it. */
static void feed(struct slip_ws_reader *r, struct slip_span piece, struct story *story) {
  char *copy = malloc(piece.size + 1);
  assert_non_null(copy);
  memcpy(copy + 1, piece.at, piece.size);
  struct slip_span in = {copy + 1, piece.size};
  struct slip_ws_message m;
  bool has = true;
  while (has && story->err == SLIP_OK) {
    has = false;
    story->err = slip_ws_reader_next(r, &in, &m, &has);
    if (has)
      tell(story, &m);
  }
  if (story->err == SLIP_OK)
    assert_int_equal(in.size, 0);
  story->fault = r->fault;
  free(copy);
}

/* Reads in pieces of `size` bytes, the first of `first`. */
static struct story read_in_pieces(struct slip_span bytes, size_t first, size_t size) {
  struct story story = {0};
  struct slip_ws_reader r;
  slip_ws_reader_init(&r, LIMIT);
  for (size_t at = 0, next = first; at < bytes.size; at += next, next = size) {
    if (next > bytes.size - at)
      next = bytes.size - at;
    feed(&r, (struct slip_span){bytes.at + at, next}, &story);
  }
  slip_ws_reader_clear(&r);
  return story;
}

static void check_same(struct story *story, const struct story *other) {
  assert_int_equal(story->err, other->err);
  assert_ptr_equal(story->fault, other->fault);
  assert_true(slip_span_is_equal(slip_buf_span(&story->lines), slip_buf_span(&other->lines)));
  slip_buf_clear(&story->lines);
}

/* Reads at once, cut in two anywhere, and byte by byte; the three must agree. */
static struct story read_every_way(struct slip_span bytes) {
  struct story whole = read_in_pieces(bytes, bytes.size, bytes.size);
  size_t edge = 40; /* cuts deep inside a long payload are all alike */
  for (size_t cut = 1; cut < bytes.size; cut++) {
    if (cut == edge && bytes.size > 2 * edge + 2000)
      cut = bytes.size - edge;
    struct story halves = read_in_pieces(bytes, cut, bytes.size);
    check_same(&halves, &whole);
  }
  struct story bytewise = read_in_pieces(bytes, 1, 1);
  check_same(&bytewise, &whole);
  return whole;
}

static void check_reads(struct slip_span bytes, const char *lines) {
  struct story story = read_every_way(bytes);
  CHECK_OK(story.err);
  assert_true(slip_span_is_equal(slip_buf_span(&story.lines), slip_span_of(lines)));
  slip_buf_clear(&story.lines);
}

static void reads_text(void **state) {
  (void)state;
  check_reads(SLIP_SPAN("\x81\x05Hello"), "text 0 Hello\n");
}

static void reads_binary(void **state) {
  (void)state;
  check_reads(SLIP_SPAN("\x82\x02\xff\xfe"), "binary 0 \xff\xfe\n");
}

static void reads_empty_messages(void **state) {
  (void)state;
  check_reads(SLIP_SPAN("\x81\x00\x82\x00\x89\x00\x8a\x00"),
              "text 0 \nbinary 0 \nping 0 \npong 0 \n");
}

static void reads_several_messages_one_after_the_other(void **state) {
  (void)state;
  check_reads(SLIP_SPAN("\x81\x01"
                        "a\x89\x01"
                        "b\x81\x01"
                        "c"),
              "text 0 a\nping 0 b\ntext 0 c\n");
}

static void joins_fragments(void **state) {
  (void)state;
  check_reads(SLIP_SPAN("\x01\x03Hel\x00\x01l\x80\x01o"), "text 0 Hello\n");
}

static void joins_empty_fragments(void **state) {
  (void)state;
  check_reads(SLIP_SPAN("\x01\x00\x00\x00\x80\x00\x02\x00\x80\x01x"), "text 0 \nbinary 0 x\n");
}

static void joins_a_character_that_fragments_cut(void **state) {
  (void)state;
  check_reads(SLIP_SPAN("\x01\x02"
                        "a\xe2\x00\x01\x82\x80\x02\xac"
                        "b"),
              "text 0 a\xe2\x82\xac"
              "b\n");
}

static void hands_out_control_frames_between_fragments(void **state) {
  (void)state;
  check_reads(SLIP_SPAN("\x01\x03Hel\x89\x04ping\x00\x00\x8a\x00\x80\x02lo"),
              "ping 0 ping\npong 0 \ntext 0 Hello\n");
}

static void hands_out_a_close_between_fragments(void **state) {
  (void)state;
  check_reads(SLIP_SPAN("\x01\x03Hel\x88\x05\x03\xe9"
                        "bye"),
              "close 1001 bye\n");
}

static void reads_close_frames(void **state) {
  (void)state;
  check_reads(SLIP_SPAN("\x88\x00"), "close 1005 \n");
  check_reads(SLIP_SPAN("\x88\x02\x03\xe8"), "close 1000 \n");
  check_reads(SLIP_SPAN("\x88\x09\x03\xf4restart"), "close 1012 restart\n");
}

/* A server's frame: `first` byte, the length in `field` bytes more, `size` times 'x'. */
static struct slip_buf frame_of(uint8_t first, size_t field, size_t size) {
  struct slip_buf b = {0};
  uint8_t head[10] = {first, (uint8_t)(field == 8 ? 127 : field == 2 ? 126 : size)};
  for (size_t i = 0; i < field; i++)
    head[2 + i] = (uint8_t)(size >> 8 * (field - 1 - i));
  CHECK_OK(slip_buf_append(&b, (struct slip_span){(const char *)head, 2 + field}));
  for (size_t i = 0; i < size; i++)
    CHECK_OK(slip_buf_append(&b, SLIP_SPAN("x")));
  return b;
}

static void check_reads_length(size_t field, size_t size) {
  struct slip_buf frame = frame_of(0x81, field, size);
  struct story story = read_every_way(slip_buf_span(&frame));
  CHECK_OK(story.err);
  assert_int_equal(story.lines.size, strlen("text 0 ") + size + strlen("\n"));
  slip_buf_clear(&story.lines);
  slip_buf_clear(&frame);
}

static void reads_every_form_of_length(void **state) {
  (void)state;
  check_reads_length(0, 125);
  check_reads_length(2, 126);
  check_reads_length(2, 65535);
  check_reads_length(8, 65536);
  check_reads_length(8, LIMIT);
}

static void check_refuses(struct slip_span bytes, enum slip_err err, const char *fault) {
  struct story story = read_every_way(bytes);
  assert_int_equal(story.err, err);
  assert_string_equal(story.fault, fault);
  slip_buf_clear(&story.lines);
}

struct refusal {
  struct slip_span bytes;
  enum slip_err err;
  const char *fault;
};

static void refuses(void **state) {
  const struct refusal *row = *state;
  check_refuses(row->bytes, row->err, row->fault);
}

/* Reads with compression agreed on, cut in two anywhere. */
static void check_reads_compressed(struct slip_span bytes, enum slip_err err, const char *lines) {
  for (size_t cut = 0; cut <= bytes.size; cut++) {
    struct story story = {0};
    struct slip_ws_reader r;
    slip_ws_reader_init(&r, LIMIT);
    slip_ws_reader_allow_compressed(&r);
    feed(&r, (struct slip_span){bytes.at, cut}, &story);
    feed(&r, slip_span_skip(bytes, cut), &story);
    assert_int_equal(story.err, err);
    assert_true(slip_span_is_equal(slip_buf_span(&story.lines), slip_span_of(lines)));
    slip_ws_reader_clear(&r);
    slip_buf_clear(&story.lines);
  }
}

static void hands_out_compressed_messages_as_they_come(void **state) {
  (void)state;
  check_reads_compressed(SLIP_SPAN("\xc1\x02\xff\xfe\x81\x02ok\xc2\x01\xff"), SLIP_OK,
                         "text 0 compressed \xff\xfe\ntext 0 ok\nbinary 0 compressed \xff\n");
  check_reads_compressed(SLIP_SPAN("\x41\x01\xff\x89\x01p\x80\x01\xfe\x81\x01x"), SLIP_OK,
                         "ping 0 p\ntext 0 compressed \xff\xfe\ntext 0 x\n");
}

static void checks_text_again_after_a_compressed_one(void **state) {
  (void)state;
  check_reads_compressed(SLIP_SPAN("\xc1\x01\xff\x81\x01\xff"), SLIP_EUTF8,
                         "text 0 compressed \xff\n");
}

static void takes_no_other_reserved_bit_when_some_may_be_compressed(void **state) {
  (void)state;
  check_reads_compressed(SLIP_SPAN("\x41\x01x\xc0\x01x"), SLIP_EMALFORMED, ""); /* continuation */
  check_reads_compressed(SLIP_SPAN("\xc9\x00"), SLIP_EMALFORMED, "");
  check_reads_compressed(SLIP_SPAN("\xc8\x00"), SLIP_EMALFORMED, "");
  check_reads_compressed(SLIP_SPAN("\xe1\x00"), SLIP_EMALFORMED, "");
  check_reads_compressed(SLIP_SPAN("\xa1\x00"), SLIP_EMALFORMED, "");
  check_reads_compressed(SLIP_SPAN("\xc3\x00"), SLIP_EMALFORMED, "");
}

static void forgets_with_its_connection_that_some_may_be_compressed(void **state) {
  struct story story = {0};
  struct slip_ws_reader r;
  (void)state;
  slip_ws_reader_init(&r, LIMIT);
  slip_ws_reader_allow_compressed(&r);
  slip_ws_reader_clear(&r);
  feed(&r, SLIP_SPAN("\xc1\x00"), &story);
  assert_int_equal(story.err, SLIP_EMALFORMED);
}

static void refuses_a_message_over_the_limit_by_its_header(void **state) {
  (void)state;
  check_refuses(SLIP_SPAN("\x81\x7f\x00\x00\x00\x00\x00\x01\x86\xa1"), SLIP_ETOOBIG,
                "a message over the limit");
  check_refuses(SLIP_SPAN("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), SLIP_ETOOBIG,
                "a message over the limit");
}

static void check_refused(struct slip_span bytes, uint64_t wanted, bool wants_all) {
  struct story story = {0};
  struct slip_ws_reader r;
  uint64_t size = 0;
  bool is_all = !wants_all;
  slip_ws_reader_init(&r, LIMIT);
  feed(&r, bytes, &story);
  assert_true(slip_ws_reader_refused(&r, &size, &is_all));
  assert_int_equal(size, wanted);
  assert_int_equal(is_all, wants_all);
  slip_ws_reader_clear(&r);
  slip_buf_clear(&story.lines);
}

static void says_how_long_what_it_refused_is(void **state) {
  (void)state;
  check_refused(SLIP_SPAN("\x81\x7f\x00\x00\x00\x00\x00\x01\x86\xa1"), LIMIT + 1, true);
  check_refused(SLIP_SPAN("\x01\x7f\x00\x00\x00\x00\x00\x01\x86\xa1"), LIMIT + 1, false);
  check_refused(SLIP_SPAN("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), INT64_MAX, true);
}

static void says_what_fragments_came_to_that_it_refused(void **state) {
  (void)state;
  struct slip_buf frames = frame_of(0x01, 8, LIMIT - 1);
  CHECK_OK(slip_buf_append(&frames, SLIP_SPAN("\x89\x02hi\x00\x05")));
  check_refused(slip_buf_span(&frames), LIMIT + 4, false);
  slip_buf_clear(&frames);
}

static void says_no_size_of_what_is_refused_for_something_else(void **state) {
  struct story story = {0};
  struct slip_ws_reader r;
  uint64_t size;
  bool is_all;
  (void)state;
  slip_ws_reader_init(&r, LIMIT);
  assert_false(slip_ws_reader_refused(&r, &size, &is_all));
  feed(&r, SLIP_SPAN("\x83\x00"), &story);
  assert_int_equal(story.err, SLIP_EMALFORMED);
  assert_false(slip_ws_reader_refused(&r, &size, &is_all));
  slip_ws_reader_clear(&r);
}

static void refuses_what_no_buffer_holds_where_there_is_no_limit(void **state) {
  (void)state;
  struct story story = {0};
  struct slip_ws_reader r;
  slip_ws_reader_init(&r, 0);
  feed(&r, SLIP_SPAN("\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x00"), &story);
  assert_int_equal(story.err, SLIP_ETOOBIG);
  slip_ws_reader_clear(&r);
}

static void refuses_fragments_that_together_pass_the_limit(void **state) {
  (void)state;
  struct slip_buf frames = frame_of(0x01, 8, LIMIT - 1);
  CHECK_OK(slip_buf_append(&frames, SLIP_SPAN("\x00\x01x\x00\x01")));
  check_refuses(slip_buf_span(&frames), SLIP_ETOOBIG, "a message over the limit");
  slip_buf_clear(&frames);
}

static void takes_fragments_up_to_the_limit_and_a_ping_beside_them(void **state) {
  (void)state;
  struct slip_buf frames = frame_of(0x01, 8, LIMIT - 1);
  CHECK_OK(slip_buf_append(&frames, SLIP_SPAN("\x89\x03pow\x80\x01y")));
  struct story story = read_every_way(slip_buf_span(&frames));
  CHECK_OK(story.err);
  assert_int_equal(story.lines.size, strlen("ping 0 pow\n") + strlen("text 0 ") + LIMIT + 1);
  slip_buf_clear(&story.lines);
  slip_buf_clear(&frames);
}

static void tells_bad_text_before_the_message_is_whole(void **state) {
  (void)state;
  struct slip_ws_reader r;
  struct slip_ws_message m;
  bool has = false;
  slip_ws_reader_init(&r, 0);
  struct slip_span in = SLIP_SPAN("\x01\x7e\x01\x00\xc0");
  assert_int_equal(slip_ws_reader_next(&r, &in, &m, &has), SLIP_EUTF8);
  assert_false(has);
  slip_ws_reader_clear(&r);
}

static void gives_the_same_error_again_and_reads_no_more(void **state) {
  (void)state;
  struct slip_ws_reader r;
  struct slip_ws_message m;
  bool has = false;
  slip_ws_reader_init(&r, 0);
  struct slip_span bad = SLIP_SPAN("\x83\x00");
  struct slip_span good = SLIP_SPAN("\x81\x00");
  assert_int_equal(slip_ws_reader_next(&r, &bad, &m, &has), SLIP_EMALFORMED);
  assert_int_equal(slip_ws_reader_next(&r, &good, &m, &has), SLIP_EMALFORMED);
  assert_int_equal(good.size, 2);
  slip_ws_reader_clear(&r);
  CHECK_OK(slip_ws_reader_next(&r, &good, &m, &has));
  assert_true(has);
}

static void hands_a_whole_message_out_where_it_lies(void **state) {
  (void)state;
  struct slip_ws_reader r;
  struct slip_ws_message m;
  bool has = false;
  slip_ws_reader_init(&r, 0);
  struct slip_span in = SLIP_SPAN("\x81\x05Hello\x89\x01");
  const char *payload = in.at + 2;
  CHECK_OK(slip_ws_reader_next(&r, &in, &m, &has));
  assert_true(has);
  assert_ptr_equal(m.data.at, payload);
  assert_null(r.message.memory);
}

static void owns_nothing_while_idle(void **state) {
  (void)state;
  assert_true(sizeof(struct slip_ws_reader) < 100);
  struct slip_ws_reader r;
  struct slip_ws_message m;
  bool has = false;
  slip_ws_reader_init(&r, 0);
  struct slip_span halves[] = {SLIP_SPAN("\x81\x05He"), SLIP_SPAN("llo"), SLIP_SPAN("\x89\x02p"),
                               SLIP_SPAN("q")};
  for (size_t i = 0; i < 4; i++) {
    CHECK_OK(slip_ws_reader_next(&r, &halves[i], &m, &has));
    assert_int_equal(has, i % 2 == 1);
    assert_non_null(r.message.memory);
    if (has)
      CHECK_OK(slip_ws_reader_next(&r, &halves[i], &m, &has)); /* the call that gives it back */
    assert_int_equal(r.message.memory == NULL, i % 2 == 1);
  }
}

static void takes_no_memory_for_bytes_that_are_only_announced(void **state) {
  (void)state;
  struct slip_ws_reader r;
  struct slip_ws_message m;
  bool has = false;
  slip_ws_reader_init(&r, 0);
  struct slip_span in = SLIP_SPAN("\x82\x7f\x00\x00\x00\x00\x01\x00\x00\x00some");
  CHECK_OK(slip_ws_reader_next(&r, &in, &m, &has));
  assert_false(has);
  assert_true(r.message.room < 1024);
  slip_ws_reader_clear(&r);
}

#define LARGE 100000u

/* Feeds what lies where the reader wants it, `size` bytes at most. */
static size_t feed_room(struct slip_ws_reader *r, struct slip_span rest, size_t size,
                        struct slip_ws_message *m, bool *has) {
  size_t room_size;
  char *room = slip_ws_reader_room(r, &room_size);
  assert_non_null(room);
  if (room_size < size)
    size = room_size;
  memcpy(room, rest.at, size);
  struct slip_span in = {room, size};
  CHECK_OK(slip_ws_reader_next(r, &in, m, has));
  assert_int_equal(in.size, 0);
  return size;
}

static void has_room_for_the_rest_of_a_large_frame_and_leaves_it_there(void **state) {
  (void)state;
  struct slip_ws_reader r;
  struct slip_ws_message m;
  bool has = false;
  size_t size, at = 40000;
  char *text = malloc(LARGE);
  assert_non_null(text);
  for (size_t i = 0; i < LARGE; i++)
    text[i] = (char)('a' + i % 23);
  slip_ws_reader_init(&r, 0);
  assert_null(slip_ws_reader_room(&r, &size));
  struct slip_span head = SLIP_SPAN("\x81\x7f\x00\x00\x00\x00\x00\x01\x86\xa0");
  struct slip_span pieces[] = {head, {text, 10000}, {text + 10000, 20000}};
  for (size_t i = 0; i < 3; i++) {
    CHECK_OK(slip_ws_reader_next(&r, &pieces[i], &m, &has));
    assert_null(slip_ws_reader_room(&r, &size)); /* so far, the length is a claim */
  }
  pieces[0] = (struct slip_span){text + 30000, 10000};
  CHECK_OK(slip_ws_reader_next(&r, &pieces[0], &m, &has));
  const char *memory = r.message.memory;
  while (!has)
    at += feed_room(&r, (struct slip_span){text + at, LARGE - at}, 7777, &m, &has);
  assert_int_equal(at, LARGE);
  assert_ptr_equal(m.data.at, memory);
  assert_true(slip_span_is_equal(m.data, (struct slip_span){text, LARGE}));
  assert_null(slip_ws_reader_room(&r, &size));
  slip_ws_reader_clear(&r);
  free(text);
}

/* Feeds a message whose payload comes in two pieces. */
static struct slip_ws_message read_in_two(struct slip_ws_reader *r, struct slip_span head,
                                          struct slip_span first, struct slip_span second) {
  struct slip_ws_message m = {0};
  struct slip_span pieces[] = {head, first, second};
  bool has = false;
  for (size_t i = 0; i < 3; i++)
    CHECK_OK(slip_ws_reader_next(r, &pieces[i], &m, &has));
  assert_true(has);
  return m;
}

static void says_what_of_a_text_in_pieces_is_plain(void **state) {
  (void)state;
  struct slip_ws_reader r;
  struct slip_ws_message m;
  bool has = false;
  slip_ws_reader_init(&r, 0);
  m = read_in_two(&r, SLIP_SPAN("\x81\x0c"), SLIP_SPAN("[\"abc"), SLIP_SPAN("def\",1]"));
  CHECK_SPAN(m.plain, "abcdef");
  assert_ptr_equal(m.plain.at, m.data.at + 2);
  m = read_in_two(&r, SLIP_SPAN("\x82\x0c"), SLIP_SPAN("[\"abc"), SLIP_SPAN("def\",1]"));
  assert_true(slip_span_is_absent(m.plain)); /* binary */
  struct slip_span whole = SLIP_SPAN("\x81\x05[\"ab\"");
  CHECK_OK(slip_ws_reader_next(&r, &whole, &m, &has));
  assert_true(has && slip_span_is_absent(m.plain)); /* it came in one piece */
  slip_ws_reader_clear(&r);
}

static void checks_a_character_that_is_cut_before_a_plain_piece(void **state) {
  (void)state;
  struct slip_ws_reader r;
  struct slip_ws_message m;
  bool has = false;
  struct slip_span pieces[] = {SLIP_SPAN("\x81\x0a[\"\xc3"), SLIP_SPAN("plain")};
  slip_ws_reader_init(&r, 0);
  CHECK_OK(slip_ws_reader_next(&r, &pieces[0], &m, &has));
  assert_int_equal(slip_ws_reader_next(&r, &pieces[1], &m, &has), SLIP_EUTF8);
  slip_ws_reader_clear(&r);
}

static void knows_the_codes_of_a_close(void **state) {
  (void)state;
  static const struct {
    uint16_t first, last; /* of a run of codes that are alike */
    bool is_legal;
  } runs[] = {
      {0, 999, false},     {1000, 1003, true}, {1004, 1006, false},  {1007, 1014, true},
      {1015, 2999, false}, {3000, 4999, true}, {5000, 65535, false},
  };
  for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
    for (uint32_t code = runs[i].first; code <= runs[i].last; code++) {
      char frame[] = {(char)0x88, 2, (char)(code >> 8), (char)code};
      struct story story = read_in_pieces((struct slip_span){frame, sizeof frame}, 4, 4);
      assert_int_equal(slip_ws_code_is_legal((uint16_t)code), runs[i].is_legal);
      assert_int_equal(story.err, runs[i].is_legal ? SLIP_OK : SLIP_EMALFORMED);
      slip_buf_clear(&story.lines);
    }
}

static void names_the_code_that_answers_an_error(void **state) {
  (void)state;
  assert_int_equal(slip_ws_code_for(SLIP_EMALFORMED), 1002);
  assert_int_equal(slip_ws_code_for(SLIP_EUTF8), 1007);
  assert_int_equal(slip_ws_code_for(SLIP_ETOOBIG), 1009);
  assert_int_equal(slip_ws_code_for(SLIP_ENOMEM), 1011);
}

#define REFUSES(name, bytes, err, fault)                                                           \
  {                                                                                                \
    "refuses_" name, refuses, NULL, NULL, &(struct refusal) {                                      \
      TEXT(bytes), err, fault                                                                      \
    }                                                                                              \
  }
#define MALFORMED(name, bytes, fault) REFUSES(name, bytes, SLIP_EMALFORMED, fault)

static const struct CMUnitTest refusals[] = {
    MALFORMED("reserved_bit_1", "\xc1\x00", "a frame with reserved bits set"),
    MALFORMED("reserved_bit_2", "\xa1\x00", "a frame with reserved bits set"),
    MALFORMED("reserved_bit_3", "\x91\x00", "a frame with reserved bits set"),
    MALFORMED("a_reserved_bit_on_a_control_frame", "\xc9\x00", "a frame with reserved bits set"),
    MALFORMED("reserved_opcode_3", "\x83\x00", "a frame with a reserved opcode"),
    MALFORMED("reserved_opcode_4", "\x84\x00", "a frame with a reserved opcode"),
    MALFORMED("reserved_opcode_5", "\x85\x00", "a frame with a reserved opcode"),
    MALFORMED("reserved_opcode_6", "\x86\x00", "a frame with a reserved opcode"),
    MALFORMED("reserved_opcode_7", "\x87\x00", "a frame with a reserved opcode"),
    MALFORMED("reserved_opcode_11", "\x8b\x00", "a frame with a reserved opcode"),
    MALFORMED("reserved_opcode_12", "\x8c\x00", "a frame with a reserved opcode"),
    MALFORMED("reserved_opcode_13", "\x8d\x00", "a frame with a reserved opcode"),
    MALFORMED("reserved_opcode_14", "\x8e\x00", "a frame with a reserved opcode"),
    MALFORMED("reserved_opcode_15", "\x8f\x00", "a frame with a reserved opcode"),
    MALFORMED("a_masked_frame", "\x81\x81keyx!", "a masked frame from the server"),
    MALFORMED("a_close_in_fragments", "\x08\x00", "a control frame in fragments"),
    MALFORMED("a_ping_in_fragments", "\x09\x00", "a control frame in fragments"),
    MALFORMED("a_pong_in_fragments", "\x0a\x00", "a control frame in fragments"),
    MALFORMED("a_ping_of_126_bytes", "\x89\x7e\x00\x7e", "a control frame of more than 125 bytes"),
    MALFORMED("a_close_with_a_64_bit_length", "\x88\x7f\x00\x00\x00\x00\x00\x00\x00\x02",
              "a control frame of more than 125 bytes"),
    MALFORMED("a_short_length_in_16_bits", "\x81\x7e\x00\x7d",
              "a frame length that is not in its shortest form"),
    MALFORMED("a_short_length_in_64_bits", "\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x7d",
              "a frame length that is not in its shortest form"),
    MALFORMED("a_16_bit_length_in_64_bits", "\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff",
              "a frame length that is not in its shortest form"),
    MALFORMED("a_length_over_63_bits", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00",
              "a frame length of more than 63 bits"),
    MALFORMED("a_continuation_of_nothing", "\x80\x00", "a continuation of no message"),
    MALFORMED("a_continuation_behind_a_whole_message", "\x81\x01x\x00\x01x",
              "a continuation of no message"),
    MALFORMED("text_inside_fragments", "\x01\x01x\x81\x01x",
              "a new message inside an unfinished one"),
    MALFORMED("binary_inside_empty_fragments", "\x01\x00\x02\x01x",
              "a new message inside an unfinished one"),
    MALFORMED("a_close_with_half_a_code", "\x88\x01\x03", "a close frame with half a code"),
    MALFORMED("a_close_with_code_1005", "\x88\x02\x03\xed",
              "a close frame with a code that may not be sent"),
    MALFORMED("a_close_with_code_999",
              "\x88\x05\x03\xe7"
              "old",
              "a close frame with a code that may not be sent"),
    REFUSES("a_close_text_that_is_not_utf8", "\x88\x04\x03\xe8\xc3\x28", SLIP_EUTF8,
            "a close text that is not UTF-8"),
    REFUSES("half_a_character_at_the_end_of_a_close_text", "\x88\x03\x03\xe8\xc3", SLIP_EUTF8,
            "a close text that is not UTF-8"),
    REFUSES("text_that_is_not_utf8", "\x81\x02\xc0\x80", SLIP_EUTF8, "text that is not UTF-8"),
    REFUSES("half_a_character_at_the_end", "\x81\x02x\xe2", SLIP_EUTF8, "text that is not UTF-8"),
    REFUSES("half_a_character_before_the_next_message", "\x01\x01\xe2\x80\x00\x81\x02\x82\xac",
            SLIP_EUTF8, "text that is not UTF-8"),
    REFUSES("fragments_that_together_are_not_utf8", "\x01\x01\xed\x80\x02\xa0\x80", SLIP_EUTF8,
            "text that is not UTF-8"),
};

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_text),
      cmocka_unit_test(reads_binary),
      cmocka_unit_test(reads_empty_messages),
      cmocka_unit_test(reads_several_messages_one_after_the_other),
      cmocka_unit_test(joins_fragments),
      cmocka_unit_test(joins_empty_fragments),
      cmocka_unit_test(joins_a_character_that_fragments_cut),
      cmocka_unit_test(hands_out_control_frames_between_fragments),
      cmocka_unit_test(hands_out_a_close_between_fragments),
      cmocka_unit_test(reads_close_frames),
      cmocka_unit_test(reads_every_form_of_length),
      cmocka_unit_test(hands_out_compressed_messages_as_they_come),
      cmocka_unit_test(checks_text_again_after_a_compressed_one),
      cmocka_unit_test(takes_no_other_reserved_bit_when_some_may_be_compressed),
      cmocka_unit_test(forgets_with_its_connection_that_some_may_be_compressed),
      cmocka_unit_test(refuses_a_message_over_the_limit_by_its_header),
      cmocka_unit_test(says_how_long_what_it_refused_is),
      cmocka_unit_test(says_what_fragments_came_to_that_it_refused),
      cmocka_unit_test(says_no_size_of_what_is_refused_for_something_else),
      cmocka_unit_test(refuses_what_no_buffer_holds_where_there_is_no_limit),
      cmocka_unit_test(refuses_fragments_that_together_pass_the_limit),
      cmocka_unit_test(takes_fragments_up_to_the_limit_and_a_ping_beside_them),
      cmocka_unit_test(tells_bad_text_before_the_message_is_whole),
      cmocka_unit_test(gives_the_same_error_again_and_reads_no_more),
      cmocka_unit_test(hands_a_whole_message_out_where_it_lies),
      cmocka_unit_test(owns_nothing_while_idle),
      cmocka_unit_test(takes_no_memory_for_bytes_that_are_only_announced),
      cmocka_unit_test(has_room_for_the_rest_of_a_large_frame_and_leaves_it_there),
      cmocka_unit_test(says_what_of_a_text_in_pieces_is_plain),
      cmocka_unit_test(checks_a_character_that_is_cut_before_a_plain_piece),
      cmocka_unit_test(knows_the_codes_of_a_close),
      cmocka_unit_test(names_the_code_that_answers_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) + cmocka_run_group_tests(refusals, NULL, NULL);
}
