#include "core/push_buffer.h"
#include "spec/support/check.h"

static struct slip_push_buffer buffer;
static struct slip_topic room, lobby;

static int set_up(void **state) {
  (void)state;
  slip_push_buffer_init(&buffer);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  slip_push_buffer_clear(&buffer);
  return 0;
}

static void add(const struct slip_topic *topic, uint64_t ref, const char *payload) {
  struct slip_message message = {
      .event = SLIP_SPAN("hi"),
      .payload = {SLIP_JSON, slip_span_of(payload)},
  };
  CHECK_OK(slip_push_buffer_add(&buffer, topic, ref, 7, &message));
}

static void holds_no_memory_at_first(void **state) {
  (void)state;
  assert_int_equal(buffer.count, 0);
  assert_int_equal(buffer.bytes, 0);
  slip_push_buffer_drop_ref(&buffer, 1);
}

static void keeps_copies_in_the_order_in_which_they_came(void **state) {
  (void)state;
  char payload[] = "{\"a\":1}";
  add(&room, 1, payload);
  payload[1] = '!';
  add(&lobby, 2, "");
  const struct slip_buffered_push *push = buffer.first;
  assert_int_equal(push->ref, 1);
  assert_int_equal(push->mask, 7);
  assert_ptr_equal(push->topic, &room);
  CHECK_SPAN(slip_buffered_push_event(push), "hi");
  CHECK_SPAN(slip_buffered_push_payload(push).bytes, "{\"a\":1}");
  assert_int_equal(push->next->ref, 2);
  CHECK_SPAN(slip_buffered_push_payload(push->next).bytes, "");
  assert_null(push->next->next);
}

static void counts_all_that_it_holds(void **state) {
  (void)state;
  add(&room, 1, "12345");
  add(&room, 2, "");
  assert_int_equal(buffer.count, 2);
  assert_int_equal(buffer.bytes, slip_buffered_push_size(2, 5) + slip_buffered_push_size(2, 0));
  slip_push_buffer_drop_ref(&buffer, 1);
  assert_int_equal(buffer.count, 1);
  assert_int_equal(buffer.bytes, slip_buffered_push_size(2, 0));
}

/* Drops one of three and adds a fourth: the chain must hold wherever the gap was. */
static void drop_one_of_three(uint64_t gone, uint64_t first, uint64_t second) {
  slip_push_buffer_clear(&buffer);
  for (uint64_t ref = 1; ref <= 3; ref++)
    add(&room, ref, "{}");
  slip_push_buffer_drop_ref(&buffer, gone);
  add(&room, 4, "{}");
  assert_int_equal(buffer.count, 3);
  assert_int_equal(buffer.first->ref, first);
  assert_int_equal(buffer.first->next->ref, second);
  assert_int_equal(buffer.first->next->next->ref, 4);
  assert_null(buffer.first->next->next->next);
}

static void drops_the_first_one_in_the_middle_and_the_last(void **state) {
  (void)state;
  drop_one_of_three(1, 2, 3);
  drop_one_of_three(2, 1, 3);
  drop_one_of_three(3, 1, 2);
}

static void is_of_use_after_it_was_emptied_one_by_one(void **state) {
  (void)state;
  add(&room, 1, "{}");
  slip_push_buffer_drop(&buffer, &buffer.first);
  assert_null(buffer.first);
  add(&room, 2, "{}");
  assert_int_equal(buffer.first->ref, 2);
}

#define SPEC(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      SPEC(holds_no_memory_at_first),
      SPEC(keeps_copies_in_the_order_in_which_they_came),
      SPEC(counts_all_that_it_holds),
      SPEC(drops_the_first_one_in_the_middle_and_the_last),
      SPEC(is_of_use_after_it_was_emptied_one_by_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
