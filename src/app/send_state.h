#ifndef BULK_INVITE_APP_SEND_STATE_H
#define BULK_INVITE_APP_SEND_STATE_H

#include "app/input_choice.h"
#include "app/options.h"
#include "app/plan.h"
#include "app/progress.h"
#include "app/sandbox_process.h"
#include "base/log.h"
#include "domain/counters.h"
#include "domain/tally.h"
#include "ledger/ledger.h"
#include "report/report.h"
#include "report/retry_file.h"
#include "send/endpoint.h"

/*
 * `send` in four files: command_send.c opens everything, send_question.c looks
 * ahead and asks, pipeline.c sends, send_end.c closes the books and says how it
 * went. The main thread's, but for what pipeline.c lends to the stages.
 */
struct send {
    const struct options *options;
    struct sandbox_process *sandbox; /* NULL: the real server */
    struct endpoint endpoint;
    char *token;
    int cancel_fd; /* an eventfd that ends the input */
    int signal_fd; /* see signals.h */
    struct input_choice input_choice;
    struct input *input;
    struct ledger *ledger;
    struct ledger_pace pace; /* what earlier runs found */
    struct plan plan;        /* rows 0: none was made */
    struct report *report;
    char *report_path;
    struct retry_file *retry_file;
    struct counters counters;
    struct tally *reasons;
    struct log log;
    struct progress *progress; /* NULL: none is shown */
    bool is_terminal;          /* somebody watches stderr */
    int64_t started_us;

    /* How it ended. */
    struct error why; /* of several the one that the exit code tells */
    int signal;       /* the first one that came, or 0 */
    bool is_ledger_usable;
    bool is_report_usable;
    bool is_input_unread; /* it was left before its end */
};

/* A list on stdin leaves nothing to ask with. Told before any of it is there:
 * somebody may be about to type it. */
enum error_kind send_can_ask(const struct send *send,
                             struct error *err) MUST_CHECK;

/* Reads a file once beforehand where someone is asked, where it must not hold
 * more than --max-new, and where progress is shown. ERROR_GUARD: nothing is to
 * be sent. */
enum error_kind send_look_ahead(struct send *send,
                                struct error *err) MUST_CHECK;

/* Takes the rows from the first to the last, and notes how that ended. An error
 * is one of setting up: then nothing was sent. */
enum error_kind pipeline_run(struct send *send, struct error *err) MUST_CHECK;

/* Closes report and ledger and says what there is to say. Returns the exit
 * code. */
int send_end(struct send *send);

/* Puts into log and metrics that it is over; says on stderr when these could
 * not be written. */
void send_tell_end(struct send *send, int exit_code);

#endif
