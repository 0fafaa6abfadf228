#ifndef SLIP_SPEC_CHECK_H
#define SLIP_SPEC_CHECK_H
/*
 * Check: what a C spec includes. cmocka wants these four headers in this order,
 * and clang-format would sort them.
 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "core/err.h"
#include "core/span.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK_OK(call) assert_int_equal((call), SLIP_OK)
#define CHECK_SPAN(span, literal)                                                                  \
  do {                                                                                             \
    struct slip_span check_span_ = (span);                                                         \
    assert_int_equal(check_span_.size, sizeof(literal) - 1);                                       \
    assert_memory_equal(check_span_.size == 0 ? "" : check_span_.at, (literal), check_span_.size); \
  } while (0)

#endif
