#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/console.h"
#include "app/input_choice.h"
#include "app/ledger_choice.h"
#include "app/pipeline.h"
#include "app/plan.h"
#include "app/sandbox_process.h"
#include "app/signals.h"
#include "app/token.h"
#include "base/clock.h"
#include "base/text_safe.h"
#include "report/summary.h"
#include "send/endpoint.h"

#define PATH_CAP    4096
#define SUMMARY_CAP (16 * 1024)

/* Rows refused for the same reason, one after the other: the list is wrong. */
#define SAME_REFUSALS_MOST 20

#define EXIT_NEEDS_LOOK 3
#define EXIT_NO_ROWS    9

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
    struct progress *progress;
    struct log log;
    int64_t started_us;
};

static bool is_terminal(void)
{
    return isatty(STDERR_FILENO) == 1;
}

static bool is_stdin(const struct send *send)
{
    return strcmp(send->options->input, "-") == 0;
}

static enum error_kind find_server(struct send *send, struct error *err)
{
    const struct options *options = send->options;
    const char *base_url = options->base_url;
    if (options->sandbox) {
        if (sandbox_process_start(&send->sandbox, err))
            return err->kind;
        base_url = sandbox_process_base_url(send->sandbox);
    }
    if (endpoint_init(&send->endpoint, base_url, options->org, err))
        return err->kind;
    /* A rehearsal has no use for the real token. */
    if (options->sandbox)
        return ERROR_NONE;
    return token_load(&send->token, options, getenv, err);
}

static enum error_kind open_input(struct send *send, struct error *err)
{
    send->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (send->cancel_fd < 0)
        return error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot make an eventfd");
    if (input_choice_init(&send->input_choice, send->options, send->cancel_fd,
                          err))
        return err->kind;
    send->input_choice.options.keeps_records = true;
    return input_open(&send->input, &send->input_choice.options, err);
}

static bool is_resend(const struct options *options, const char *word)
{
    return options->resend && strcmp(options->resend, word) == 0;
}

static void set_policy(struct send *send)
{
    const struct options *options = send->options;
    struct ledger_policy policy = {
        .retries_unknown = options->retry_unknown,
        .resends_expired = is_resend(options, "expired"),
        .resends_changed = is_resend(options, "changed"),
        .resend_before_s = options->resend_before_s,
    };
    ledger_set_policy(send->ledger, &policy);
}

/* A rehearsal remembers nothing, unless a ledger is named for it. */
static enum error_kind open_ledger(struct send *send, struct error *err)
{
    const struct options *options = send->options;
    if ((options->ledger || !options->sandbox) &&
        ledger_choose(&send->ledger_path, options, send->endpoint.base, err))
        return err->kind;
    struct strbuf activity;
    strbuf_init(&activity, PATH_CAP);
    strbuf_addf(&activity, "send %s", options->input);
    struct ledger_options ledger = {
        .path = send->ledger_path,
        .server = send->endpoint.base,
        .organization = options->org,
        .must_exist = options->ledger_must_exist,
        .lock_wait_us = options->lock_wait_us,
        .activity = strbuf_str(&activity),
    };
    enum error_kind kind = ledger_open(&send->ledger, &ledger, err);
    strbuf_clear(&activity);
    if (kind)
        return kind;
    set_policy(send);
    return ledger_load_pace(send->ledger, &send->pace, err);
}

static void say_assumptions(const struct send *send)
{
    struct strbuf text;
    strbuf_init(&text, SUMMARY_CAP);
    input_assumptions(send->input, &text);
    fprintf(stderr, "read as: %s\n", strbuf_str(&text));
    strbuf_clear(&text);
}

static void say_plan(const struct send *send)
{
    const struct plan *plan = &send->plan;
    char *name = text_safe_dup(input_name(send->input));
    char *org = text_safe_dup(send->options->org);
    fprintf(stderr, "%s: %llu rows, %llu people to invite", name,
            (unsigned long long)plan->rows, (unsigned long long)plan->to_send);
    for (int status = 1; status < STATUS_COUNT; status++)
        if (plan->settled[status] > 0)
            fprintf(stderr, ", %llu %s",
                    (unsigned long long)plan->settled[status],
                    status_label((enum status)status));
    fprintf(stderr, "\nto the organization %s at %s%s\n", org,
            send->endpoint.base,
            send->sandbox ? " (sandbox: no e-mail is sent)" : "");
    say_assumptions(send);
    free(name);
    free(org);
}

/* Reads a file once beforehand where someone is asked, or where it must not
 * hold more than --max-new. */
static enum error_kind look_ahead(struct send *send, struct error *err)
{
    const struct options *options = send->options;
    bool asks = !options->yes && is_terminal();
    if (is_stdin(send)) {
        if (asks)
            return error_set(err, ERROR_USAGE,
                             "the list comes from stdin, so nothing can be "
                             "asked here: add --yes to send it");
        return ERROR_NONE;
    }
    asks = asks && console_can_ask();
    if (!input_is_rewindable(send->input) ||
        (!asks && !is_terminal() && options->max_new == UINT64_MAX))
        return ERROR_NONE;
    if (plan_make(&send->plan, send->input, send->ledger, err))
        return err->kind;
    if (send->plan.to_send > options->max_new)
        return error_set(err, ERROR_GUARD,
                         "%s has %llu new people, more than --max-new %llu "
                         "allows; nothing was sent",
                         input_name(send->input),
                         (unsigned long long)send->plan.to_send,
                         (unsigned long long)options->max_new);
    if (!asks || send->plan.to_send == 0)
        return ERROR_NONE;
    say_plan(send);
    if (!console_agrees("Invite them now?"))
        return error_set(err, ERROR_GUARD, "not agreed; nothing was sent");
    return ERROR_NONE;
}

static enum error_kind open_report(struct send *send, struct error *err)
{
    const char *path = send->options->report;
    struct strbuf name;
    strbuf_init(&name, PATH_CAP);
    if (path)
        strbuf_add_str(&name, path);
    else
        strbuf_addf(&name, "%s.report.csv",
                    is_stdin(send) ? "stdin" : send->options->input);
    send->report_path = strbuf_detach(&name);
    return report_open(&send->report, send->report_path,
                       report_format_of(send->report_path), err);
}

static enum error_kind prepare(struct send *send, struct error *err)
{
    if (find_server(send, err) || open_input(send, err) ||
        open_ledger(send, err) || look_ahead(send, err) ||
        signals_open(&send->signal_fd, err) || open_report(send, err))
        return err->kind;
    send->retry_file =
        retry_file_new(send->options->retry_file, input_name(send->input),
                       input_form(send->input));
    return ledger_begin_run(send->ledger, input_name(send->input), err);
}

/* A hold that an earlier run left, in this run's time. */
static int64_t held_until_us(const struct send *send)
{
    if (send->pace.held_until_s == 0)
        return 0;
    return clock_monotonic_us() + send->pace.held_until_s * US_PER_S -
           clock_wall_us();
}

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

static struct pipeline_options pipeline_options(struct send *send)
{
    const struct options *options = send->options;
    return (struct pipeline_options){
        .input = send->input,
        .input_cancel_fd = send->cancel_fd,
        .ledger = send->ledger,
        .report = send->report,
        .retry_file = send->retry_file,
        .engine =
            {
                .request =
                    {
                        .url = send->endpoint.url,
                        .token = send->token,
                        .proxy = options->proxy,
                        .cacert = options->cacert,
                        .timeout_us = options->timeout_us,
                        .connect_timeout_us = options->connect_timeout_us,
                    },
                .rate = options->rate,
                .concurrency = (uint32_t)options->concurrency,
                .max_attempts = (unsigned)options->max_attempts,
                .give_up_after_us = options->give_up_after_us,
                .max_wait_us = options->max_wait_us,
                .max_duration_us = options->max_duration_us,
                .same_refusals_most =
                    options->keep_going ? 0 : SAME_REFUSALS_MOST,
                .learned_per_s = send->pace.rate_per_s,
                .held_until_us = held_until_us(send),
            },
        .limit = options->limit,
        .max_new = options->max_new,
        .max_errors = options->max_errors.number,
        .is_max_errors_percent = options->max_errors.is_percent,
        .signal_fd = send->signal_fd,
        .progress = send->progress,
        .log = &send->log,
        .counters = &send->counters,
    };
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

static void say_left_out(struct send *send)
{
    uint64_t line;
    uint64_t count = retry_file_left_out(send->retry_file, &line);
    if (count > 0)
        log_write(&send->log, LOG_LEVEL_WARNING,
                  "%llu rows that need a look are too long for the retry file, "
                  "the first on line %llu",
                  (unsigned long long)count, (unsigned long long)line);
}

/* Gives the report its name and the ledger its end. What fails here outranks
 * how the run ended. */
static void close_books(struct send *send, struct pipeline_end *end)
{
    struct error err = ERROR_INIT;
    if (!end->is_report_usable)
        report_abandon(send->report);
    else if (report_commit(send->report, &err))
        end->why = err;
    send->report = NULL;
    if (retry_file_commit(send->retry_file, &err))
        end->why = err;
    say_left_out(send);
    struct ledger_pace pace = learned_pace(send);
    if (check_totals(send, &err) ||
        (end->is_ledger_usable &&
         ledger_end_run(send->ledger, &send->counters, &pace,
                        exit_code_of(send, end), &err)))
        end->why = err;
}

static void say_summary(const struct send *send, const struct pipeline_end *end)
{
    struct strbuf text;
    strbuf_init(&text, SUMMARY_CAP);
    struct summary summary = {
        .counters = &send->counters,
        .input_name = input_name(send->input),
        .organization = send->options->org,
        .server = send->endpoint.base,
        .report_path = send->report_path,
        .retry_path = retry_file_path(send->retry_file),
        .is_input_unread = end->is_input_unread,
        .elapsed_us = clock_monotonic_us() - send->started_us,
    };
    if (end->why.kind != ERROR_NONE)
        summary.stop_reason = end->why.text;
    else if (end->signal)
        summary.stop_reason = strsignal(end->signal);
    summary_format(&summary, &text);
    fputs(strbuf_str(&text), stderr);
    strbuf_clear(&text);
}

static int run(struct send *send, struct error *err)
{
    struct pipeline_end end;
    send->started_us = clock_monotonic_us();
    /* Rows that scroll by on the same screen are progress enough. */
    if (is_terminal() && !report_is_on_terminal(send->report))
        send->progress =
            progress_new(STDERR_FILENO, &send->log, &send->counters,
                         send->plan.rows, send->started_us);
    struct pipeline_options options = pipeline_options(send);
    if (pipeline_run(&options, &end, err))
        return error_exit_code(err->kind);
    if (send->progress)
        progress_clear(send->progress);
    close_books(send, &end);
    int exit_code = exit_code_of(send, &end);
    /* Also after the rows: of an encoding the last letter may tell. */
    if (send->options->verbose)
        say_assumptions(send);
    if (exit_code != 0 || is_terminal() || send->options->verbose)
        say_summary(send, &end);
    return exit_code;
}

static void clear(struct send *send)
{
    progress_free(send->progress);
    report_abandon(send->report);
    retry_file_free(send->retry_file);
    ledger_close(send->ledger);
    input_close(send->input);
    input_choice_clear(&send->input_choice);
    if (send->cancel_fd >= 0)
        close(send->cancel_fd);
    if (send->signal_fd >= 0)
        signals_close(send->signal_fd);
    endpoint_clear(&send->endpoint);
    token_free(send->token);
    sandbox_process_stop(send->sandbox);
    free(send->report_path);
    free(send->ledger_path);
    log_clear(&send->log);
}

static void start_log(struct send *send)
{
    enum log_level level = LOG_LEVEL_ERROR;
    if (send->options->verbose)
        level = LOG_LEVEL_INFO;
    else if (is_terminal())
        level = LOG_LEVEL_WARNING;
    log_init(&send->log, STDERR_FILENO, level);
}

int command_send(const struct options *options, struct error *err)
{
    if (options->dry_run)
        return command_check(options, err);
    struct send send = {
        .options = options,
        .cancel_fd = -1,
        .signal_fd = -1,
    };
    start_log(&send);
    int exit_code = 0;
    if (prepare(&send, err))
        exit_code = error_exit_code(err->kind);
    else
        exit_code = run(&send, err);
    clear(&send);
    return exit_code;
}
