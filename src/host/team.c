#include "host/team.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum state {
  AWAITED, /* its thread has not been started yet, or has failed and may be started again */
  BUSY,
  RESTING,
  GONE,
};

struct place {
  struct slip_team *team;
  int index;
  enum state state;
  bool is_open; /* takes parcels */
  struct slip_inbox inbox;
  struct slip_bell bell;
  bool is_rung; /* since its thread found nothing more */
  /* of its thread, from its start until the lead has taken its outcome: */
  bool has_thread;
  pthread_t thread;
  struct slip_task task;
  struct slip_parcel *last; /* will say how it ended */
};

struct slip_team {
  pthread_mutex_t lock; /* for all below that threads share */
  int count;
  size_t threads; /* that have not ended */
  size_t running; /* that have not ended, or whose outcome the lead has not taken; the lead's own */
  bool is_over;
  bool is_orphan; /* the last thread frees it */
  struct slip_names names;
  struct place places[]; /* the lead's is the last */
};

/* Its life. */

enum slip_err slip_team_new(int count, struct slip_team **out) {
  struct slip_team *team = calloc(1, sizeof *team + ((size_t)count + 1) * sizeof team->places[0]);
  if (team == NULL)
    return SLIP_ENOMEM;
  pthread_mutex_init(&team->lock, NULL);
  team->count = count;
  for (int i = 0; i <= count; i++)
    team->places[i] = (struct place){.team = team, .index = i, .is_open = true};
  *out = team;
  return SLIP_OK;
}

static void dispose(struct slip_team *team) {
  for (int i = 0; i <= team->count; i++)
    slip_inbox_clear(&team->places[i].inbox);
  slip_names_clear(&team->names);
  pthread_mutex_destroy(&team->lock);
  free(team);
}

void slip_team_free(struct slip_team *team) {
  if (team == NULL)
    return;
  for (int i = 0; i < team->count; i++) {
    if (team->places[i].has_thread)
      pthread_detach(team->places[i].thread);
  }
  pthread_mutex_lock(&team->lock);
  team->is_orphan = true;
  bool is_last = team->threads == 0;
  pthread_mutex_unlock(&team->lock);
  if (is_last)
    dispose(team);
}

int slip_team_count(const struct slip_team *team) {
  return team->count;
}

size_t slip_team_running(const struct slip_team *team) {
  return team->running;
}

/* With the lock held. */

static struct place *place_at(struct slip_team *team, int index) {
  if (index == SLIP_LEAD)
    return &team->places[team->count];
  return index >= 0 && index < team->count ? &team->places[index] : NULL;
}

/* Who looks already need not be told: most of what a post costs would be that. */
static void ring(struct place *place) {
  if (place->bell.ring == NULL || place->is_rung)
    return;
  place->is_rung = true;
  place->bell.ring(place->bell.context);
}

static void wake(struct place *place) {
  if (place->state == RESTING)
    place->state = BUSY;
  ring(place);
}

/* Whether nothing can come any more, now that a place rests or is gone; then all are told. */
static void settle(struct slip_team *team) {
  for (int i = 0; i < team->count; i++) {
    if (team->places[i].state == AWAITED || team->places[i].state == BUSY)
      return;
  }
  team->is_over = true;
  for (int i = 0; i < team->count; i++)
    wake(&team->places[i]);
}

static void close_place(struct place *place, enum state state) {
  place->state = state;
  place->is_open = false;
  slip_inbox_clear(&place->inbox);
  slip_names_release_all(&place->team->names, place->index);
  settle(place->team);
}

/* Threads. */

/* Puts what it leaves in front of the lead; the place is as if nobody had been there. */
static void leave(struct place *place) {
  struct slip_team *team = place->team;
  struct place *lead = place_at(team, SLIP_LEAD);
  struct slip_parcel *last = place->last;
  pthread_mutex_lock(&team->lock);
  close_place(place, last->outcome->has_failed ? AWAITED : GONE);
  enum slip_err err = slip_inbox_add(&lead->inbox, last);
  assert(err == SLIP_OK); /* one with an outcome is never refused */
  (void)err;
  ring(lead);
  bool frees = --team->threads == 0 && team->is_orphan;
  pthread_mutex_unlock(&team->lock);
  if (frees)
    dispose(team);
}

static void *run_place(void *context) {
  struct place *place = context;
  place->task.run(place->team, place->index, place->last->outcome, place->task.context);
  leave(place);
  return NULL;
}

/* So that tools that show threads tell which is which. */
static void name_thread(pthread_t thread, int index) {
  char name[16];
  (void)snprintf(name, sizeof name, "worker %d", index);
  (void)pthread_setname_np(thread, name);
}

/* With the lock held: it cannot leave before it is known to be there. */
static enum slip_err start_thread(struct place *place) {
  if (pthread_create(&place->thread, NULL, run_place, place) != 0)
    return SLIP_EIO;
  name_thread(place->thread, place->index);
  place->has_thread = true;
  place->is_open = true;
  place->state = BUSY;
  place->team->threads++;
  place->team->running++;
  return SLIP_OK;
}

enum slip_err slip_team_start(struct slip_team *team, int index, struct slip_task task) {
  struct place *place = place_at(team, index);
  if (place->has_thread)
    return SLIP_ESTATE;
  enum slip_err err = slip_parcel_new_outcome(&place->last);
  if (err != SLIP_OK)
    return err;
  place->last->from = index;
  place->task = task;
  pthread_mutex_lock(&team->lock);
  err = start_thread(place);
  pthread_mutex_unlock(&team->lock);
  if (err != SLIP_OK)
    free(place->last);
  return err;
}

void slip_team_give_up(struct slip_team *team, int index) {
  struct place *place = place_at(team, index);
  if (place->has_thread)
    return;
  pthread_mutex_lock(&team->lock);
  close_place(place, GONE);
  pthread_mutex_unlock(&team->lock);
}

/* Parcels. */

void slip_team_set_bell(struct slip_team *team, int index, const struct slip_bell *bell) {
  struct place *place = place_at(team, index);
  pthread_mutex_lock(&team->lock);
  place->bell = bell != NULL ? *bell : (struct slip_bell){NULL};
  place->is_rung = false;
  if (!slip_inbox_is_empty(&place->inbox))
    ring(place);
  pthread_mutex_unlock(&team->lock);
}

static enum slip_err deliver(struct place *to, struct slip_parcel *parcel) {
  if (!to->is_open)
    return SLIP_ECLOSED;
  enum slip_err err = slip_inbox_add(&to->inbox, parcel);
  if (err == SLIP_OK)
    wake(to);
  return err;
}

enum slip_err slip_team_post(struct slip_team *team, int from, int to, struct slip_span bytes,
                             bool is_urgent) {
  struct place *place = place_at(team, to);
  if (place == NULL)
    return SLIP_ECLOSED;
  struct slip_parcel *parcel;
  enum slip_err err = slip_parcel_new(bytes, &parcel);
  if (err != SLIP_OK)
    return err;
  parcel->from = from;
  parcel->is_urgent = is_urgent;
  pthread_mutex_lock(&team->lock);
  err = deliver(place, parcel);
  pthread_mutex_unlock(&team->lock);
  if (err != SLIP_OK)
    free(parcel);
  return err;
}

/* The lead has heard of its end: now it waits for the last few instructions. */
static void join(struct place *place) {
  pthread_join(place->thread, NULL);
  place->has_thread = false;
  place->team->running--;
}

struct slip_parcel *slip_team_take(struct slip_team *team, int index) {
  struct place *place = place_at(team, index);
  pthread_mutex_lock(&team->lock);
  struct slip_parcel *parcel = slip_inbox_take(&place->inbox);
  if (parcel == NULL)
    place->is_rung = false;
  pthread_mutex_unlock(&team->lock);
  if (parcel != NULL && parcel->outcome != NULL)
    join(place_at(team, parcel->from));
  return parcel;
}

bool slip_team_rest(struct slip_team *team, int index) {
  struct place *place = place_at(team, index);
  pthread_mutex_lock(&team->lock);
  if (!team->is_over && slip_inbox_is_empty(&place->inbox)) {
    place->state = RESTING;
    settle(team);
  }
  bool is_over = team->is_over;
  pthread_mutex_unlock(&team->lock);
  return is_over;
}

bool slip_team_is_over(struct slip_team *team) {
  pthread_mutex_lock(&team->lock);
  bool is_over = team->is_over;
  pthread_mutex_unlock(&team->lock);
  return is_over;
}

/* Names. */

enum slip_err slip_team_claim(struct slip_team *team, struct slip_span name,
                              struct slip_holder holder) {
  pthread_mutex_lock(&team->lock);
  enum slip_err err = slip_names_claim(&team->names, name, holder);
  pthread_mutex_unlock(&team->lock);
  return err;
}

void slip_team_release(struct slip_team *team, struct slip_span name, int place) {
  pthread_mutex_lock(&team->lock);
  slip_names_release(&team->names, name, place);
  pthread_mutex_unlock(&team->lock);
}

bool slip_team_find(struct slip_team *team, struct slip_span name, struct slip_holder *out) {
  pthread_mutex_lock(&team->lock);
  bool is_known = slip_names_find(&team->names, name, out);
  pthread_mutex_unlock(&team->lock);
  return is_known;
}
