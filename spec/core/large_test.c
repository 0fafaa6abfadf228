#include "core/large.h"
#include "spec/support/check.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE (2u * SLIP_LARGE_FROM)

/* What smaps says under `key` of the mapping that begins at `memory`; NULL: nothing, or no such
 * mapping. In `line`. */
static const char *ask(const char *memory, const char *key, char line[512]) {
  FILE *file = fopen("/proc/self/smaps", "r");
  bool is_here = false, is_found = false;
  assert_non_null(file);
  while (!is_found && fgets(line, 512, file) != NULL) {
    char *end;
    unsigned long from = strtoul(line, &end, 16);
    if (*end == '-')
      is_here = (const char *)from == memory;
    is_found = is_here && strncmp(line, key, strlen(key)) == 0;
  }
  (void)fclose(file);
  return is_found ? line + strlen(key) : NULL;
}

/* Whether the system was told that the mapping which begins at `memory` may have huge pages. */
static bool is_prepared(const char *memory) {
  char line[512];
  const char *flags = ask(memory, "VmFlags:", line);
  return flags != NULL && strstr(flags, " hg") != NULL;
}

/* How many of its bytes the system may take. */
static size_t free_bytes(const char *memory) {
  char line[512];
  const char *count = ask(memory, "LazyFree:", line);
  assert_non_null(count);
  return strtoul(count, NULL, 10) * 1024;
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
  memset(memory, 'x', SIZE);
  slip_large_prepare(memory, SLIP_LARGE_FROM - 1);
  slip_large_forget(memory, SLIP_LARGE_FROM - 1);
  assert_false(is_prepared(memory));
  assert_int_equal(free_bytes(memory), 0);
  munmap(memory, SIZE);
}

static void lets_the_system_have_whole_pages_of_what_is_forgotten(void **state) {
  (void)state;
  char *memory = map();
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  memset(memory, 'x', SIZE);
  slip_large_forget(memory + 1, SIZE - 2);
  assert_in_range(free_bytes(memory), SIZE / 2, SIZE - 2 * page); /* the last ones by and by */
  assert_int_equal(memory[page - 1], 'x');
  assert_int_equal(memory[SIZE - page], 'x');
  munmap(memory, SIZE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(asks_for_huge_pages_where_the_system_has_them),
      cmocka_unit_test(leaves_alone_what_is_smaller),
      cmocka_unit_test(lets_the_system_have_whole_pages_of_what_is_forgotten),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
