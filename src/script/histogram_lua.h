#ifndef SLIP_SCRIPT_HISTOGRAM_LUA_H
#define SLIP_SCRIPT_HISTOGRAM_LUA_H
/*
 * Histogram_lua: histograms of latencies (core/histogram.h) as userdata, each of 14 kB.
 *
 *   core.histogram() → histogram
 *   histogram:record(usec [, pace])  an integer of microseconds; below 0 is 0
 *   histogram:add(other) → true      a histogram, or the bytes of one; nil, text, code:
 *                                    "malformed", "too_big"
 *   histogram:at(percent) → usec     0 … 100; of an empty histogram 0, as all below
 *   histogram:up_to(usec) → integer  how many are at most that, to within 1 % of it
 *   histogram:count() → integer      and how many of them were longer than an hour
 *   histogram:least(), :greatest() → usec
 *   histogram:mean(), :sum() → number
 *   histogram:pack() → bytes
 *   histogram:clear()
 */
#include <lua.h>

#define SLIP_HISTOGRAM_TYPE "slipstream.histogram"

/* Adds the function to the module table on top of the stack. */
void slip_histogram_open(lua_State *L);

#endif
