#ifndef SLIP_SCRIPT_WORKER_LUA_H
#define SLIP_SCRIPT_WORKER_LUA_H
/*
 * Worker_lua: what a worker's thread does: a Lua state of its own, with a loop of its own, in which
 * a module's `main` runs.
 */
#include "core/span.h"
#include "host/team.h"
#include "script/program_lua.h"

/* What it is to do. In one piece with the texts: free() is enough. */
struct slip_worker {
  const struct slip_embedded *modules;
  size_t max_memory; /* 0: no limit */
  struct slip_span bytes;
  char *module;
};

/* Copies the module's name and the bytes. SLIP_ENOMEM. The caller frees it, unless slip_worker_run
 * gets it. */
SLIP_CHECKED enum slip_err slip_worker_new(const char *module, struct slip_span bytes,
                                           struct slip_worker **out);
/* The task of a team: opens the state, calls main(bytes), closes the state. Takes the worker, which
 * is its context. */
void slip_worker_run(struct slip_team *team, int place, struct slip_outcome *outcome,
                     void *context);

#endif
