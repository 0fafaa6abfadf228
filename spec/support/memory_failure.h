#ifndef SLIP_SPEC_MEMORY_FAILURE_H
#define SLIP_SPEC_MEMORY_FAILURE_H
/*
 * Memory_failure: lets one allocation fail, for specs that go through a story again and again, with
 * a later allocation failing each time, until none does. The specs are linked with --wrap for
 * malloc, calloc and realloc.
 */
#include <stdbool.h>

/* From now on the allocation with that number, counted from 0, fails, and all others do not. */
void memory_fails_at(unsigned number);
/* Nothing fails any more. True: the allocation was reached, so it has failed. */
bool memory_has_failed(void);

#endif
