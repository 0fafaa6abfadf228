#ifndef SLIP_SCRIPT_PACK_PRIVATE_H
#define SLIP_SCRIPT_PACK_PRIVATE_H
/*
 * Pack_private: the bytes of a packed value, which pack.c writes and unpack.c reads. Numbers are as
 * this machine has them, since the bytes never leave the process.
 */
#include <lua.h>

/* The first byte of a value. */
enum slip_pack_tag {
  SLIP_PACK_NIL,
  SLIP_PACK_FALSE,
  SLIP_PACK_TRUE,
  SLIP_PACK_INTEGER, /* lua_Integer */
  SLIP_PACK_FLOAT,   /* lua_Number */
  SLIP_PACK_STRING,  /* uint32_t size, bytes */
  SLIP_PACK_NULL,
  SLIP_PACK_TABLE,  /* its mark, uint32_t n, values 1 to n, then keys and values, then END */
  SLIP_PACK_SHARED, /* the value that `refer` answered */
  SLIP_PACK_KNOWN,  /* uint32_t: which table or shared object it is */
  SLIP_PACK_END,
};

/* What both functions have on their stack. */
enum {
  SLIP_PACK_VALUE = 1, /* the value, or the bytes */
  SLIP_PACK_CALLBACK,  /* refer or resolve */
  SLIP_PACK_SEEN,      /* tables and shared objects, numbered from 0: tables as they begin, shared
                          objects as they end */
  SLIP_PACK_MARKS,     /* the metatables that are kept, from here on */
  SLIP_PACK_MARK_COUNT = 3,
  SLIP_PACK_TOP = SLIP_PACK_MARKS + SLIP_PACK_MARK_COUNT - 1,
};

#define SLIP_PACK_TOO_DEEP "message is nested deeper than 1000 tables"

/* Takes what is above the two arguments and pushes the rest of the above. */
void slip_pack_prepare(lua_State *L);
/* unpack.c */
int slip_pack_unpack(lua_State *L);

#endif
