#ifndef BULK_INVITE_APP_SEND_STATE_H
#define BULK_INVITE_APP_SEND_STATE_H

#include "app/input_choice.h"
#include "app/options.h"
#include "app/pipeline.h"
#include "app/plan.h"
#include "app/sandbox_process.h"
#include "domain/tally.h"
#include "send/endpoint.h"

/*
 * `send` in three files: send_prepare.c opens everything, command_send.c runs
 * it, send_end.c closes the books and says how it went. Used by these only.
 */

/* Everything one `send` holds, empty until it is needed. */
struct send {
    const struct options *options;
    struct sandbox_process *sandbox;
    struct endpoint endpoint;
    char *token;
    int cancel_fd;
    int signal_fd;
    struct input_choice input_choice;
    struct input *input;
    struct ledger *ledger;
    char *ledger_path; /* NULL: a temporary one */
    struct ledger_pace pace;
    struct plan plan; /* rows 0: none was made */
    struct report *report;
    char *report_path;
    struct retry_file *retry_file;
    struct counters counters;
    struct tally *reasons;
    struct progress *progress;
    struct log log;
    bool is_terminal; /* somebody watches stderr */
    bool is_finished; /* the whole list was handled */
    int64_t started_us;
};

/* Until the run is in the ledger and can start. What it opened is in `send`
 * also after an error. */
enum error_kind send_prepare(struct send *send, struct error *err) MUST_CHECK;

/* Closes report and ledger, says what there is to say, and returns the exit
 * code. */
int send_end(struct send *send, struct pipeline_end *end);

/* Puts into log and metrics that it is over; `why` may be of no error. Says on
 * stderr when these could not be written. */
void send_tell_end(struct send *send, int exit_code, const struct error *why);

#endif
