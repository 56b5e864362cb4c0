#ifndef BULK_INVITE_APP_SIGNALS_H
#define BULK_INVITE_APP_SIGNALS_H

#include "base/error.h"

/*
 * Signals are blocked in every thread and read in one place. Open before the
 * first thread starts: threads inherit the mask.
 */

/* A pipe that nobody reads any more is an error of the write. */
void signals_ignore_pipe(void);

/* Blocks, to the program's end, those of SIGINT, SIGTERM and SIGHUP that are
 * not ignored. *fd becomes readable when one of them came; the caller closes
 * it. */
enum error_kind signals_open(int *fd, struct error *err) MUST_CHECK;

/* Takes one from the fd: its number, 0 when there is none. */
int signals_read(int fd);

#endif
