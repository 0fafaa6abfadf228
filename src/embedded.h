#ifndef SLIP_EMBEDDED_H
#define SLIP_EMBEDDED_H
/*
 * Embedded: the Lua modules that the program carries inside.
 *
 * The table is written at build time by src/embed.lua; it is constant.
 */
#include "script/program_lua.h"

extern const struct slip_embedded slip_embedded[]; /* the last one has no name */

#endif
