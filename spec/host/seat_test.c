/* Seats on libuv loops, all in one thread: what makes a bell ring is in team_test.c. */
#include "host/seat.h"

#include "spec/support/check.h"
#include "spec/support/memory_failure.h"

/* A worker's seat on a loop of its own, and what arrived there. */
struct office {
  uv_loop_t uv;
  struct slip_team *team;
  struct slip_seat *seat;
  unsigned arrived;
  bool is_closing; /* at the next parcel */
};

static void arrive(void *context, const struct slip_parcel *parcel) {
  struct office *office = context;
  CHECK_SPAN(parcel->bytes, "x");
  office->arrived++;
  if (!office->is_closing)
    return;
  slip_seat_close(office->seat);
  office->seat = NULL;
}

static void open_office(struct office *office, int count) {
  *office = (struct office){.arrived = 0};
  uv_loop_init(&office->uv);
  CHECK_OK(slip_team_new(count, &office->team));
  CHECK_OK(slip_seat_open(office->team, 0, &office->uv, (struct slip_seat_handler){arrive, office},
                          &office->seat));
}

static void close_office(struct office *office) {
  slip_seat_close(office->seat);
  uv_run(&office->uv, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&office->uv), 0);
  slip_team_free(office->team);
}

static void post(struct office *office, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    CHECK_OK(slip_team_post(office->team, SLIP_LEAD, 0, SLIP_SPAN("x"), false));
}

static void turn(struct office *office) {
  uv_run(&office->uv, UV_RUN_NOWAIT);
}

static void parcels_arrive_from_the_loop(void **state) {
  (void)state;
  struct office office;
  open_office(&office, 2);
  slip_seat_keep_alive(office.seat, true);
  post(&office, 2);
  assert_int_equal(office.arrived, 0);
  turn(&office);
  assert_int_equal(office.arrived, 2);
  close_office(&office);
}

static void what_was_there_before_it_was_opened_arrives(void **state) {
  (void)state;
  struct office office;
  open_office(&office, 2);
  slip_seat_close(office.seat);
  turn(&office);
  post(&office, 3);
  CHECK_OK(slip_seat_open(office.team, 0, &office.uv, (struct slip_seat_handler){arrive, &office},
                          &office.seat));
  slip_seat_keep_alive(office.seat, true);
  turn(&office);
  assert_int_equal(office.arrived, 3);
  close_office(&office);
}

static void only_so_many_arrive_in_a_turn(void **state) {
  (void)state;
  struct office office;
  open_office(&office, 2);
  slip_seat_keep_alive(office.seat, true);
  post(&office, 2 * SLIP_SEAT_TURN + 1);
  for (unsigned i = 1; i <= 2; i++) {
    turn(&office);
    assert_int_equal(office.arrived, i * SLIP_SEAT_TURN);
  }
  turn(&office);
  assert_int_equal(office.arrived, 2 * SLIP_SEAT_TURN + 1);
  close_office(&office);
}

static void the_loop_ends_unless_it_is_kept_alive(void **state) {
  (void)state;
  struct office office;
  open_office(&office, 2);
  assert_false(uv_loop_alive(&office.uv));
  slip_seat_keep_alive(office.seat, true);
  assert_true(uv_loop_alive(&office.uv));
  slip_seat_keep_alive(office.seat, false);
  assert_false(uv_loop_alive(&office.uv));
  close_office(&office);
}

static void who_rests_runs_its_loop_until_something_comes(void **state) {
  (void)state;
  struct office office;
  open_office(&office, 2); /* the other place is not started, so nothing is over */
  post(&office, 1);
  for (unsigned i = 1; i <= 3; i++) { /* the first time there is something before it rests */
    assert_false(slip_seat_rest(office.seat));
    assert_true(uv_loop_alive(&office.uv));
    if (i > 1)
      post(&office, 1);
    uv_run(&office.uv, UV_RUN_DEFAULT);
    assert_int_equal(office.arrived, i);
  }
  assert_false(slip_seat_rest(office.seat));
  slip_team_give_up(office.team, 1);
  uv_run(&office.uv, UV_RUN_DEFAULT);
  assert_true(slip_seat_rest(office.seat));
  assert_false(uv_loop_alive(&office.uv));
  close_office(&office);
}

static void a_rest_that_was_broken_off_keeps_no_loop_alive(void **state) {
  (void)state;
  struct office office;
  open_office(&office, 2);
  assert_false(slip_seat_rest(office.seat));
  uv_stop(&office.uv);
  uv_run(&office.uv, UV_RUN_DEFAULT);
  slip_team_give_up(office.team, 1);
  assert_true(slip_seat_rest(office.seat));
  assert_false(uv_loop_alive(&office.uv));
  close_office(&office);
}

static void may_be_closed_by_who_gets_a_parcel(void **state) {
  (void)state;
  struct office office;
  open_office(&office, 2);
  office.is_closing = true;
  slip_seat_keep_alive(office.seat, true);
  post(&office, 2);
  turn(&office);
  assert_int_equal(office.arrived, 1);
  post(&office, 1); /* nobody hears of it */
  turn(&office);
  assert_int_equal(office.arrived, 1);
  close_office(&office);
}

static void says_that_there_is_no_memory(void **state) {
  (void)state;
  struct office office;
  struct slip_seat *other;
  open_office(&office, 2);
  memory_fails_at(0);
  assert_int_equal(
      slip_seat_open(office.team, 1, &office.uv, (struct slip_seat_handler){arrive, NULL}, &other),
      SLIP_ENOMEM);
  assert_true(memory_has_failed());
  close_office(&office);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parcels_arrive_from_the_loop),
      cmocka_unit_test(what_was_there_before_it_was_opened_arrives),
      cmocka_unit_test(only_so_many_arrive_in_a_turn),
      cmocka_unit_test(the_loop_ends_unless_it_is_kept_alive),
      cmocka_unit_test(who_rests_runs_its_loop_until_something_comes),
      cmocka_unit_test(a_rest_that_was_broken_off_keeps_no_loop_alive),
      cmocka_unit_test(may_be_closed_by_who_gets_a_parcel),
      cmocka_unit_test(says_that_there_is_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
