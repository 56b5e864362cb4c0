#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/console.h"
#include "app/send_state.h"
#include "app/typed_command.h"
#include "base/clock.h"
#include "report/metrics.h"
#include "report/summary.h"

#define SUMMARY_CAP (64 * 1024)

/* NULL: it came to the end. */
static const char *stop_reason(const struct send *send)
{
    if (send->why.kind != ERROR_NONE)
        return send->why.text;
    return send->signal ? strsignal(send->signal) : NULL;
}

/* The first that applies: storage, signal, refused, guard, server, input,
 * rows that need a look. */
static int exit_code_of(const struct send *send)
{
    if (send->signal && send->why.kind != ERROR_STORAGE)
        return 128 + send->signal;
    if (send->why.kind != ERROR_NONE)
        return error_exit_code(send->why.kind);
    if (send->counters.need_look > 0)
        return EXIT_NEEDS_LOOK;
    if (send->counters.rows_read == 0 && send->options->error_on_no_rows)
        return EXIT_NO_ROWS;
    return 0;
}

static enum error_kind check_totals(const struct send *send, struct error *err)
{
    uint64_t read = send->counters.rows_read;
    uint64_t settled = counters_settled(&send->counters);
    if (read == settled)
        return ERROR_NONE;
    return error_set(err, ERROR_STORAGE,
                     "bug: %" PRIu64 " rows were read and %" PRIu64
                     " have a status",
                     read, settled);
}

static enum error_kind end_run(const struct send *send, struct error *err)
{
    const struct counters *counters = &send->counters;
    int64_t held_us = counters->hold_until_us - clock_monotonic_us();
    /* What the next run should know. */
    struct ledger_pace pace = {.rate_per_s =
                                   (double)counters->found_rate / 1000};
    if (counters->hold_reason == HOLD_QUOTA && held_us > 0)
        pace.held_until_s = (clock_wall_us() + held_us) / US_PER_S + 1;
    return ledger_end_run(send->ledger, counters, &pace, exit_code_of(send),
                          err);
}

/* Gives the report its name and the ledger its end. What fails here outranks
 * how the run ended. */
static void close_books(struct send *send)
{
    struct error err = ERROR_INIT;
    if (!send->is_report_usable) {
        report_abandon(send->report);
    } else if (report_commit(send->report, &err)) {
        send->is_report_usable = false;
        send->why = err;
    }
    send->report = NULL;
    /* A list that was not read to its end must not be replaced by its rows that
     * were: what is left of it stays beside it, as PATH.partial. */
    bool is_kept = send->is_input_unread &&
                   retry_file_is_at(send->retry_file, send->options->input);
    if (!is_kept && retry_file_commit(send->retry_file, &err))
        send->why = err;
    if (check_totals(send, &err) ||
        (send->is_ledger_usable && end_run(send, &err)))
        send->why = err;
}

static void say_summary(const struct send *send)
{
    const struct options *options = send->options;
    const char *retry_path = retry_file_path(send->retry_file);
    bool has_report =
        send->is_report_usable && strcmp(send->report_path, "-") != 0;
    char *correct = retry_path ? typed_command_send(options, retry_path) : NULL;
    char *again = NULL, *resolve = NULL;
    if (!options->sandbox) {
        again = typed_command_send(options, options->input);
        resolve = typed_command_resolve(options);
    }
    struct summary summary = {
        .counters = &send->counters,
        .reasons = send->reasons,
        .input_name = input_name(send->input),
        .organization = options->org,
        .server = send->endpoint.base,
        .report_path = has_report ? send->report_path : NULL,
        .retry_path = retry_path,
        .stop_reason = stop_reason(send),
        .is_to_mend =
            send->why.kind != ERROR_NONE && send->why.kind != ERROR_SERVER,
        .is_input_unread = send->is_input_unread,
        .elapsed_us = clock_monotonic_us() - send->started_us,
        .again = again,
        .correct = correct,
        .resolve = resolve,
        .has_colour = console_has_colour(STDERR_FILENO),
    };
    summary.left_out =
        retry_file_left_out(send->retry_file, &summary.left_out_line);
    struct strbuf text;
    strbuf_init(&text, SUMMARY_CAP);
    summary_format(&summary, &text);
    fputs(strbuf_str(&text), stderr);
    strbuf_clear(&text);
    free(again);
    free(correct);
    free(resolve);
}

/* With --quiet: why the run failed, and nothing else. */
static void say_why(const struct send *send)
{
    uint64_t need_look = send->counters.need_look;
    const char *name = input_name(send->input);
    const char *why = stop_reason(send);
    if (why)
        console_say(stderr, "bulk-invite: %s", why);
    else if (need_look > 0)
        console_say(stderr, "bulk-invite: %s: %" PRIu64 " row%s a look", name,
                    need_look, need_look == 1 ? " needs" : "s need");
    else
        console_say(stderr, "bulk-invite: %s: no rows", name);
}

/* After the rows: of an encoding the last letter may tell. */
static void log_findings(struct send *send)
{
    struct strbuf text;
    strbuf_init(&text, SUMMARY_CAP);
    input_assumptions(send->input, &text);
    log_write(&send->log, LOG_LEVEL_INFO, "read as: %s", strbuf_str(&text));
    strbuf_clear(&text);
    if (send->counters.found_rate > 0)
        log_write(&send->log, LOG_LEVEL_INFO, "rate found: %.1f requests/s",
                  (double)send->counters.found_rate / 1000);
}

int send_end(struct send *send)
{
    close_books(send);
    int exit_code = exit_code_of(send);
    log_findings(send);
    if (send->options->quiet) {
        if (exit_code != 0)
            say_why(send);
    } else if (exit_code != 0 || send->is_terminal || send->options->verbose) {
        say_summary(send);
    }
    return exit_code;
}

static void log_end(struct send *send, int exit_code, const char *why)
{
    struct strbuf totals;
    strbuf_init(&totals, SUMMARY_CAP);
    for (int i = STATUS_NONE + 1; i < STATUS_COUNT; i++)
        if (send->counters.settled[i] > 0)
            strbuf_addf(&totals, ", %" PRIu64 " %s", send->counters.settled[i],
                        status_label((enum status)i));
    if (why)
        log_write(&send->log, LOG_LEVEL_ERROR, "stopped: %s", why);
    log_write(&send->log,
              why              ? LOG_LEVEL_ERROR
              : exit_code != 0 ? LOG_LEVEL_WARNING
                               : LOG_LEVEL_INFO,
              "end: exit %d, %" PRIu64 " rows%s", exit_code,
              send->counters.rows_read, strbuf_str(&totals));
    strbuf_clear(&totals);
}

void send_tell_end(struct send *send, int exit_code)
{
    const struct options *options = send->options;
    const char *why = stop_reason(send);
    int64_t now_us = clock_wall_us();
    struct metrics metrics = {
        .counters = &send->counters,
        .organization = options->org,
        .exit_code = exit_code,
        .is_finished = !why && !send->is_input_unread,
        .started_us = now_us - (clock_monotonic_us() - send->started_us),
        .ended_us = now_us,
    };
    struct error err = ERROR_INIT;
    /* For a file alone: on stderr the summary says it better. */
    if (options->log_file)
        log_end(send, exit_code, why);
    if (options->log_file && send->log.failed_errno)
        console_say(stderr, "bulk-invite: cannot write the log %s: %s",
                    options->log_file, strerror(send->log.failed_errno));
    if (options->metrics_file &&
        metrics_write(&metrics, options->metrics_file, &err))
        console_say(stderr, "bulk-invite: %s", err.text);
}
