#ifndef GAUGE_H
#define GAUGE_H
/*
 * Gauge: what the C clients of the bench share: NAME=NUMBER words, and what is measured and
 * printed.
 */
#include <stddef.h>
#include <stdint.h>

/* Of NAME=NUMBER among the words, which end with NULL; `otherwise` when there is no such word. */
size_t gauge_number(char **words, const char *name, size_t otherwise);
/* Of NAME=ws://127.0.0.1:PORT/... among them; 0 when there is no such word. */
uint16_t gauge_port(char **words, const char *name);

struct gauge {
  double cpu;  /* microseconds, user and system, of this process */
  double wall; /* microseconds */
};

struct gauge gauge_now(void);
/* Prints the CPU time per operation, and operations per second as rate=N. Without an end of line:
 * more figures may follow. */
void gauge_print(const struct gauge *started, size_t count);
size_t gauge_resident(void); /* bytes of this process */

#endif
