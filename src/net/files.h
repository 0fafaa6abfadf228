#ifndef SLIP_NET_FILES_H
#define SLIP_NET_FILES_H
/*
 * Files: those that the process has open from its start, and how many it may have. A connection
 * is one.
 */
#include <stdint.h>

/* Lets the process have as many as it may allow itself. For a program, at its start; a library
 * leaves the limit to whoever it is loaded by. */
void slip_files_raise_limit(void);
/* Where standard input, output or error is closed, it is /dev/null from now on: else it would be
 * the next file that is opened, which libuv takes for a mistake when it is closed. For a program.
 */
void slip_files_fill_standard(void);
/* A write to a peer that has hung up is an error from now on, and no SIGPIPE, which would end the
 * process: libuv writes without MSG_NOSIGNAL. Nothing changes where the signal is handled. */
void slip_files_outlive_peers(void);
uint64_t slip_files_limit(void);

#endif
