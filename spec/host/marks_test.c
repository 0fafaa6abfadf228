#include "host/marks.h"
#include "spec/support/check.h"

#define MARK_COUNT 3

static struct slip_marks marks;
static struct slip_mark each[MARK_COUNT];
static struct slip_mark *worked[16];
static size_t worked_count;

static void note(struct slip_mark *mark) {
  assert_false(mark->is_set);
  worked[worked_count++] = mark;
}

static void note_and_set_again(struct slip_mark *mark) {
  note(mark);
  slip_marks_set(&marks, mark);
}

static void note_and_unset_the_last(struct slip_mark *mark) {
  note(mark);
  slip_marks_unset(&marks, &each[MARK_COUNT - 1]);
}

static int set_up(void **state) {
  (void)state;
  marks = (struct slip_marks){0};
  worked_count = 0;
  for (size_t i = 0; i < MARK_COUNT; i++)
    each[i] = (struct slip_mark){.work = note};
  return 0;
}

static void set_all(void) {
  for (size_t i = 0; i < MARK_COUNT; i++)
    slip_marks_set(&marks, &each[i]);
}

static void has_nothing_to_do_at_first(void **state) {
  (void)state;
  slip_marks_work(&marks);
  slip_marks_unset(&marks, &each[0]);
  assert_null(marks.first);
  assert_int_equal(worked_count, 0);
}

static void works_each_off_once_in_the_order_of_setting(void **state) {
  (void)state;
  slip_marks_set(&marks, &each[2]);
  set_all();
  slip_marks_work(&marks);
  assert_int_equal(worked_count, 3);
  assert_ptr_equal(worked[0], &each[2]);
  assert_ptr_equal(worked[1], &each[0]);
  assert_ptr_equal(worked[2], &each[1]);
  assert_null(marks.first);
}

static void leaves_what_is_set_meanwhile_to_the_next_round(void **state) {
  (void)state;
  each[0].work = note_and_set_again;
  set_all();
  slip_marks_work(&marks);
  assert_int_equal(worked_count, 3);
  assert_ptr_equal(marks.first, &each[0]);
  slip_marks_work(&marks);
  assert_int_equal(worked_count, 4);
  assert_ptr_equal(worked[3], &each[0]);
}

static void does_so_when_the_count_of_rounds_begins_anew(void **state) {
  (void)state;
  marks.round = UINT32_MAX;
  leaves_what_is_set_meanwhile_to_the_next_round(state);
}

static void forgets_what_is_unset_wherever_it_stands(void **state) {
  for (size_t gone = 0; gone < MARK_COUNT; gone++) {
    set_up(state);
    set_all();
    slip_marks_unset(&marks, &each[gone]);
    slip_marks_work(&marks);
    assert_int_equal(worked_count, 2);
    assert_ptr_equal(worked[0], &each[gone == 0 ? 1 : 0]);
    assert_ptr_equal(worked[1], &each[gone == 2 ? 1 : 2]);
  }
}

static void does_not_work_off_what_another_one_unsets(void **state) {
  (void)state;
  each[0].work = note_and_unset_the_last;
  set_all();
  slip_marks_work(&marks);
  assert_int_equal(worked_count, 2);
  assert_ptr_equal(worked[1], &each[1]);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(has_nothing_to_do_at_first),
      TEST(works_each_off_once_in_the_order_of_setting),
      TEST(leaves_what_is_set_meanwhile_to_the_next_round),
      TEST(does_so_when_the_count_of_rounds_begins_anew),
      TEST(forgets_what_is_unset_wherever_it_stands),
      TEST(does_not_work_off_what_another_one_unsets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
