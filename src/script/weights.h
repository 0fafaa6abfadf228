#ifndef SLIP_SCRIPT_WEIGHTS_H
#define SLIP_SCRIPT_WEIGHTS_H
/*
 * Weights: whose each of many objects is, and how many bytes each owner has.
 *
 * Pure; objects are known by their addresses only. What two owners claim is nobody's. Owners are
 * numbered from 1. Owns a hash table, which holds 16 bytes an object, and a list of owners.
 */
#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

struct slip_weights {
  struct slip_claimed *claimed; /* a hash table with linear probing; owned */
  size_t room;                  /* a power of two */
  size_t count;
  size_t *bytes; /* by owner; owned */
  size_t owners;
};

/* Makes an owner known; one that is has no effect. SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_weights_add_owner(struct slip_weights *weights, uint32_t owner);
/*
 * The owner, who is known, has come upon the object. The charge says whose its bytes become; below
 * 0: whose they are no more, since another one has it, too; 0: that is settled. SLIP_ENOMEM.
 */
SLIP_CHECKED enum slip_err slip_weights_claim(struct slip_weights *weights, const void *object,
                                              uint32_t owner, int64_t *charge);
/* The object is nobody's, whoever comes upon it. SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_weights_leave_out(struct slip_weights *weights, const void *object);
void slip_weights_charge(struct slip_weights *weights, int64_t charge, size_t bytes);
/* 0 also for an owner that is not known. */
size_t slip_weights_of(const struct slip_weights *weights, int64_t owner);
/* Frees what it owns; it is as if zeroed then. */
void slip_weights_clear(struct slip_weights *weights);

#endif
