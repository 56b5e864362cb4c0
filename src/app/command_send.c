#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/console.h"
#include "app/ledger_choice.h"
#include "app/same_file.h"
#include "app/send_state.h"
#include "app/signals.h"
#include "app/token.h"
#include "base/clock.h"

/* A file is for whoever looks later, so it has the run's course; stderr has
 * what somebody who watches must know, and nothing for cron to mail. */
static void start_log(struct send *send)
{
    const struct options *options = send->options;
    enum log_level level = options->verbose    ? LOG_LEVEL_DEBUG
                           : options->log_file ? LOG_LEVEL_INFO
                           : send->is_terminal ? LOG_LEVEL_WARNING
                                               : LOG_LEVEL_NONE;
    if (options->quiet && !options->log_file)
        level = LOG_LEVEL_NONE;
    log_init(&send->log, STDERR_FILENO, level);
    send->log.is_json = strcmp(options->log_format, "json") == 0;
    send->log.shows_emails = options->log_emails;
    if (options->log_file)
        log_open_file(&send->log, options->log_file);
}

/* libcurl reads these whenever it connects, in the engine's thread: a FIFO or a
 * terminal would hold that up, and with it the end of the run. What is not
 * there or cannot be read is told by the first attempt. */
static enum error_kind check_certificates(const struct options *options,
                                          struct error *err)
{
    const char *const paths[] = {options->cacert, options->cert, options->key};
    struct stat info;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        if (paths[i] && stat(paths[i], &info) == 0 && !S_ISREG(info.st_mode))
            return error_set(err, ERROR_USAGE,
                             "%s is not a regular file, which certificates "
                             "and keys must be in",
                             paths[i]);
    return ERROR_NONE;
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
    if (endpoint_init(&send->endpoint, base_url, options->org, err) ||
        endpoint_check_proxy(&send->endpoint, options->proxy, err))
        return err->kind;
    /* A rehearsal has no use for the real token. */
    if (options->sandbox)
        return ERROR_NONE;
    if (check_certificates(options, err) ||
        token_check_key(options, getenv, err))
        return err->kind;
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

static void name_retry_file(struct send *send)
{
    send->retry_file =
        retry_file_new(send->options->retry_file, input_name(send->input),
                       input_form(send->input));
}

/* In check_results(): none is the same file as one before it. */
#define FIRST_RESULT 2

/* A slip of the fingers must not replace the list, the ledger, or one result by
 * another. The retry file may replace the list: it is what is left of it. */
static enum error_kind check_results(const struct send *send, struct error *err)
{
    const struct options *options = send->options;
    char *retry_path =
        retry_file_name(options->retry_file, input_name_of(options->input));
    const struct {
        const char *name;
        const char *path;
    } files[] = {
        {"list", options->input},
        {"retry-file", retry_path},
        {"report", send->report_path},
        {"metrics-file", options->metrics_file},
        {"log-file", options->log_file},
        {"ledger", options->ledger},
    };
    const size_t count = sizeof(files) / sizeof(*files);

    for (size_t i = FIRST_RESULT; i < count && !err->kind; i++)
        for (size_t j = 0; j < i && !err->kind; j++) {
            if (!files[i].path || !files[j].path ||
                !same_file(files[i].path, files[j].path))
                continue;
            if (j < FIRST_RESULT)
                error_set(err, ERROR_USAGE,
                          "--%s: %s is the list itself, or its retry file",
                          files[i].name, files[i].path);
            else
                error_set(err, ERROR_USAGE, "--%s and --%s are both %s",
                          files[j].name, files[i].name, files[i].path);
        }
    free(retry_path);
    return err->kind;
}

static bool is_resend(const struct options *options, const char *word)
{
    return options->resend && strcmp(options->resend, word) == 0;
}

/* A rehearsal remembers nothing, unless a ledger is named for it. */
static enum error_kind open_ledger(struct send *send, struct error *err)
{
    const struct options *options = send->options;
    const struct ledger_policy policy = {
        .retries_unknown = options->retry_unknown,
        .resends_expired = is_resend(options, "expired"),
        .resends_changed = is_resend(options, "changed"),
        .resend_before_s = options->resend_before_s,
    };
    char *path = NULL;
    if ((options->ledger || !options->sandbox) &&
        ledger_choose(&path, options, send->endpoint.base, err))
        return err->kind;
    char *activity = xasprintf("send %s", options->input);
    const struct ledger_options ledger = {
        .path = path,
        .server = send->endpoint.base,
        .organization = options->org,
        .must_exist = options->ledger_must_exist,
        .lock_wait_us = options->lock_wait_us,
        .activity = activity,
    };
    enum error_kind kind = ledger_open(&send->ledger, &ledger, err);
    free(activity);
    free(path);
    if (kind)
        return kind;
    ledger_set_policy(send->ledger, &policy);
    return ledger_load_pace(send->ledger, &send->pace, err);
}

/* Until the run is in the ledger and can start. */
static enum error_kind prepare(struct send *send, struct error *err)
{
    if (send_can_ask(send, err) || find_server(send, err) ||
        open_input(send, err))
        return err->kind;
    name_retry_file(send);
    if (open_ledger(send, err) || send_look_ahead(send, err))
        return err->kind;
    signals_ignore_pipe();
    /* Before signals are held back: a pipe may have to wait for its reader. */
    if (report_open(&send->report, send->report_path,
                    report_format_of(send->report_path, NULL), err) ||
        signals_open(&send->signal_fd, err) ||
        ledger_begin_run(send->ledger, input_name(send->input), err))
        return err->kind;
    log_write(&send->log, LOG_LEVEL_INFO, "start: %s to %s at %s",
              input_name(send->input), send->options->org, send->endpoint.base);
    return ERROR_NONE;
}

static struct progress *start_progress(struct send *send)
{
    const char *wish = send->options->progress;
    bool is_wanted = strcmp(wish, "always") == 0 ||
                     (strcmp(wish, "auto") == 0 &&
                      console_can_draw(STDERR_FILENO) && !send->options->quiet);
    /* Rows that scroll by on the same screen are progress enough. */
    if (!is_wanted ||
        (send->is_terminal && report_is_on_terminal(send->report)))
        return NULL;
    return progress_new(STDERR_FILENO, send->plan.rows, send->plan.to_send,
                        &send->log, &send->counters);
}

static enum error_kind run(struct send *send, struct error *err)
{
    /* Without the time that the question stood. */
    send->started_us = clock_monotonic_us();
    send->progress = start_progress(send);
    enum error_kind kind = pipeline_run(send, err);
    progress_end(send->progress, clock_monotonic_us());
    return kind;
}

static void clear(struct send *send)
{
    report_abandon(send->report);
    retry_file_free(send->retry_file);
    ledger_close(send->ledger);
    input_close(send->input);
    input_choice_clear(&send->input_choice);
    if (send->cancel_fd >= 0)
        close(send->cancel_fd);
    if (send->signal_fd >= 0)
        close(send->signal_fd);
    endpoint_clear(&send->endpoint);
    token_free(send->token);
    sandbox_process_stop(send->sandbox);
    tally_free(send->reasons);
    free(send->report_path);
    log_clear(&send->log);
}

int command_send(const struct options *options, struct error *err)
{
    if (options->dry_run)
        return command_check(options, err);
    struct send send = {
        .options = options,
        .cancel_fd = -1,
        .signal_fd = -1,
        .reasons = tally_new(),
        .is_terminal = isatty(STDERR_FILENO) == 1,
        .started_us = clock_monotonic_us(),
    };
    send.report_path =
        options->report
            ? xstrdup(options->report)
            : xasprintf("%s.report.csv", input_name_of(options->input));
    /* Before the log and the metrics, too, may tell that it ended. */
    if (check_results(&send, err)) {
        clear(&send);
        return error_exit_code(err->kind);
    }
    start_log(&send);
    if (prepare(&send, err) || run(&send, err))
        send.why = *err;
    int exit_code = err->kind ? error_exit_code(err->kind) : send_end(&send);
    send_tell_end(&send, exit_code);
    clear(&send);
    return exit_code;
}
