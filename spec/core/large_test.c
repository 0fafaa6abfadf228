#include "core/large.h"
#include "spec/support/check.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE (2u * SLIP_LARGE_FROM)

/* Whether the system was told that the mapping which begins at `memory` may have huge pages. */
static bool is_prepared(const char *memory) {
  FILE *file = fopen("/proc/self/smaps", "r");
  char line[512];
  bool is_here = false, is_told = false;
  assert_non_null(file);
  while (fgets(line, sizeof line, file) != NULL) {
    char *end;
    unsigned long from = strtoul(line, &end, 16);
    if (*end == '-')
      is_here = (const char *)from == memory;
    if (is_here && strncmp(line, "VmFlags:", 8) == 0)
      is_told = strstr(line, " hg") != NULL;
  }
  (void)fclose(file);
  return is_told;
}

static char *map(void) {
  char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(memory, MAP_FAILED);
  return memory;
}

static void asks_for_huge_pages_where_the_system_has_them(void **state) {
  (void)state;
  bool has = access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK) == 0;
  char *memory = map();
  slip_large_prepare(memory + 1, SIZE - 1); /* as malloc's is not aligned either */
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  assert_int_equal(is_prepared(memory + page), has);
  munmap(memory, SIZE);
}

static void leaves_alone_what_is_smaller(void **state) {
  (void)state;
  char *memory = map();
  slip_large_prepare(memory, SLIP_LARGE_FROM - 1);
  assert_false(is_prepared(memory));
  munmap(memory, SIZE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(asks_for_huge_pages_where_the_system_has_them),
      cmocka_unit_test(leaves_alone_what_is_smaller),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
