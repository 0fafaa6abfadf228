#include "core/roster.h"

#include "core/limits.h"
#include "core/pending.h"

#include <stdlib.h>

/* FNV-1a: topics are short. */
static uint32_t hash_of(struct slip_span name) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < name.size; i++)
    hash = (hash ^ (unsigned char)name.at[i]) * 16777619u;
  return hash;
}

void slip_roster_clear(struct slip_roster *r) {
  for (uint32_t i = 0; i < r->count; i++)
    free(slip_roster_at(r, i));
  if (r->room > 0)
    free(r->topics);
  *r = (struct slip_roster){0};
}

struct slip_topic *slip_roster_find(const struct slip_roster *r, struct slip_span name) {
  uint32_t hash = hash_of(name);
  for (uint32_t i = 0; i < r->count; i++) {
    struct slip_topic *t = slip_roster_at(r, i);
    if (t->hash == hash && slip_span_is_equal(slip_topic_name(t), name))
      return t;
  }
  return NULL;
}

struct slip_topic *slip_roster_find_join(const struct slip_roster *r, uint64_t join_ref) {
  for (uint32_t i = 0; i < r->count; i++)
    if (slip_roster_at(r, i)->join_ref == join_ref)
      return slip_roster_at(r, i);
  return NULL;
}

static struct slip_topic **places(struct slip_roster *r) {
  return r->room == 0 ? &r->only : r->topics;
}

static enum slip_err grow(struct slip_roster *r) {
  if (r->count < r->room || r->count == 0)
    return SLIP_OK;
  uint16_t room = r->room == 0 ? 2 : (uint16_t)(r->room * 2); /* SLIP_TOPICS_MAX is far less */
  struct slip_topic **before = r->room == 0 ? NULL : r->topics;
  struct slip_topic **topics = realloc(before, room * sizeof(struct slip_topic *));
  if (topics == NULL)
    return SLIP_ENOMEM;
  if (r->room == 0)
    topics[0] = r->only;
  r->topics = topics;
  r->room = room;
  return SLIP_OK;
}

enum slip_err slip_roster_add(struct slip_roster *r, struct slip_span name,
                              struct slip_topic **out) {
  struct slip_topic *topic = slip_roster_find(r, name);
  if (topic != NULL) {
    topic->is_forgotten = false;
    *out = topic;
    return SLIP_OK;
  }
  if (r->count >= SLIP_TOPICS_MAX || name.size > UINT16_MAX)
    return SLIP_ETOOBIG;
  enum slip_err err = grow(r);
  if (err != SLIP_OK)
    return err;
  topic = calloc(1, sizeof *topic + name.size);
  if (topic == NULL)
    return SLIP_ENOMEM;
  topic->rejoin_at = SLIP_NEVER;
  topic->hash = hash_of(name);
  topic->size = (uint32_t)name.size;
  if (name.size > 0)
    memcpy(topic->name, name.at, name.size);
  places(r)[r->count++] = topic;
  *out = topic;
  return SLIP_OK;
}

void slip_roster_forget(struct slip_roster *r, struct slip_topic *topic) {
  topic->is_forgotten = true;
  r->has_forgotten = true;
}

void slip_roster_sweep(struct slip_roster *r) {
  if (!r->has_forgotten)
    return;
  struct slip_topic **all = places(r);
  uint16_t kept = 0;
  for (uint32_t i = 0; i < r->count; i++) {
    if (all[i]->is_forgotten)
      free(all[i]);
    else
      all[kept++] = all[i];
  }
  r->count = kept;
  r->has_forgotten = false;
  if (kept == 0)
    slip_roster_clear(r);
}
