/* A team of real threads, which wait at semaphores in place of loops. */
#include "host/team.h"

#include "spec/support/check.h"
#include "spec/support/memory_failure.h"

#include <semaphore.h>
#include <stdatomic.h>

enum { CROWD = 4, HOPS = 2000, SHOTS = 20000 };

/* What a place of the specs is. */
struct desk {
  struct slip_team *team;
  int place;
  sem_t bell;
};

static void ring(void *context) {
  struct desk *desk = context;
  (void)sem_post(&desk->bell);
}

static void sit(struct desk *desk, struct slip_team *team, int place) {
  desk->team = team;
  desk->place = place;
  (void)sem_init(&desk->bell, 0, 0);
  slip_team_set_bell(team, place, &(struct slip_bell){ring, desk});
}

static void stand_up(struct desk *desk) {
  slip_team_set_bell(desk->team, desk->place, NULL);
  (void)sem_destroy(&desk->bell);
}

/* The next parcel, however long it takes; NULL: the team is over. */
static struct slip_parcel *receive(struct desk *desk) {
  for (;;) {
    struct slip_parcel *parcel = slip_team_take(desk->team, desk->place);
    if (parcel != NULL)
      return parcel;
    if (desk->place != SLIP_LEAD && slip_team_rest(desk->team, desk->place))
      return NULL;
    (void)sem_wait(&desk->bell);
  }
}

static void post_number(struct slip_team *team, int from, int to, uint32_t number) {
  CHECK_OK(slip_team_post(team, from, to, (struct slip_span){(const char *)&number, sizeof number},
                          false));
}

static uint32_t take_number(struct slip_parcel *parcel) {
  uint32_t number;
  memcpy(&number, parcel->bytes.at, sizeof number);
  free(parcel);
  return number;
}

static struct slip_team *new_team(int count) {
  struct slip_team *team;
  CHECK_OK(slip_team_new(count, &team));
  return team;
}

static void start(struct slip_team *team, int place,
                  void (*run)(struct slip_team *, int, struct slip_outcome *, void *),
                  void *context) {
  CHECK_OK(slip_team_start(team, place, (struct slip_task){run, context}));
}

/* The lead waits until somebody has ended; nothing else may come before. */
static struct slip_outcome expect_end(struct desk *lead, int *from) {
  struct slip_parcel *parcel = receive(lead);
  assert_non_null(parcel->outcome);
  struct slip_outcome outcome = *parcel->outcome;
  *from = parcel->from;
  free(parcel);
  return outcome;
}

static void expect_ends(struct desk *lead, int count) {
  int from;
  for (int i = 0; i < count; i++)
    (void)expect_end(lead, &from);
  assert_int_equal(slip_team_running(lead->team), 0);
}

/* What threads do. */

static void end_at_once(struct slip_team *team, int place, struct slip_outcome *outcome,
                        void *context) {
  (void)team;
  (void)context;
  outcome->code = 40 + place;
}

static void rest_until_over(struct slip_team *team, int place, struct slip_outcome *outcome,
                            void *context) {
  (void)outcome;
  struct desk desk;
  atomic_uint *heard = context;
  sit(&desk, team, place);
  for (struct slip_parcel *parcel; (parcel = receive(&desk)) != NULL; free(parcel))
    (void)atomic_fetch_add(heard, 1);
  stand_up(&desk);
}

static void fail_with_text(struct slip_team *team, int place, struct slip_outcome *outcome,
                           void *context) {
  (void)context;
  CHECK_OK(slip_team_claim(team, SLIP_SPAN("lobby"), (struct slip_holder){place, 1}));
  post_number(team, place, SLIP_LEAD, 1);
  outcome->has_failed = true;
  outcome->size = 4;
  memcpy(outcome->text, "boom", 4);
}

/* Passes on numbers, each one less, until they are 0. */
static void pass_on(struct slip_team *team, int place, struct slip_outcome *outcome,
                    void *context) {
  (void)outcome;
  struct desk desk;
  atomic_uint *hops = context;
  sit(&desk, team, place);
  for (struct slip_parcel *parcel; (parcel = receive(&desk)) != NULL;) {
    uint32_t left = take_number(parcel);
    (void)atomic_fetch_add(hops, 1);
    if (left > 0)
      post_number(team, place, (place + 1) % CROWD, left - 1);
  }
  stand_up(&desk);
}

/* Posts numbers in order to place 0. */
static void shoot(struct slip_team *team, int place, struct slip_outcome *outcome, void *context) {
  (void)outcome;
  (void)context;
  for (uint32_t i = 0; i < SHOTS; i++)
    post_number(team, place, 0, i);
}

/* Expects all shots, those of each shooter in order. */
static void be_shot_at(struct slip_team *team, int place, struct slip_outcome *outcome,
                       void *context) {
  (void)context;
  uint32_t next[CROWD] = {0};
  struct desk desk;
  sit(&desk, team, place);
  for (struct slip_parcel *parcel; (parcel = receive(&desk)) != NULL;) {
    int from = parcel->from;
    if (take_number(parcel) != next[from]++)
      outcome->has_failed = true;
  }
  for (int i = 1; i < CROWD; i++)
    outcome->code += (int)next[i];
  stand_up(&desk);
}

/* Claims the same names as all others do. */
static void claim_all(struct slip_team *team, int place, struct slip_outcome *outcome,
                      void *context) {
  (void)context;
  for (uint32_t i = 0; i < 1000; i++) {
    struct slip_holder holder = {place, i}, found;
    struct slip_span name = {(const char *)&i, sizeof i};
    if (slip_team_claim(team, name, holder) == SLIP_OK)
      outcome->code++;
    if (slip_team_find(team, name, &found) && i % 2 == 0)
      slip_team_release(team, name, place);
  }
}

static void wait_at(struct slip_team *team, int place, struct slip_outcome *outcome,
                    void *context) {
  (void)team;
  (void)place;
  (void)outcome;
  (void)sem_wait(context);
}

/* The specs. */

static void tells_the_lead_how_a_thread_ended(void **state) {
  (void)state;
  struct desk lead;
  sit(&lead, new_team(2), SLIP_LEAD);
  start(lead.team, 1, end_at_once, NULL);
  assert_int_equal(slip_team_running(lead.team), 1);
  int from;
  struct slip_outcome outcome = expect_end(&lead, &from);
  assert_int_equal(from, 1);
  assert_false(outcome.has_failed);
  assert_int_equal(outcome.code, 41);
  assert_int_equal(slip_team_running(lead.team), 0);
  stand_up(&lead);
  slip_team_free(lead.team);
}

static void has_one_thread_at_a_place(void **state) {
  (void)state;
  struct desk lead;
  sem_t gate;
  (void)sem_init(&gate, 0, 0);
  sit(&lead, new_team(1), SLIP_LEAD);
  start(lead.team, 0, wait_at, &gate);
  struct slip_task again = {wait_at, &gate};
  assert_int_equal(slip_team_start(lead.team, 0, again), SLIP_ESTATE);
  (void)sem_post(&gate);
  expect_ends(&lead, 1);
  CHECK_OK(slip_team_start(lead.team, 0, again));
  (void)sem_post(&gate);
  expect_ends(&lead, 1);
  (void)sem_destroy(&gate);
  stand_up(&lead);
  slip_team_free(lead.team);
}

static void the_end_comes_after_all_that_was_posted(void **state) {
  (void)state;
  struct desk lead;
  sit(&lead, new_team(1), SLIP_LEAD);
  start(lead.team, 0, fail_with_text, NULL);
  assert_int_equal(take_number(receive(&lead)), 1);
  int from;
  struct slip_outcome outcome = expect_end(&lead, &from);
  assert_true(outcome.has_failed);
  assert_int_equal(outcome.size, 4);
  assert_memory_equal(outcome.text, "boom", 4);
  stand_up(&lead);
  slip_team_free(lead.team);
}

static void nobody_is_where_a_thread_has_ended(void **state) {
  (void)state;
  struct desk lead;
  struct slip_holder holder;
  sit(&lead, new_team(2), SLIP_LEAD);
  CHECK_OK(slip_team_post(lead.team, SLIP_LEAD, 0, SLIP_SPAN("lost"), false)); /* not started yet */
  start(lead.team, 0, fail_with_text, NULL);
  free(receive(&lead));
  expect_ends(&lead, 1);
  assert_false(slip_team_find(lead.team, SLIP_SPAN("lobby"), &holder));
  assert_int_equal(slip_team_post(lead.team, 1, 0, SLIP_SPAN("x"), true), SLIP_ECLOSED);
  assert_int_equal(slip_team_post(lead.team, 1, 2, SLIP_SPAN("x"), true), SLIP_ECLOSED);
  assert_int_equal(slip_team_post(lead.team, 1, -2, SLIP_SPAN("x"), true), SLIP_ECLOSED);
  slip_team_give_up(lead.team, 1);
  assert_int_equal(slip_team_post(lead.team, 0, 1, SLIP_SPAN("x"), false), SLIP_ECLOSED);
  stand_up(&lead);
  slip_team_free(lead.team);
}

static void a_place_that_was_started_anew_begins_empty(void **state) {
  (void)state;
  struct desk lead;
  atomic_uint heard = 0;
  sit(&lead, new_team(1), SLIP_LEAD);
  CHECK_OK(slip_team_post(lead.team, SLIP_LEAD, 0, SLIP_SPAN("lost"), false));
  start(lead.team, 0, end_at_once, NULL);
  expect_ends(&lead, 1);
  start(lead.team, 0, rest_until_over, &heard);
  expect_ends(&lead, 1);
  assert_int_equal(heard, 0);
  stand_up(&lead);
  slip_team_free(lead.team);
}

static void refuses_what_has_no_room(void **state) {
  (void)state;
  struct slip_team *team = new_team(1);
  for (unsigned i = 0; i < SLIP_INBOX_PARCELS_MAX; i++)
    CHECK_OK(slip_team_post(team, SLIP_LEAD, 0, SLIP_SPAN(""), false));
  assert_int_equal(slip_team_post(team, SLIP_LEAD, 0, SLIP_SPAN(""), false), SLIP_EFULL);
  CHECK_OK(slip_team_post(team, SLIP_LEAD, 0, SLIP_SPAN("end"), true));
  struct slip_parcel *parcel = slip_team_take(team, 0);
  CHECK_SPAN(parcel->bytes, "end");
  assert_int_equal(parcel->from, SLIP_LEAD);
  free(parcel);
  slip_team_free(team);
}

static void count_rings(void *context) {
  ++*(unsigned *)context;
}

static void rings_once_until_all_is_taken(void **state) {
  (void)state;
  unsigned rings = 0;
  struct slip_team *team = new_team(1);
  slip_team_set_bell(team, 0, &(struct slip_bell){count_rings, &rings});
  for (unsigned round = 1; round <= 3; round++) {
    post_number(team, SLIP_LEAD, 0, 1);
    post_number(team, SLIP_LEAD, 0, 2);
    assert_int_equal(take_number(slip_team_take(team, 0)), 1);
    post_number(team, SLIP_LEAD, 0, 3);
    assert_int_equal(take_number(slip_team_take(team, 0)), 2);
    assert_int_equal(take_number(slip_team_take(team, 0)), 3);
    post_number(team, SLIP_LEAD, 0, 4);
    assert_int_equal(take_number(slip_team_take(team, 0)), 4);
    assert_null(slip_team_take(team, 0));
    assert_int_equal(rings, round);
  }
  slip_team_free(team);
}

static void is_over_when_all_rest(void **state) {
  (void)state;
  struct desk lead;
  atomic_uint heard = 0;
  sit(&lead, new_team(CROWD), SLIP_LEAD);
  for (int i = 0; i < CROWD; i++)
    CHECK_OK(slip_team_post(lead.team, SLIP_LEAD, i, SLIP_SPAN("x"), false));
  for (int i = 0; i < CROWD - 1; i++)
    start(lead.team, i, rest_until_over, &heard);
  assert_false(slip_team_is_over(lead.team));
  start(lead.team, CROWD - 1, end_at_once, NULL);
  expect_ends(&lead, CROWD);
  assert_int_equal(heard, CROWD - 1);
  assert_true(slip_team_is_over(lead.team));
  stand_up(&lead);
  slip_team_free(lead.team);
}

/* Each parcel on its way keeps the team from being over, however short all rest in between. */
static void is_not_over_while_a_parcel_is_on_its_way(void **state) {
  (void)state;
  struct desk lead;
  atomic_uint hops = 0;
  sit(&lead, new_team(CROWD), SLIP_LEAD);
  post_number(lead.team, SLIP_LEAD, 0, HOPS - 1);
  post_number(lead.team, SLIP_LEAD, 2, HOPS / 2 - 1);
  for (int i = 0; i < CROWD; i++)
    start(lead.team, i, pass_on, &hops);
  expect_ends(&lead, CROWD);
  assert_int_equal(hops, HOPS + HOPS / 2);
  stand_up(&lead);
  slip_team_free(lead.team);
}

static void is_not_over_while_a_failure_may_start_again(void **state) {
  (void)state;
  for (int is_given_up = 0; is_given_up <= 1; is_given_up++) {
    struct desk lead;
    atomic_uint heard = 0;
    int from;
    sit(&lead, new_team(2), SLIP_LEAD);
    start(lead.team, 1, fail_with_text, NULL);
    free(receive(&lead));
    (void)expect_end(&lead, &from);
    start(lead.team, 0, rest_until_over, &heard);
    CHECK_OK(slip_team_post(lead.team, SLIP_LEAD, 0, SLIP_SPAN("x"), false));
    while (heard == 0) /* it rests after that, or does so soon, and is not over */
      continue;
    CHECK_OK(slip_team_post(lead.team, SLIP_LEAD, 0, SLIP_SPAN("x"), false));
    if (is_given_up)
      slip_team_give_up(lead.team, 1);
    else
      start(lead.team, 1, end_at_once, NULL);
    expect_ends(&lead, is_given_up ? 1 : 2);
    assert_int_equal(heard, 2);
    stand_up(&lead);
    slip_team_free(lead.team);
  }
}

static void keeps_the_order_of_each_that_posts(void **state) {
  (void)state;
  struct desk lead;
  sit(&lead, new_team(CROWD), SLIP_LEAD);
  for (int i = CROWD - 1; i > 0; i--)
    start(lead.team, i, shoot, NULL);
  start(lead.team, 0, be_shot_at, NULL);
  int from = -1;
  struct slip_outcome outcome = {0};
  for (int i = 0; i < CROWD; i++) {
    struct slip_outcome each = expect_end(&lead, &from);
    if (from == 0)
      outcome = each;
  }
  assert_false(outcome.has_failed);
  assert_int_equal(outcome.code, (CROWD - 1) * SHOTS);
  stand_up(&lead);
  slip_team_free(lead.team);
}

static void a_name_is_claimed_by_one_alone(void **state) {
  (void)state;
  struct desk lead;
  int from;
  int claimed = 0;
  sit(&lead, new_team(CROWD), SLIP_LEAD);
  for (int i = 0; i < CROWD; i++)
    start(lead.team, i, claim_all, NULL);
  for (int i = 0; i < CROWD; i++)
    claimed += expect_end(&lead, &from).code;
  assert_true(claimed >= 1000);
  struct slip_holder holder;
  const uint32_t odd = 999;
  assert_false(slip_team_find(lead.team, (struct slip_span){(const char *)&odd, 4}, &holder));
  stand_up(&lead);
  slip_team_free(lead.team);
}

/* The last thread frees it, as the sanitizer sees. */
static void is_not_waited_for_when_it_is_freed(void **state) {
  (void)state;
  static sem_t gate; /* outlives the spec, as the thread may */
  (void)sem_init(&gate, 0, 0);
  struct slip_team *team = new_team(2);
  start(team, 0, wait_at, &gate);
  start(team, 1, wait_at, &gate);
  slip_team_free(team);
  (void)sem_post(&gate);
  (void)sem_post(&gate);
}

static void says_that_there_is_no_memory(void **state) {
  (void)state;
  struct slip_team *team;
  memory_fails_at(0);
  assert_int_equal(slip_team_new(2, &team), SLIP_ENOMEM);
  assert_true(memory_has_failed());
  team = new_team(2);
  memory_fails_at(0);
  assert_int_equal(slip_team_start(team, 0, (struct slip_task){end_at_once, NULL}), SLIP_ENOMEM);
  assert_true(memory_has_failed());
  memory_fails_at(0);
  assert_int_equal(slip_team_post(team, 0, 1, SLIP_SPAN("x"), false), SLIP_ENOMEM);
  assert_true(memory_has_failed());
  assert_int_equal(slip_team_running(team), 0);
  slip_team_free(team);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_not_waited_for_when_it_is_freed),
      cmocka_unit_test(tells_the_lead_how_a_thread_ended),
      cmocka_unit_test(has_one_thread_at_a_place),
      cmocka_unit_test(the_end_comes_after_all_that_was_posted),
      cmocka_unit_test(nobody_is_where_a_thread_has_ended),
      cmocka_unit_test(a_place_that_was_started_anew_begins_empty),
      cmocka_unit_test(refuses_what_has_no_room),
      cmocka_unit_test(rings_once_until_all_is_taken),
      cmocka_unit_test(is_over_when_all_rest),
      cmocka_unit_test(is_not_over_while_a_parcel_is_on_its_way),
      cmocka_unit_test(is_not_over_while_a_failure_may_start_again),
      cmocka_unit_test(keeps_the_order_of_each_that_posts),
      cmocka_unit_test(a_name_is_claimed_by_one_alone),
      cmocka_unit_test(says_that_there_is_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
