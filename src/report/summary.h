#ifndef BULK_INVITE_REPORT_SUMMARY_H
#define BULK_INVITE_REPORT_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "domain/counters.h"

/*
 * The last words of a run, for the person who has to act on it: totals that
 * add up, where the report is, and what to do next. Pure.
 */
struct summary {
    const struct counters *counters;
    const char *input_name;
    const char *organization;
    const char *server;      /* origin, for example https://host */
    const char *report_path; /* NULL: none was written */
    const char *retry_path;  /* likewise */
    const char *stop_reason; /* why the run ended early, or NULL */
    bool is_input_unread;    /* it ended before the input was read to its end */
    int64_t elapsed_us;
};

/* Several lines, each ending in \n, safe for a terminal. */
void summary_format(const struct summary *summary, struct strbuf *out);

#endif
