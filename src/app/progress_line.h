#ifndef BULK_INVITE_APP_PROGRESS_LINE_H
#define BULK_INVITE_APP_PROGRESS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/*
 * The words of the progress line. Pure; used by progress.c only (and its
 * tests).
 */
struct progress_view {
    uint64_t done;
    uint64_t total; /* 0: not known */
    double rate_per_s;
    uint32_t in_flight;
    uint64_t need_look;
    int hold_reason; /* enum hold_reason (domain/counters.h) */
    int64_t hold_left_us;
    char hold_until[8]; /* local time, "14:05"; "" when that is soon */
    int64_t left_us;    /* until the end, 0: nobody can tell */
    bool is_plain;      /* for a log: no bar */
    bool has_colour;
};

/* Appends at most `width` columns of ASCII, and colour. What matters least goes
 * first when there is no room: bar, in flight, rate, time left, rows that need
 * a look; then a hold is said shorter; how many are done always stays. */
void progress_line_format(const struct progress_view *view, size_t width,
                          struct strbuf *out);

#define PROGRESS_SAMPLES 32

/* How fast it goes now: the rate over the last seconds, not over the run. */
struct progress_rate {
    struct {
        int64_t at_us;
        uint64_t done;
    } samples[PROGRESS_SAMPLES]; /* a ring, oldest overwritten */
    size_t count;                /* ever added */
};

/* Notes how many are done at `now_us` and returns the rate per second over the
 * last 5 s or what there is of them; 0 while nothing can be said. *span_us is
 * the time it was found over. */
double progress_rate_update(struct progress_rate *rate, uint64_t done,
                            int64_t now_us, int64_t *span_us);

#endif
