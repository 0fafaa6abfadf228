#ifndef SLIP_SCRIPT_JSON_PRIVATE_H
#define SLIP_SCRIPT_JSON_PRIVATE_H
/*
 * Json_private: what json.cc shares with the reader and the writer behind it. C++.
 *
 * Raising in Lua is a long jump, which skips destructors. So nothing with a destructor is on the
 * stack in these files, and the work memory sits in a userdata with __gc.
 */
#define SIMDJSON_EXCEPTIONS 0
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic" /* the headers of C use compound literals */
#include "script/json.h"

extern "C" {
#include "core/buf.h"
#include "core/json_string.h"
#include "core/limits.h"
#include "core/message.h"
#include "core/utf8.h"
#include "script/result.h"
}
#pragma GCC diagnostic pop

#include <lauxlib.h>
#include <simdjson.h>

#include <memory>

/* Finders are kept for the next call up to texts of this size, output buffers likewise. */
const size_t SLIP_JSON_KEPT = 64u * 1024;

/* The user values of the work memory's userdata. */
enum { SLIP_JSON_ARRAY_MT = 1, SLIP_JSON_BINARY_MT };

/* The memory that a call works in. */
struct slip_json_work {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> finder;
  struct slip_buf bytes = {}; /* unescaped strings when reading, the output when writing */
  bool is_busy = false;

  ~slip_json_work() {
    slip_buf_clear(&bytes);
  }
};

/* Raises for failures that only want of memory can cause. */
inline void slip_json_must(lua_State *L, bool done) {
  if (!done)
    slip_result_raise_no_memory(L);
}

/* What is wrong with a text, and where. */
struct slip_json_fault {
  const char *text;
  size_t at;
};

/* Pushes the value of the text, as slip_json_push_known; false: fills in *fault, and the stack is
 * higher by whatever. The userdata of the work is at the absolute index `work`. */
bool slip_json_read(lua_State *L, int work, struct slip_span text, struct slip_span plain,
                    slip_json_fault *fault);
/* Leaves the JSON text of the value at the absolute index in w->bytes, behind a gap; false: leaves
 * the error text there, and the stack is higher by whatever. */
bool slip_json_write(lua_State *L, slip_json_work *w, int work, int index);

#endif
