#include "script/weights.h"

#include <stdbool.h>
#include <stdlib.h>

enum { NOBODY = 0, FIRST_ROOM = 1024 };

struct slip_claimed {
  const void *object; /* NULL: the place is free */
  uint32_t owner;
};

static struct slip_claimed *find(const struct slip_weights *weights, const void *object) {
  uint64_t hash = (uint64_t)(uintptr_t)object * UINT64_C(0x9E3779B97F4A7C15);
  size_t place = (size_t)(hash >> 32) & (weights->room - 1);
  while (weights->claimed[place].object != NULL && weights->claimed[place].object != object)
    place = (place + 1) & (weights->room - 1);
  return &weights->claimed[place];
}

static bool grow(struct slip_weights *weights) {
  struct slip_weights larger = *weights;
  larger.room = weights->room == 0 ? FIRST_ROOM : weights->room * 2;
  larger.claimed = calloc(larger.room, sizeof *larger.claimed);
  if (larger.claimed == NULL)
    return false;
  for (size_t i = 0; i < weights->room; i++)
    if (weights->claimed[i].object != NULL)
      *find(&larger, weights->claimed[i].object) = weights->claimed[i];
  free(weights->claimed);
  *weights = larger;
  return true;
}

/* A free place when nobody has come upon it; NULL: no memory. */
static struct slip_claimed *look_up(struct slip_weights *weights, const void *object) {
  if ((weights->count + 1) * 4 > weights->room * 3 && !grow(weights))
    return NULL;
  return find(weights, object);
}

enum slip_err slip_weights_add_owner(struct slip_weights *weights, uint32_t owner) {
  if (owner < weights->owners)
    return SLIP_OK;
  size_t owners = (size_t)owner * 2;
  size_t *bytes = realloc(weights->bytes, owners * sizeof *bytes);
  if (bytes == NULL)
    return SLIP_ENOMEM;
  for (size_t i = weights->owners; i < owners; i++)
    bytes[i] = 0;
  weights->bytes = bytes;
  weights->owners = owners;
  return SLIP_OK;
}

static void set(struct slip_weights *weights, struct slip_claimed *place, const void *object,
                uint32_t owner) {
  weights->count += place->object == NULL;
  *place = (struct slip_claimed){object, owner};
}

enum slip_err slip_weights_claim(struct slip_weights *weights, const void *object, uint32_t owner,
                                 int64_t *charge) {
  struct slip_claimed *place = look_up(weights, object);
  if (place == NULL)
    return SLIP_ENOMEM;
  bool is_new = place->object == NULL;
  uint32_t before = place->owner;
  *charge = is_new ? owner : 0;
  if (is_new) {
    set(weights, place, object, owner);
  } else if (before != owner && before != NOBODY) {
    *charge = -(int64_t)before;
    place->owner = NOBODY;
  }
  return SLIP_OK;
}

enum slip_err slip_weights_leave_out(struct slip_weights *weights, const void *object) {
  struct slip_claimed *place = look_up(weights, object);
  if (place == NULL)
    return SLIP_ENOMEM;
  set(weights, place, object, NOBODY);
  return SLIP_OK;
}

void slip_weights_charge(struct slip_weights *weights, int64_t charge, size_t bytes) {
  if (charge > 0)
    weights->bytes[charge] += bytes;
  else if (charge < 0)
    weights->bytes[-charge] -= bytes;
}

size_t slip_weights_of(const struct slip_weights *weights, int64_t owner) {
  return owner > 0 && (uint64_t)owner < weights->owners ? weights->bytes[owner] : 0;
}

void slip_weights_clear(struct slip_weights *weights) {
  free(weights->claimed);
  free(weights->bytes);
  *weights = (struct slip_weights){.claimed = NULL};
}
