#include "gauge.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* What stands behind NAME= among the words; NULL when there is no such word. */
static const char *find(char **words, const char *name) {
  size_t size = strlen(name);
  for (; *words != NULL; words++) {
    if (strncmp(*words, name, size) == 0 && (*words)[size] == '=')
      return *words + size + 1;
  }
  return NULL;
}

size_t gauge_number(char **words, const char *name, size_t otherwise) {
  const char *text = find(words, name);
  return text == NULL ? otherwise : strtoul(text, NULL, 10);
}

uint16_t gauge_port(char **words, const char *name) {
  static const char start[] = "ws://127.0.0.1:";
  const char *text = find(words, name);
  if (text == NULL)
    return 0;
  if (strncmp(text, start, sizeof start - 1) != 0)
    errx(EXIT_FAILURE, "expected ws://127.0.0.1:PORT/..., got %s", text);
  return (uint16_t)strtoul(text + sizeof start - 1, NULL, 10);
}

struct gauge gauge_now(void) {
  struct rusage usage;
  struct timespec time;
  getrusage(RUSAGE_SELF, &usage);
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (struct gauge){
      .cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
             (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec),
      .wall = (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3,
  };
}

void gauge_print(const struct gauge *started, size_t count) {
  struct gauge now = gauge_now();
  printf("%.3f rate=%.0f", (now.cpu - started->cpu) / (double)count,
         (double)count * 1e6 / (now.wall - started->wall));
}

/* /proc/self/statm is off by up to 32 pages for each CPU: the kernel adds those up now and then. */
size_t gauge_resident(void) {
  FILE *file = fopen("/proc/self/smaps_rollup", "r");
  char line[128];
  size_t kib = 0;
  if (file == NULL)
    err(EXIT_FAILURE, "/proc/self/smaps_rollup");
  while (kib == 0 && fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, "Rss:", 4) == 0)
      kib = strtoul(line + 4, NULL, 10);
  fclose(file);
  return kib * 1024;
}
