#ifndef BULK_INVITE_APP_PIPELINE_H
#define BULK_INVITE_APP_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "app/progress.h"
#include "base/error.h"
#include "base/log.h"
#include "domain/counters.h"
#include "domain/tally.h"
#include "input/input.h"
#include "ledger/ledger.h"
#include "report/report.h"
#include "report/retry_file.h"
#include "send/engine.h"

/*
 * One run, from the first row to the last: names every stage, joins them with
 * queues, starts their threads, and watches signals meanwhile.
 *
 *   input (reader) -> rows -> committer -> ready -> engine
 *                                ^                    |
 *                                +---- handoffs <-----+
 */
struct pipeline_options {
    struct input *input;
    int input_cancel_fd; /* an eventfd the input watches: ends it */
    struct ledger *ledger;
    struct report *report;
    struct retry_file *retry_file;
    struct engine_options engine;
    uint64_t limit;
    uint64_t max_new;
    uint64_t max_errors; /* see commit/committer.h */
    bool is_max_errors_percent;
    int signal_fd;
    struct progress *progress; /* NULL: none */
    struct log *log;
    struct counters *counters;
    struct tally *reasons; /* see commit/committer.h */
};

/* How the run ended. */
struct pipeline_end {
    struct error why; /* the first that applies by rank; ERROR_NONE: all
                         rows were handled */
    int signal;       /* the first one that came, or 0 */
    bool is_ledger_usable;
    bool is_report_usable;
    bool is_input_unread; /* it was left before its end */
};

/* Runs to the end. An error is one of setting up: then nothing was sent. */
enum error_kind pipeline_run(const struct pipeline_options *options,
                             struct pipeline_end *end,
                             struct error *err) MUST_CHECK;

#endif
