#ifndef SLIP_EMBEDDED_H
#define SLIP_EMBEDDED_H
/*
 * Embedded: the Lua modules that the program carries inside, so that the one file can be copied.
 *
 * The table is written at build time by src/embed.lua; it is constant.
 */
#include <stddef.h>

struct slip_embedded {
  const char *name;  /* what `require` asks for */
  const char *chunk; /* "@slipstream/x.lua": by it our own frames are told from the user's */
  const unsigned char *text;
  size_t size;
};

extern const struct slip_embedded slip_embedded[]; /* the last one has no name */

#endif
