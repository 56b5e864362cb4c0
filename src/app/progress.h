#ifndef BULK_INVITE_APP_PROGRESS_H
#define BULK_INVITE_APP_PROGRESS_H

#include <stdint.h>

#include "base/log.h"
#include "domain/counters.h"

/*
 * One line on a terminal that is drawn over itself: how far the run is. Not a
 * terminal: nothing at all. Called by the main thread; it shares the terminal
 * with `log`, whose lines make it step aside (log.before_line is set to do so)
 * and whose lock it draws under, so that neither lands inside the other.
 */
struct progress;

/* `fd` is stderr; `total_rows` 0 when it is not known (stdin). `log` and
 * `counters` must live until progress_free(). */
struct progress *progress_new(int fd, struct log *log,
                              const struct counters *counters,
                              uint64_t total_rows, int64_t now_us);

/* Removes the line and lets go of the log. NULL is fine. */
void progress_free(struct progress *progress);

/* Draws the line anew, fitted to the terminal's width of this moment. Does
 * nothing when `fd` is not a terminal. */
void progress_draw(struct progress *progress, int64_t now_us);

/* Removes the line, so that something else can be written. */
void progress_clear(struct progress *progress);

#endif
