#include "spec/support/memory_failure.h"

#include <stddef.h>

static struct {
  unsigned until; /* allocations to come before the one that fails */
  bool is_armed;
  bool has_failed;
} plan;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool is_failing(void) {
  if (!plan.is_armed || plan.until-- > 0)
    return false;
  plan.is_armed = false;
  plan.has_failed = true;
  return true;
}

void *__wrap_malloc(size_t size) {
  return is_failing() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return is_failing() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
  return is_failing() ? NULL : __real_realloc(memory, size);
}

void memory_fails_at(unsigned number) {
  plan.until = number;
  plan.is_armed = true;
  plan.has_failed = false;
}

bool memory_has_failed(void) {
  plan.is_armed = false;
  return plan.has_failed;
}
