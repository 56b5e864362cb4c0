#include "app/send_state.h"

#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/console.h"
#include "app/typed_command.h"
#include "base/clock.h"
#include "base/text_safe.h"
#include "report/metrics.h"
#include "report/summary.h"

#define SUMMARY_CAP (64 * 1024)

/* What the next run should know. */
static struct ledger_pace learned_pace(const struct send *send)
{
    struct ledger_pace pace = {
        .rate_per_s = (double)send->counters.found_rate / 1000,
    };
    int64_t left_us = send->counters.hold_until_us - clock_monotonic_us();
    if (send->counters.hold_reason == HOLD_QUOTA && left_us > 0)
        pace.held_until_s = (clock_wall_us() + left_us) / US_PER_S + 1;
    return pace;
}

/* The first that applies: storage, signal, refused, guard, server, input,
 * rows that need a look. */
static int exit_code_of(const struct send *send, const struct pipeline_end *end)
{
    if (end->why.kind == ERROR_STORAGE)
        return error_exit_code(ERROR_STORAGE);
    if (end->signal)
        return 128 + end->signal;
    if (end->why.kind != ERROR_NONE)
        return error_exit_code(end->why.kind);
    if (send->counters.need_look > 0)
        return EXIT_NEEDS_LOOK;
    if (send->counters.rows_read == 0 && send->options->error_on_no_rows)
        return EXIT_NO_ROWS;
    return 0;
}

static enum error_kind check_totals(const struct send *send, struct error *err)
{
    unsigned long long read = send->counters.rows_read;
    unsigned long long settled = counters_settled(&send->counters);
    if (read == settled)
        return ERROR_NONE;
    return error_set(err, ERROR_STORAGE,
                     "bug: %llu rows were read and %llu have a status", read,
                     settled);
}

/* Gives the report its name and the ledger its end. What fails here outranks
 * how the run ended. */
static void close_books(struct send *send, struct pipeline_end *end)
{
    struct error err = ERROR_INIT;
    if (!end->is_report_usable) {
        report_abandon(send->report);
    } else if (report_commit(send->report, &err)) {
        end->is_report_usable = false;
        end->why = err;
    }
    send->report = NULL;
    /* A list that was not read to its end must not be replaced by its rows that
     * were: what is left of it stays beside it, as PATH.partial. */
    bool is_kept = end->is_input_unread &&
                   retry_file_is_at(send->retry_file, send->options->input);
    if (!is_kept && retry_file_commit(send->retry_file, &err))
        end->why = err;
    struct ledger_pace pace = learned_pace(send);
    if (check_totals(send, &err) ||
        (end->is_ledger_usable &&
         ledger_end_run(send->ledger, &send->counters, &pace,
                        exit_code_of(send, end), &err)))
        end->why = err;
}

/* NULL: it came to the end. */
static const char *stop_reason(const struct pipeline_end *end)
{
    if (end->why.kind != ERROR_NONE)
        return end->why.text;
    return end->signal ? strsignal(end->signal) : NULL;
}

static bool is_file(const char *path)
{
    return path && strcmp(path, "-") != 0;
}

static void say_summary(const struct send *send, const struct pipeline_end *end)
{
    const struct options *options = send->options;
    struct strbuf text;
    strbuf_init(&text, SUMMARY_CAP);
    char *again = NULL, *correct = NULL, *resolve = NULL;
    if (!options->sandbox) {
        again = typed_command_send(options, options->input);
        resolve = typed_command_resolve(options);
    }
    const char *retry_path = retry_file_path(send->retry_file);
    uint64_t left_out_line;
    uint64_t left_out = retry_file_left_out(send->retry_file, &left_out_line);
    if (retry_path)
        correct = typed_command_send(options, retry_path);
    struct summary summary = {
        .counters = &send->counters,
        .reasons = send->reasons,
        .input_name = input_name(send->input),
        .organization = options->org,
        .server = send->endpoint.base,
        .report_path = end->is_report_usable && is_file(send->report_path)
                           ? send->report_path
                           : NULL,
        .retry_path = retry_path,
        .left_out = left_out,
        .left_out_line = left_out_line,
        .stop_reason = stop_reason(end),
        .is_to_mend =
            end->why.kind != ERROR_NONE && end->why.kind != ERROR_SERVER,
        .is_input_unread = end->is_input_unread,
        .elapsed_us = clock_monotonic_us() - send->started_us,
        .again = again,
        .correct = correct,
        .resolve = resolve,
        .has_colour = console_has_colour(STDERR_FILENO),
    };
    summary_format(&summary, &text);
    fputs(strbuf_str(&text), stderr);
    strbuf_clear(&text);
    free(again);
    free(correct);
    free(resolve);
}

/* Why the run failed, and nothing else. */
static void say_why(const struct send *send, const struct pipeline_end *end)
{
    const char *why = stop_reason(end);
    char *safe = text_safe_dup(why ? why : input_name(send->input));
    if (why)
        fprintf(stderr, "bulk-invite: %s\n", safe);
    else if (send->counters.need_look > 0)
        fprintf(stderr, "bulk-invite: %s: %llu row%s a look\n", safe,
                (unsigned long long)send->counters.need_look,
                send->counters.need_look == 1 ? " needs" : "s need");
    else
        fprintf(stderr, "bulk-invite: %s: no rows\n", safe);
    free(safe);
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

int send_end(struct send *send, struct pipeline_end *end)
{
    close_books(send, end);
    int exit_code = exit_code_of(send, end);
    send->is_finished = !stop_reason(end) && !end->is_input_unread;
    log_findings(send);
    if (send->options->quiet) {
        if (exit_code != 0)
            say_why(send, end);
    } else if (exit_code != 0 || send->is_terminal || send->options->verbose) {
        say_summary(send, end);
    }
    struct error why = end->why;
    if (why.kind == ERROR_NONE && end->signal)
        snprintf(why.text, sizeof(why.text), "%s", strsignal(end->signal));
    send_tell_end(send, exit_code, &why);
    return exit_code;
}

/* For a file alone: on stderr the summary says it better. */
static void log_end(struct send *send, int exit_code, const struct error *why)
{
    struct strbuf totals;
    enum log_level level = LOG_LEVEL_INFO;
    if (why->text[0]) {
        level = LOG_LEVEL_ERROR;
        log_write(&send->log, level, "stopped: %s", why->text);
    } else if (exit_code != 0) {
        level = LOG_LEVEL_WARNING;
    }
    strbuf_init(&totals, SUMMARY_CAP);
    for (int i = STATUS_NONE + 1; i < STATUS_COUNT; i++)
        if (send->counters.settled[i] > 0)
            strbuf_addf(&totals, ", %llu %s",
                        (unsigned long long)send->counters.settled[i],
                        status_label((enum status)i));
    log_write(&send->log, level, "end: exit %d, %llu rows%s", exit_code,
              (unsigned long long)send->counters.rows_read,
              strbuf_str(&totals));
    strbuf_clear(&totals);
}

void send_tell_end(struct send *send, int exit_code, const struct error *why)
{
    const struct options *options = send->options;
    int64_t now_us = clock_wall_us();
    struct metrics metrics = {
        .counters = &send->counters,
        .organization = options->org,
        .exit_code = exit_code,
        .is_finished = send->is_finished,
        .started_us = now_us - (clock_monotonic_us() - send->started_us),
        .ended_us = now_us,
    };
    struct error err = ERROR_INIT;
    if (options->log_file)
        log_end(send, exit_code, why);
    if (options->log_file && send->log.failed_errno)
        fprintf(stderr, "bulk-invite: cannot write the log %s: %s\n",
                options->log_file, strerror(send->log.failed_errno));
    if (options->metrics_file &&
        metrics_write(&metrics, options->metrics_file, &err))
        fprintf(stderr, "bulk-invite: %s\n", err.text);
}
