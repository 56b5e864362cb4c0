#ifndef BULK_INVITE_APP_PROGRESS_LINE_H
#define BULK_INVITE_APP_PROGRESS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/*
 * The words of the progress line. Pure; for progress.c.
 */
struct progress_view {
    uint64_t done;
    uint64_t total;    /* 0: not known */
    double rate_per_s; /* 0: nobody can tell */
    uint32_t in_flight;
    uint64_t need_look;
    int hold_reason; /* enum hold_reason (domain/hold.h) */
    int64_t hold_left_us;
    char hold_until[8]; /* local time, "14:05"; "" when that is soon */
    int64_t left_us;    /* until the end, 0: nobody can tell */
    bool has_bar;
    bool has_colour;
};

/* Appends at most `width` columns of ASCII, and colour. Where there is no room,
 * what matters least is left out: the bar, in flight, the rate, the time left,
 * rows that need a look, the hold; how many are done comes last. */
void progress_line_format(const struct progress_view *view, size_t width,
                          struct strbuf *out);

#endif
