#ifndef BULK_INVITE_REPORT_SUMMARY_H
#define BULK_INVITE_REPORT_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "domain/counters.h"
#include "domain/tally.h"

/*
 * The last words of a run, for the person who has to act on it: totals that
 * add up, why rows need a look, where the files are, and what to do next. Pure.
 */
struct summary {
    const struct counters *counters;
    struct tally *reasons; /* domain/reason.h; they are sorted here */
    const char *input_name;
    const char *organization;
    const char *server;      /* origin, for example https://host */
    const char *report_path; /* NULL: none was written */
    const char *retry_path;  /* NULL: none was made */
    uint64_t left_out;       /* rows that need a look and are not in it */
    uint64_t left_out_line;  /* the first of them */
    const char *stop_reason; /* why the run ended early, or NULL */
    bool is_to_mend;         /* the same would end the same way */
    bool is_input_unread;    /* it ended before the input was read to its end */
    int64_t elapsed_us;

    /* Commands as they are typed; NULL where there is none to type. */
    const char *again;   /* the same run */
    const char *correct; /* sends the retry file */
    const char *resolve; /* for one person who is unknown */
    bool has_colour;
};

/* Several lines, each ending in \n, at most a screen, safe for a terminal. */
void summary_format(const struct summary *summary, struct strbuf *out);

#endif
