#include "core/limits.h"
#include "core/pending.h"
#include "spec/support/check.h"

static struct slip_pending pending;

static int set_up(void **state) {
  (void)state;
  slip_pending_init(&pending);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  slip_pending_clear(&pending);
  return 0;
}

static void add(uint64_t ref, uint64_t join_ref, uint64_t deadline) {
  struct slip_pending_entry entry = {
      .ref = ref, .join_ref = join_ref, .deadline = deadline, .kind = SLIP_PENDING_PUSH};
  CHECK_OK(slip_pending_add(&pending, &entry));
}

static void is_empty_at_first(void **state) {
  (void)state;
  struct slip_pending_entry entry;
  assert_false(slip_pending_take(&pending, 1, &entry));
  assert_false(slip_pending_take_due(&pending, SLIP_NEVER, &entry));
  slip_pending_expire(&pending, 0, 1);
  assert_true(slip_pending_deadline(&pending) == SLIP_NEVER);
}

static void gives_back_what_was_added(void **state) {
  (void)state;
  struct slip_pending_entry entry = {7, 3, 1000, SLIP_PENDING_LEAVE, 0, 0, 0};
  CHECK_OK(slip_pending_add(&pending, &entry));
  struct slip_pending_entry out = {0};
  assert_false(slip_pending_take(&pending, 8, &out));
  assert_true(slip_pending_take(&pending, 7, &out));
  assert_int_equal(out.ref, 7);
  assert_int_equal(out.join_ref, 3);
  assert_int_equal(out.deadline, 1000);
  assert_int_equal(out.kind, SLIP_PENDING_LEAVE);
  assert_false(slip_pending_take(&pending, 7, &out));
}

static void gives_the_due_ones_earliest_first(void **state) {
  (void)state;
  add(1, 1, 300);
  add(2, 1, 100);
  add(3, 1, 200);
  assert_int_equal(slip_pending_deadline(&pending), 100);
  struct slip_pending_entry out;
  assert_false(slip_pending_take_due(&pending, 99, &out));
  assert_true(slip_pending_take_due(&pending, 200, &out));
  assert_int_equal(out.ref, 2);
  assert_true(slip_pending_take_due(&pending, 200, &out));
  assert_int_equal(out.ref, 3);
  assert_false(slip_pending_take_due(&pending, 200, &out));
  assert_int_equal(slip_pending_deadline(&pending), 300);
}

static void one_that_never_ends_is_not_due_before_the_end_of_time(void **state) {
  (void)state;
  add(1, 1, SLIP_NEVER);
  struct slip_pending_entry out;
  assert_false(slip_pending_take_due(&pending, SLIP_NEVER - 1, &out));
  assert_true(slip_pending_take(&pending, 1, &out));
}

static void expires_the_requests_of_one_join_in_the_order_of_their_refs(void **state) {
  (void)state;
  for (uint64_t ref = 20; ref > 0; ref--)
    add(ref, ref % 2 + 1, 100 * ref);
  slip_pending_expire(&pending, 2, 9);
  assert_int_equal(slip_pending_deadline(&pending), 0);
  struct slip_pending_entry out;
  for (uint64_t ref = 1; ref <= 19; ref += 2) {
    assert_true(slip_pending_take_due(&pending, 0, &out));
    assert_int_equal(out.ref, ref);
    assert_int_equal(out.why, 9);
  }
  assert_false(slip_pending_take_due(&pending, 0, &out));
  assert_true(slip_pending_take_due(&pending, 200, &out));
  assert_int_equal(out.ref, 2);
  assert_int_equal(out.why, 0);
}

static void expires_all_there_are_for_join_ref_zero(void **state) {
  (void)state;
  add(3, 1, SLIP_NEVER);
  add(2, 0, 100);
  add(1, 2, 50);
  slip_pending_expire(&pending, 0, 1);
  struct slip_pending_entry out;
  for (uint64_t ref = 1; ref <= 3; ref++) {
    assert_true(slip_pending_take_due(&pending, 0, &out));
    assert_int_equal(out.ref, ref);
  }
}

static void what_is_buffered_ends_by_its_ref_alone(void **state) {
  (void)state;
  struct slip_pending_entry out, kept = {7, 0, 1000, SLIP_PENDING_BUFFERED, 0, 0, 0};
  CHECK_OK(slip_pending_add(&pending, &kept));
  add(8, 3, 500);
  slip_pending_expire(&pending, 0, 9);
  assert_true(slip_pending_take_due(&pending, 0, &out));
  assert_int_equal(out.ref, 8);
  assert_false(slip_pending_take_due(&pending, 999, &out));
  slip_pending_end(&pending, 8, 9); /* is not there */
  slip_pending_end(&pending, 7, 9);
  assert_true(slip_pending_take_due(&pending, 0, &out));
  assert_int_equal(out.ref, 7);
  assert_int_equal(out.why, 9);
}

static void an_entry_that_is_found_can_be_given_to_a_join(void **state) {
  (void)state;
  struct slip_pending_entry out, kept = {7, 0, 1000, SLIP_PENDING_BUFFERED, 0, 0, 0};
  assert_null(slip_pending_find(&pending, 7));
  CHECK_OK(slip_pending_add(&pending, &kept));
  assert_null(slip_pending_find(&pending, 8));
  struct slip_pending_entry *entry = slip_pending_find(&pending, 7);
  entry->kind = SLIP_PENDING_PUSH;
  entry->join_ref = 2;
  slip_pending_expire(&pending, 2, 9);
  assert_true(slip_pending_take_due(&pending, 0, &out));
  assert_int_equal(out.kind, SLIP_PENDING_PUSH);
}

static void tells_whether_one_of_a_kind_is_there(void **state) {
  (void)state;
  assert_false(slip_pending_has(&pending, SLIP_PENDING_PUSH, UINT64_MAX));
  add(5, 1, 100); /* alone */
  assert_true(slip_pending_has(&pending, SLIP_PENDING_PUSH, 6));
  assert_false(slip_pending_has(&pending, SLIP_PENDING_PUSH, 5));
  assert_false(slip_pending_has(&pending, SLIP_PENDING_JOIN, 6));
  add(6, 1, 50); /* and in a heap */
  add(7, 1, 70);
  assert_true(slip_pending_has(&pending, SLIP_PENDING_PUSH, 6));
  assert_false(slip_pending_has(&pending, SLIP_PENDING_PUSH, 5));
}

static void refuses_more_than_the_maximum(void **state) {
  (void)state;
  for (uint64_t ref = 1; ref <= SLIP_PENDING_MAX; ref++)
    add(ref, 1, SLIP_NEVER - ref);
  struct slip_pending_entry out = {.ref = SLIP_PENDING_MAX + 1};
  assert_int_equal(slip_pending_add(&pending, &out), SLIP_EFULL);
  assert_true(slip_pending_take(&pending, 5, &out));
  add(SLIP_PENDING_MAX + 1, 1, 1);
}

static void has_no_memory_for_one_request_at_a_time(void **state) {
  (void)state;
  struct slip_pending_entry out;
  for (uint64_t ref = 1; ref < 1000; ref++) {
    add(ref, 1, 1);
    assert_int_equal(pending.room, 0);
    assert_true(slip_pending_take(&pending, ref, &out));
  }
}

static void keeps_its_memory_until_the_last_is_answered(void **state) {
  (void)state;
  struct slip_pending_entry out;
  add(1, 1, 1);
  add(2, 1, 1);
  const void *heap = pending.heap;
  for (uint64_t ref = 3; ref < 1000; ref++) {
    add(ref, 1, 1);
    assert_true(slip_pending_take(&pending, ref - 1, &out));
    assert_ptr_equal(pending.heap, heap);
  }
  for (uint64_t ref = 1000; ref < 2000; ref++)
    add(ref, 1, 1);
  while (slip_pending_take_due(&pending, 1, &out)) {
  }
  assert_int_equal(pending.room, 0);
  add(1, 1, 1);
  assert_true(slip_pending_take(&pending, 1, &out));
}

/* A model too simple to be wrong: an array that is searched. */
#define MODEL_MAX 300

struct model {
  struct slip_pending_entry entries[MODEL_MAX];
  size_t count;
};

static size_t model_first(const struct model *m) {
  size_t first = 0;
  for (size_t i = 1; i < m->count; i++) {
    const struct slip_pending_entry *a = &m->entries[i], *b = &m->entries[first];
    if (a->deadline < b->deadline || (a->deadline == b->deadline && a->ref < b->ref))
      first = i;
  }
  return first;
}

static void check_taken(struct model *m, size_t i, const struct slip_pending_entry *out) {
  assert_int_equal(out->ref, m->entries[i].ref);
  assert_int_equal(out->join_ref, m->entries[i].join_ref);
  assert_true(out->deadline == m->entries[i].deadline);
  assert_int_equal(out->why, m->entries[i].why);
  m->entries[i] = m->entries[--m->count];
}

static uint32_t draw(uint64_t *seed) {
  *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
  return (uint32_t)(*seed >> 33);
}

static void add_to_both(struct model *m, uint64_t ref, uint64_t *seed) {
  if (m->count == MODEL_MAX)
    return;
  struct slip_pending_entry entry = {
      ref, draw(seed) % 8 + 1, draw(seed) % 500, SLIP_PENDING_PUSH, 0, 0, 0};
  if (draw(seed) % 4 == 0)
    entry.deadline = SLIP_NEVER;
  if (draw(seed) % 4 == 0) {
    entry.kind = SLIP_PENDING_BUFFERED;
    entry.join_ref = 0;
  }
  CHECK_OK(slip_pending_add(&pending, &entry));
  m->entries[m->count++] = entry;
}

static void take_from_both(struct model *m, uint64_t ref) {
  struct slip_pending_entry out;
  size_t i = 0;
  while (i < m->count && m->entries[i].ref != ref)
    i++;
  bool taken = slip_pending_take(&pending, ref, &out);
  assert_int_equal(taken, i < m->count);
  if (taken)
    check_taken(m, i, &out);
}

static void take_due_from_both(struct model *m, uint64_t now) {
  struct slip_pending_entry out;
  size_t first = model_first(m);
  bool taken = slip_pending_take_due(&pending, now, &out);
  assert_int_equal(taken, m->count > 0 && m->entries[first].deadline <= now);
  if (taken)
    check_taken(m, first, &out);
}

static void expire_in_both(struct model *m, uint64_t join_ref) {
  slip_pending_expire(&pending, join_ref, 5);
  for (size_t i = 0; i < m->count; i++) {
    if (join_ref == 0 && m->entries[i].kind == SLIP_PENDING_BUFFERED)
      continue;
    if (join_ref != 0 && m->entries[i].join_ref != join_ref)
      continue;
    m->entries[i].deadline = 0;
    m->entries[i].why = 5;
  }
}

static void end_in_both(struct model *m, uint64_t ref) {
  slip_pending_end(&pending, ref, 6);
  for (size_t i = 0; i < m->count; i++) {
    if (m->entries[i].ref != ref)
      continue;
    m->entries[i].deadline = 0;
    m->entries[i].why = 6;
  }
}

/* What was buffered is sent. */
static void send_in_both(struct model *m, size_t i) {
  struct slip_pending_entry *entry = slip_pending_find(&pending, m->entries[i].ref);
  assert_non_null(entry);
  entry->kind = m->entries[i].kind = SLIP_PENDING_PUSH;
  entry->join_ref = m->entries[i].join_ref = 3;
}

static void behaves_like_a_list_that_is_searched(void **state) {
  (void)state;
  static struct model m;
  uint64_t seed = 42, ref = 0;
  for (int turn = 0; turn < 60000; turn++) {
    /* grows for a while, then shrinks, so that every size and the emptying is seen */
    uint32_t dice = draw(&seed) % 100, adds = turn / 2000 % 2 == 0 ? 60 : 30;
    if (dice < adds)
      add_to_both(&m, ++ref, &seed);
    else if (dice < 80)
      take_from_both(&m, m.count > 0 ? m.entries[draw(&seed) % m.count].ref : 1);
    else if (dice < 85)
      take_from_both(&m, draw(&seed) % (ref + 1));
    else if (dice < 97)
      take_due_from_both(&m, draw(&seed) % 500);
    else if (dice < 98)
      end_in_both(&m, draw(&seed) % (ref + 1));
    else if (dice < 99 && m.count > 0)
      send_in_both(&m, draw(&seed) % m.count);
    else
      expire_in_both(&m, draw(&seed) % 9);
    assert_int_equal(pending.count, m.count);
    assert_true(slip_pending_deadline(&pending) ==
                (m.count == 0 ? SLIP_NEVER : m.entries[model_first(&m)].deadline));
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(is_empty_at_first),
      TEST(gives_back_what_was_added),
      TEST(gives_the_due_ones_earliest_first),
      TEST(one_that_never_ends_is_not_due_before_the_end_of_time),
      TEST(expires_the_requests_of_one_join_in_the_order_of_their_refs),
      TEST(expires_all_there_are_for_join_ref_zero),
      TEST(what_is_buffered_ends_by_its_ref_alone),
      TEST(an_entry_that_is_found_can_be_given_to_a_join),
      TEST(tells_whether_one_of_a_kind_is_there),
      TEST(refuses_more_than_the_maximum),
      TEST(has_no_memory_for_one_request_at_a_time),
      TEST(keeps_its_memory_until_the_last_is_answered),
      TEST(behaves_like_a_list_that_is_searched),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
