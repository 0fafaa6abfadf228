#include "core/pending.h"

#include "core/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 4u

/*
 * `heap[0]` is due first, and the children of i are 2i + 1 and 2i + 2. The hash finds the place of
 * a ref by linear probing; at most half of its slots are taken, so a probe always ends. Each entry
 * knows its slot, so that nothing is searched for while it moves in the heap.
 */

static uint32_t slot_mask(const struct slip_pending *p) {
  return p->room * 2 - 1;
}

/* The slot where the search for a ref begins. Refs are counted up, but a peer may choose which of
 * them stay: multiplying scatters them. */
static uint32_t home_of(const struct slip_pending *p, uint64_t ref) {
  return (uint32_t)(ref * UINT64_C(0x9E3779B97F4A7C15) >> 32) & slot_mask(p);
}

/* The slot of that ref, or the free one where it would go. */
static uint32_t find_slot(const struct slip_pending *p, uint64_t ref) {
  uint32_t slot = home_of(p, ref);
  while (p->slots[slot] != 0 && p->heap[p->slots[slot] - 1].ref != ref)
    slot = (slot + 1) & slot_mask(p);
  return slot;
}

/* Frees a slot and closes the gap, so that no search stops short of what stands behind it. */
static void free_slot(struct slip_pending *p, uint32_t gap) {
  uint32_t mask = slot_mask(p);
  for (uint32_t slot = (gap + 1) & mask; p->slots[slot] != 0; slot = (slot + 1) & mask) {
    uint32_t home = home_of(p, p->heap[p->slots[slot] - 1].ref);
    if (((slot - home) & mask) < ((slot - gap) & mask))
      continue; /* its search begins behind the gap */
    p->slots[gap] = p->slots[slot];
    p->heap[p->slots[gap] - 1].slot = gap;
    gap = slot;
  }
  p->slots[gap] = 0;
}

static struct slip_pending_entry *entries(struct slip_pending *p) {
  return p->room == 0 ? &p->only : p->heap;
}

static bool is_before(const struct slip_pending_entry *a, const struct slip_pending_entry *b) {
  return a->deadline != b->deadline ? a->deadline < b->deadline : a->ref < b->ref;
}

static void put_at(struct slip_pending *p, uint32_t place, const struct slip_pending_entry *entry) {
  p->heap[place] = *entry;
  p->slots[entry->slot] = place + 1;
}

/* Puts an entry at a place that is free, or further to the front. */
static void sift_up(struct slip_pending *p, uint32_t place, struct slip_pending_entry entry) {
  for (; place > 0 && is_before(&entry, &p->heap[(place - 1) / 2]); place = (place - 1) / 2)
    put_at(p, place, &p->heap[(place - 1) / 2]);
  put_at(p, place, &entry);
}

/* The same, or further to the back. */
static void sift_down(struct slip_pending *p, uint32_t place, struct slip_pending_entry entry) {
  for (uint32_t child = 2 * place + 1; child < p->count; child = 2 * place + 1) {
    if (child + 1 < p->count && is_before(&p->heap[child + 1], &p->heap[child]))
      child++;
    if (is_before(&entry, &p->heap[child]))
      break;
    put_at(p, place, &p->heap[child]);
    place = child;
  }
  put_at(p, place, &entry);
}

void slip_pending_init(struct slip_pending *p) {
  *p = (struct slip_pending){0};
}

static void free_tables(struct slip_pending *p) {
  if (p->room == 0)
    return;
  free(p->heap);
  free(p->slots);
}

void slip_pending_clear(struct slip_pending *p) {
  free_tables(p);
  slip_pending_init(p);
}

static enum slip_err grow(struct slip_pending *p) {
  uint32_t room = p->room == 0 ? ROOM_FIRST : p->room * 2;
  uint32_t *slots = calloc((size_t)room * 2, sizeof *slots);
  struct slip_pending_entry *heap = malloc(room * sizeof *heap);
  if (slots == NULL || heap == NULL) {
    free(slots);
    free(heap);
    return SLIP_ENOMEM;
  }
  memcpy(heap, entries(p), p->count * sizeof *heap);
  free_tables(p);
  p->heap = heap;
  p->slots = slots;
  p->room = room;
  for (uint32_t place = 0; place < p->count; place++) {
    heap[place].slot = find_slot(p, heap[place].ref);
    slots[heap[place].slot] = place + 1;
  }
  return SLIP_OK;
}

enum slip_err slip_pending_add(struct slip_pending *p, const struct slip_pending_entry *entry) {
  if (p->count == SLIP_PENDING_MAX)
    return SLIP_EFULL;
  if (p->count == 0 && p->room == 0) {
    p->only = *entry;
    p->count = 1;
    return SLIP_OK;
  }
  if (p->count >= p->room) {
    enum slip_err err = grow(p);
    if (err != SLIP_OK)
      return err;
  }
  struct slip_pending_entry added = *entry;
  added.slot = find_slot(p, entry->ref);
  assert(p->slots[added.slot] == 0);
  sift_up(p, p->count++, added);
  return SLIP_OK;
}

static void remove_from_heap(struct slip_pending *p, uint32_t place) {
  free_slot(p, p->heap[place].slot);
  struct slip_pending_entry last = p->heap[--p->count];
  if (place == p->count)
    return;
  if (place > 0 && is_before(&last, &p->heap[(place - 1) / 2]))
    sift_up(p, place, last);
  else
    sift_down(p, place, last);
}

static void remove_at(struct slip_pending *p, uint32_t place, struct slip_pending_entry *out) {
  *out = entries(p)[place];
  if (p->room > 0)
    remove_from_heap(p, place);
  if (p->room == 0 || p->count == 0)
    slip_pending_clear(p);
}

struct slip_pending_entry *slip_pending_find(struct slip_pending *p, uint64_t ref) {
  if (p->count == 0)
    return NULL;
  if (p->room == 0)
    return p->only.ref == ref ? &p->only : NULL;
  uint32_t place = p->slots[find_slot(p, ref)];
  return place == 0 ? NULL : &p->heap[place - 1];
}

bool slip_pending_take(struct slip_pending *p, uint64_t ref, struct slip_pending_entry *out) {
  const struct slip_pending_entry *entry = slip_pending_find(p, ref);
  if (entry == NULL)
    return false;
  remove_at(p, (uint32_t)(entry - entries(p)), out);
  return true;
}

bool slip_pending_take_due(struct slip_pending *p, uint64_t now, struct slip_pending_entry *out) {
  if (p->count == 0 || entries(p)->deadline > now)
    return false;
  remove_at(p, 0, out);
  return true;
}

void slip_pending_expire(struct slip_pending *p, uint64_t join_ref, uint8_t why) {
  for (uint32_t place = 0; place < p->count; place++) {
    struct slip_pending_entry *entry = &entries(p)[place];
    bool is_meant =
        join_ref == 0 ? entry->kind != SLIP_PENDING_BUFFERED : entry->join_ref == join_ref;
    if (!is_meant)
      continue;
    entry->deadline = 0;
    entry->why = why;
  }
  for (uint32_t place = p->count / 2; place-- > 0;)
    sift_down(p, place, p->heap[place]);
}

void slip_pending_end(struct slip_pending *p, uint64_t ref, uint8_t why) {
  struct slip_pending_entry *entry = slip_pending_find(p, ref);
  if (entry == NULL)
    return;
  entry->deadline = 0;
  entry->why = why;
  if (p->room > 0)
    sift_up(p, (uint32_t)(entry - p->heap), *entry);
}

bool slip_pending_has(const struct slip_pending *p, enum slip_pending_kind kind, uint64_t before) {
  const struct slip_pending_entry *all = p->room == 0 ? &p->only : p->heap;
  for (uint32_t place = 0; place < p->count; place++)
    if (all[place].kind == kind && all[place].ref < before)
      return true;
  return false;
}

uint64_t slip_pending_deadline(const struct slip_pending *p) {
  if (p->count == 0)
    return SLIP_NEVER;
  return p->room == 0 ? p->only.deadline : p->heap[0].deadline;
}
