#include "host/names.h"

#include <stdlib.h>

struct slip_name {
  struct slip_name *next; /* in its row */
  struct slip_holder holder;
  size_t hash;
  size_t size;
  char text[];
};

/* FNV-1a: names are short. */
static size_t hash_of(struct slip_span name) {
  size_t hash = 2166136261u;
  for (size_t i = 0; i < name.size; i++)
    hash = (hash ^ (unsigned char)name.at[i]) * 16777619u;
  return hash;
}

/* Where the pointer to the name is, or to nothing at the end of its row; the table is not empty. */
static struct slip_name **place_of(const struct slip_names *names, struct slip_span name) {
  size_t hash = hash_of(name);
  struct slip_name **at = &names->rows[hash & (names->row_count - 1)];
  for (; *at != NULL; at = &(*at)->next) {
    struct slip_span text = {(*at)->text, (*at)->size};
    if ((*at)->hash == hash && slip_span_is_equal(text, name))
      break;
  }
  return at;
}

static void move_rows(struct slip_names *names, struct slip_name **rows, size_t row_count) {
  for (size_t i = 0; i < names->row_count; i++) {
    for (struct slip_name *name = names->rows[i], *next; name != NULL; name = next) {
      next = name->next;
      name->next = rows[name->hash & (row_count - 1)];
      rows[name->hash & (row_count - 1)] = name;
    }
  }
}

static enum slip_err grow(struct slip_names *names) {
  if (names->count < names->row_count)
    return SLIP_OK;
  size_t row_count = names->row_count == 0 ? 16 : names->row_count * 2;
  struct slip_name **rows = calloc(row_count, sizeof(struct slip_name *));
  if (rows == NULL)
    return SLIP_ENOMEM;
  move_rows(names, rows, row_count);
  free(names->rows);
  names->rows = rows;
  names->row_count = row_count;
  return SLIP_OK;
}

static enum slip_err add(struct slip_names *names, struct slip_span text,
                         struct slip_holder holder) {
  struct slip_name *name = malloc(sizeof *name + text.size);
  if (name == NULL)
    return SLIP_ENOMEM;
  *name = (struct slip_name){.holder = holder, .hash = hash_of(text), .size = text.size};
  memcpy(name->text, text.at, text.size);
  *place_of(names, text) = name;
  names->count++;
  return SLIP_OK;
}

enum slip_err slip_names_claim(struct slip_names *names, struct slip_span name,
                               struct slip_holder holder) {
  enum slip_err err = grow(names);
  if (err != SLIP_OK)
    return err;
  const struct slip_name *known = *place_of(names, name);
  if (known == NULL)
    return add(names, name, holder);
  bool is_same = known->holder.place == holder.place && known->holder.id == holder.id;
  return is_same ? SLIP_OK : SLIP_ESTATE;
}

static void remove_at(struct slip_names *names, struct slip_name **at) {
  struct slip_name *gone = *at;
  *at = gone->next;
  free(gone);
  names->count--;
}

void slip_names_release(struct slip_names *names, struct slip_span name, int place) {
  if (names->count == 0)
    return;
  struct slip_name **at = place_of(names, name);
  if (*at != NULL && (*at)->holder.place == place)
    remove_at(names, at);
}

void slip_names_release_all(struct slip_names *names, int place) {
  for (size_t i = 0; i < names->row_count; i++) {
    for (struct slip_name **at = &names->rows[i]; *at != NULL;) {
      if ((*at)->holder.place == place)
        remove_at(names, at);
      else
        at = &(*at)->next;
    }
  }
}

bool slip_names_find(const struct slip_names *names, struct slip_span name,
                     struct slip_holder *out) {
  if (names->count == 0)
    return false;
  const struct slip_name *found = *place_of(names, name);
  if (found == NULL)
    return false;
  *out = found->holder;
  return true;
}

void slip_names_clear(struct slip_names *names) {
  for (size_t i = 0; i < names->row_count; i++) {
    while (names->rows[i] != NULL)
      remove_at(names, &names->rows[i]);
  }
  free(names->rows);
  *names = (struct slip_names){0};
}
