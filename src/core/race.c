#include "core/race.h"

/* The next address, from `*from` on, that is of the first one's family or, otherwise, is not;
 * `count` when there is none. */
static size_t find(const int *families, size_t count, size_t *from, bool is_first_family) {
  while (*from < count && (families[*from] == families[0]) != is_first_family)
    (*from)++;
  return *from;
}

void slip_race_init(struct slip_race *race, const int *families, size_t count) {
  if (count > SLIP_RACE_MAX)
    count = SLIP_RACE_MAX;
  *race = (struct slip_race){.count = (uint8_t)count};
  size_t cursors[] = {0, 0};
  for (size_t place = 0; place < count; place++) {
    size_t turn = place % 2;
    if (find(families, count, &cursors[turn], turn == 0) == count) {
      turn = 1 - turn; /* only the other family has some left */
      find(families, count, &cursors[turn], turn == 0);
    }
    race->order[place] = (uint8_t)cursors[turn]++;
  }
}

static struct slip_race_move start(struct slip_race *race, uint64_t now) {
  race->running++;
  race->next_at = now + SLIP_RACE_DELAY_MSEC;
  return (struct slip_race_move){.step = SLIP_RACE_START, .address = race->order[race->started++]};
}

struct slip_race_move slip_race_next(struct slip_race *race, uint64_t now) {
  bool has_more = race->started < race->count;
  if (has_more && now >= race->next_at)
    return start(race, now);
  if (race->running == 0)
    return (struct slip_race_move){.step = SLIP_RACE_LOST};
  return (struct slip_race_move){.step = SLIP_RACE_WAIT,
                                 .until = has_more ? race->next_at : UINT64_MAX};
}

void slip_race_failed(struct slip_race *race) {
  race->running--;
  race->next_at = 0;
}
