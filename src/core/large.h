#ifndef SLIP_CORE_LARGE_H
#define SLIP_CORE_LARGE_H
/*
 * Large: memory for large messages, which comes in huge pages where the system has them: what is
 * written once, read once and given back costs more by its page faults than by its bytes.
 *
 * Pure but for the hints; owns nothing.
 */
#include <stddef.h>

/* What is smaller is left alone. */
#define SLIP_LARGE_FROM (4u * 1024 * 1024)

/* To be called of new memory before it is written to. */
void slip_large_prepare(void *memory, size_t size);
/* Of memory that will be used again, but not what is in it: while nothing is written to it, the
 * system may take its pages. */
void slip_large_forget(void *memory, size_t size);

#endif
