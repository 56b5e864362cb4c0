#ifndef BULK_INVITE_APP_PROGRESS_H
#define BULK_INVITE_APP_PROGRESS_H

#include <stdbool.h>
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

struct progress_options {
    int fd;          /* stderr */
    bool is_drawn;   /* over itself; needs a terminal */
    bool has_colour; /* likewise */
    uint64_t rows;   /* in all, 0 when not known (stdin) */
    uint64_t owed;   /* of these need a request */
};

/* `log` and `counters` must live until progress_free(). */
struct progress *progress_new(const struct progress_options *options,
                              struct log *log, const struct counters *counters);

/* Removes the line and lets go of the log. NULL is fine. */
void progress_free(struct progress *progress);

/* Draws the line anew, fitted to the terminal's width of this moment; the
 * plain one when it is due. */
void progress_draw(struct progress *progress, int64_t now_us);

/* The run is over: removes the line; the plain one is said a last time. */
void progress_end(struct progress *progress, int64_t now_us);

#endif
