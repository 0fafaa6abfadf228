#include "host/turnstile.h"
#include "spec/support/check.h"

#define GUESTS 8

struct house {
  struct slip_turnstile door;
  struct guest {
    struct slip_pass pass;
    struct house *house;
  } guests[GUESTS];
  char admitted[64]; /* whom the door let in after a wait, in order */
};

static void admit(struct slip_pass *pass) {
  struct guest *guest = (struct guest *)((char *)pass - offsetof(struct guest, pass));
  struct house *house = guest->house;
  assert_int_equal(pass->state, SLIP_PASS_IN);
  house->admitted[strlen(house->admitted)] = (char)('a' + (guest - house->guests));
}

static void build(struct house *house, size_t limit) {
  *house = (struct house){.admitted = ""};
  slip_turnstile_init(&house->door, limit);
  for (int i = 0; i < GUESTS; i++) {
    house->guests[i].house = house;
    house->guests[i].pass.admit = admit;
  }
}

static bool ask(struct house *house, int guest) {
  return slip_turnstile_ask(&house->door, &house->guests[guest - 'a'].pass);
}

static void leave(struct house *house, int guest) {
  slip_turnstile_leave(&house->door, &house->guests[guest - 'a'].pass);
}

static void expect_admitted(struct house *house, const char *guests) {
  assert_string_equal(house->admitted, guests);
  memset(house->admitted, 0, sizeof house->admitted);
}

static void lets_in_as_many_as_the_limit_says(void **state) {
  (void)state;
  struct house h;
  build(&h, 2);
  assert_true(ask(&h, 'a'));
  assert_true(ask(&h, 'b'));
  assert_false(ask(&h, 'c'));
  expect_admitted(&h, "");
}

static void the_first_in_line_is_the_first_in(void **state) {
  (void)state;
  struct house h;
  build(&h, 1);
  for (int guest = 'a'; guest <= 'd'; guest++)
    assert_int_equal(ask(&h, guest), guest == 'a');
  leave(&h, 'a');
  expect_admitted(&h, "b");
  assert_false(ask(&h, 'a')); /* again, behind all others */
  leave(&h, 'b');
  leave(&h, 'c');
  leave(&h, 'd');
  expect_admitted(&h, "cda");
}

static void who_leaves_the_line_is_not_admitted(void **state) {
  (void)state;
  for (int gone = 'b'; gone <= 'd'; gone++) {
    struct house h;
    build(&h, 1);
    for (int guest = 'a'; guest <= 'd'; guest++)
      (void)ask(&h, guest);
    leave(&h, gone);
    expect_admitted(&h, "");
    for (int guest = 'a'; guest <= 'd'; guest++)
      leave(&h, guest);
    assert_null(strchr(h.admitted, gone));
    assert_int_equal(strlen(h.admitted), 2);
    assert_int_equal(h.door.count, 0);
    assert_null(h.door.first);
  }
}

static void leaving_twice_or_unasked_is_harmless(void **state) {
  (void)state;
  struct house h;
  build(&h, 1);
  leave(&h, 'a');
  assert_true(ask(&h, 'a'));
  leave(&h, 'a');
  leave(&h, 'a');
  assert_true(ask(&h, 'b'));
  assert_false(ask(&h, 'c'));
}

static void a_higher_limit_admits_at_once(void **state) {
  (void)state;
  struct house h;
  build(&h, 1);
  for (int guest = 'a'; guest <= 'd'; guest++)
    (void)ask(&h, guest);
  slip_turnstile_set_limit(&h.door, 3);
  expect_admitted(&h, "bc");
}

static void a_lower_limit_lets_nobody_in_until_there_is_room(void **state) {
  (void)state;
  struct house h;
  build(&h, 3);
  for (int guest = 'a'; guest <= 'e'; guest++)
    (void)ask(&h, guest);
  slip_turnstile_set_limit(&h.door, 1);
  leave(&h, 'a');
  leave(&h, 'b');
  expect_admitted(&h, "");
  leave(&h, 'c');
  expect_admitted(&h, "d");
}

static size_t count_of(const struct house *h, int state) {
  size_t count = 0;
  for (int i = 0; i < GUESTS; i++)
    count += (int)h->guests[i].pass.state == state;
  return count;
}

/* As many are in as the door has counted, and nobody waits while there is room. */
static void expect_order(const struct house *h) {
  size_t in = count_of(h, SLIP_PASS_IN);
  assert_int_equal(in, h->door.count);
  assert_true(in == h->door.limit || count_of(h, SLIP_PASS_WAITING) == 0);
  assert_true(in <= h->door.limit);
}

/* Every order of asking and leaving keeps the count and admits whom it can. */
static void never_loses_a_place(void **state) {
  (void)state;
  for (unsigned seed = 0; seed < 2000; seed++) {
    struct house h;
    unsigned dice = seed * 2654435761u + 1;
    build(&h, 1 + seed % 3);
    for (int move = 0; move < 64; move++) {
      dice = dice * 1664525u + 1013904223u;
      struct slip_pass *pass = &h.guests[(dice >> 16) % GUESTS].pass;
      if (pass->state == SLIP_PASS_NONE)
        (void)slip_turnstile_ask(&h.door, pass);
      else
        slip_turnstile_leave(&h.door, pass);
      memset(h.admitted, 0, sizeof h.admitted);
      expect_order(&h);
    }
  }
}

/* Lets so many in and out again. */
static void rush(struct slip_turnstile *door, size_t count) {
  struct slip_pass passes[SLIP_TURNSTILE_RUSH] = {0};
  for (size_t i = 0; i < count; i++)
    assert_true(slip_turnstile_ask(door, &passes[i]));
  for (size_t i = 0; i < count; i++) {
    assert_false(slip_turnstile_take_lull(door));
    slip_turnstile_leave(door, &passes[i]);
  }
}

static void tells_once_of_the_lull_after_a_rush(void **state) {
  (void)state;
  struct slip_turnstile door;
  slip_turnstile_init(&door, SLIP_TURNSTILE_RUSH);
  rush(&door, SLIP_TURNSTILE_RUSH);
  assert_true(slip_turnstile_take_lull(&door));
  assert_false(slip_turnstile_take_lull(&door));
  rush(&door, SLIP_TURNSTILE_RUSH);
  assert_true(slip_turnstile_take_lull(&door));
}

static void a_few_at_a_time_are_no_rush(void **state) {
  (void)state;
  struct slip_turnstile door;
  slip_turnstile_init(&door, SLIP_TURNSTILE_RUSH);
  for (int i = 0; i < 3; i++)
    rush(&door, SLIP_TURNSTILE_RUSH - 1);
  assert_false(slip_turnstile_take_lull(&door));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lets_in_as_many_as_the_limit_says),
      cmocka_unit_test(the_first_in_line_is_the_first_in),
      cmocka_unit_test(who_leaves_the_line_is_not_admitted),
      cmocka_unit_test(leaving_twice_or_unasked_is_harmless),
      cmocka_unit_test(a_higher_limit_admits_at_once),
      cmocka_unit_test(a_lower_limit_lets_nobody_in_until_there_is_room),
      cmocka_unit_test(never_loses_a_place),
      cmocka_unit_test(tells_once_of_the_lull_after_a_rush),
      cmocka_unit_test(a_few_at_a_time_are_no_rush),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
