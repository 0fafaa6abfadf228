#include "host/inbox.h"

#include <stdlib.h>

/* A parcel with room for `size` bytes behind it. */
static struct slip_parcel *new_parcel(size_t size) {
  struct slip_parcel *parcel = malloc(sizeof *parcel + size);
  if (parcel != NULL)
    *parcel = (struct slip_parcel){.bytes = {(char *)(parcel + 1), size}};
  return parcel;
}

enum slip_err slip_parcel_new(struct slip_span bytes, struct slip_parcel **out) {
  if (bytes.size > SLIP_INBOX_BYTES_MAX)
    return SLIP_ETOOBIG;
  struct slip_parcel *parcel = new_parcel(bytes.size);
  if (parcel == NULL)
    return SLIP_ENOMEM;
  if (bytes.size > 0)
    memcpy(parcel + 1, bytes.at, bytes.size);
  *out = parcel;
  return SLIP_OK;
}

enum slip_err slip_parcel_new_outcome(struct slip_parcel **out) {
  struct slip_parcel *parcel = new_parcel(sizeof *parcel->outcome);
  if (parcel == NULL)
    return SLIP_ENOMEM;
  parcel->bytes.size = 0;
  parcel->outcome = (struct slip_outcome *)(void *)(parcel + 1);
  *parcel->outcome = (struct slip_outcome){.has_failed = false};
  *out = parcel;
  return SLIP_OK;
}

static bool has_room(const struct slip_parcels *list, size_t max, size_t size) {
  return list->count < max && size <= SLIP_INBOX_BYTES_MAX - list->bytes;
}

static void append(struct slip_parcels *list, struct slip_parcel *parcel) {
  parcel->next = NULL;
  if (list->last == NULL)
    list->first = parcel;
  else
    list->last->next = parcel;
  list->last = parcel;
  list->count++;
  list->bytes += parcel->bytes.size;
}

enum slip_err slip_inbox_add(struct slip_inbox *inbox, struct slip_parcel *parcel) {
  struct slip_parcels *list = parcel->is_urgent ? &inbox->urgent : &inbox->ordinary;
  size_t max = parcel->is_urgent ? SLIP_INBOX_URGENT_MAX : SLIP_INBOX_PARCELS_MAX;
  if (parcel->outcome == NULL && !has_room(list, max, parcel->bytes.size))
    return SLIP_EFULL;
  append(list, parcel);
  return SLIP_OK;
}

static struct slip_parcel *take_first(struct slip_parcels *list) {
  struct slip_parcel *parcel = list->first;
  if (parcel == NULL)
    return NULL;
  list->first = parcel->next;
  if (list->first == NULL)
    list->last = NULL;
  list->count--;
  list->bytes -= parcel->bytes.size;
  return parcel;
}

struct slip_parcel *slip_inbox_take(struct slip_inbox *inbox) {
  struct slip_parcel *parcel = take_first(&inbox->urgent);
  return parcel != NULL ? parcel : take_first(&inbox->ordinary);
}

bool slip_inbox_is_empty(const struct slip_inbox *inbox) {
  return inbox->urgent.first == NULL && inbox->ordinary.first == NULL;
}

void slip_inbox_clear(struct slip_inbox *inbox) {
  for (struct slip_parcel *parcel; (parcel = slip_inbox_take(inbox)) != NULL;)
    free(parcel);
}
