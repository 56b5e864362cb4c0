#ifndef BULK_INVITE_APP_PROGRESS_H
#define BULK_INVITE_APP_PROGRESS_H

#include <stdint.h>

#include "base/log.h"
#include "domain/counters.h"

/*
 * How far the run is: one line that is drawn over itself on a terminal, or a
 * plain line every ten seconds elsewhere. Called by the main thread. A log that
 * writes to the same place makes the line step aside (log.before_line), and
 * both write under the log's lock, so that neither lands inside the other.
 */
struct progress;

/* `rows` are in all, 0 when not known (stdin); of these `owed` need a request.
 * `log` and `counters` must live until progress_end(). */
struct progress *progress_new(int fd, uint64_t rows, uint64_t owed,
                              struct log *log, const struct counters *counters);

/* Draws the line anew, fitted to the terminal's width of this moment; the
 * plain one when it is due. To be called ten times a second. NULL is fine, also
 * below. */
void progress_draw(struct progress *progress, int64_t now_us);

/* The run is over: removes the line (the plain one is said a last time), lets
 * go of the log and frees `progress`. */
void progress_end(struct progress *progress, int64_t now_us);

#endif
