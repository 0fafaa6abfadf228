#ifndef SLIP_NET_FILES_H
#define SLIP_NET_FILES_H
/*
 * Files: how many files the process may have open at a time. A connection is one.
 */
#include <stdint.h>

/* Lets the process have as many as it may allow itself. For a program, at its start; a library
 * leaves the limit to whoever it is loaded by. */
void slip_files_raise_limit(void);
uint64_t slip_files_limit(void);

#endif
