#ifndef SLIP_SCRIPT_WATCH_H
#define SLIP_SCRIPT_WATCH_H
/*
 * Watch: which coroutine of a Lua state runs, since when its slice lasts, and how a slice that
 * lasts too long is told about and ended.
 *
 * A slice is what the host starts and waits for; a script's coroutines run inside it and are no
 * slices of their own. Ticks of the watchdog are counted, no clock is read: a slice is told about
 * from the second tick on, so what is told as elapsed is less than a period too little, never too
 * much. A slice inside another is a slice of its own; its time counts for the outer one as well,
 * unless it was ended: that was not the outer one's fault.
 *
 * At a tick the signal handler sets a hook on the coroutine that runs, as the interpreter lua does
 * for Ctrl-C; the hook, called at the next instruction, does the rest. So a C function is not
 * interrupted, but told about when it returns. A slice that is ended yields and is never resumed:
 * no pcall can catch that, and no message handler runs. Where it cannot yield, below a C function
 * or in a message handler, it raises as want of memory does, which no handler hears of. In a
 * finalizer Lua allows no hooks, so there is no help.
 */
#include "host/meter.h"
#include "host/watchdog.h"

#include <lua.h>
#include <stdatomic.h>

/* A coroutine that runs, or waits for one that it has resumed. Lives on the C stack, which is safe
 * as neither lua_resume nor lua_resetthread raises. */
struct slip_run {
  struct slip_run *outer;
  struct slip_run *slice; /* itself, one further out, or NULL: nobody wants to know */
  lua_State *L;
  lua_State *from; /* on its stack, at `owner`, is whose it is; NULL: nobody's */
  int owner;
  volatile unsigned ticks;
  unsigned told;                /* the msec elapsed when it was told about last */
  volatile sig_atomic_t is_due; /* the slice is to be told about */
  bool is_ended;                /* it must not go on */
  bool is_cut;                  /* and does not, or has caught the error that said so */
  bool is_closing;              /* runs `<close>` variables: nothing that could yield */
  unsigned rounds;              /* how often it was told so */
  unsigned raises;              /* in this round */
  lua_Hook hook;                /* the script's own, while ours is set */
  int mask;
  int count;
};

struct slip_watch {
  struct slip_watchdog dog;   /* first, so that it is the watch as well */
  struct slip_timing *timing; /* of slices that are inside no other; NULL: nobody wants to know */
  _Atomic(struct slip_run *) run;
  lua_Alloc allocate; /* the state's own, while ours is set; else NULL */
  void *allocate_ud;
};

/* The watch of the Lua state, which is made when asked for first; pushes its userdata. Raises. */
struct slip_watch *slip_watch_push(lua_State *L);
/*
 * Has the function on top called, about every SLIP_WATCHDOG_MSEC that one slice lasts, with the
 * msec elapsed, the place as "file.lua:12", and the msec elapsed when it was called last in this
 * slice, 0 at first; pops it. When it answers a text the slice is ended with that text as its
 * error. Where it cannot yield it raises, and if that was caught, again after some 10,000
 * instructions, in rounds of one raise more each time, so that it gets through any number of
 * pcalls. What the function itself raises is ignored. The calling thread is the one that is
 * watched. SLIP_EIO. Raises.
 */
SLIP_CHECKED enum slip_err slip_watch_start(lua_State *L);
/* `co` is about to run, as a slice or as a coroutine inside one; fills in *run. */
void slip_watch_enter(struct slip_watch *watch, struct slip_run *run, lua_State *co, bool is_slice);
/* It is run for what is at `owner` on the stack of L, and stays there while it runs. */
void slip_watch_set_owner(struct slip_run *run, lua_State *L, int owner);
/* Pushes the owner of the innermost that has one, or answers false. */
bool slip_watch_push_owner(const struct slip_watch *watch, lua_State *L);
/* Pushes why it was cut: the place and the text. `watch` is the index of the watch's userdata. */
void slip_watch_push_cut(lua_State *L, int watch);
/* It does not any more; the hook is gone. Must follow every enter, the last entered first. */
void slip_watch_leave(struct slip_watch *watch, struct slip_run *run);

#endif
