#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/console.h"
#include "app/send_state.h"
#include "app/signals.h"
#include "app/token.h"
#include "base/clock.h"

/* Rows refused for the same reason, one after the other: the list is wrong. */
#define SAME_REFUSALS_MOST 20

/* A hold that an earlier run left, in this run's time. */
static int64_t held_until_us(const struct send *send)
{
    if (send->pace.held_until_s == 0)
        return 0;
    return clock_monotonic_us() + send->pace.held_until_s * US_PER_S -
           clock_wall_us();
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
                        .cert = options->cert,
                        .key = options->key,
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
        .reasons = send->reasons,
    };
}

static void start_progress(struct send *send)
{
    const char *wish = send->options->progress;
    bool is_wanted = strcmp(wish, "always") == 0 ||
                     (strcmp(wish, "auto") == 0 &&
                      console_can_draw(STDERR_FILENO) && !send->options->quiet);
    /* Rows that scroll by on the same screen are progress enough. */
    if (is_wanted &&
        !(send->is_terminal && report_is_on_terminal(send->report)))
        send->progress =
            progress_new(STDERR_FILENO, send->plan.rows, send->plan.to_send,
                         &send->log, &send->counters);
}

static int run(struct send *send, struct error *err)
{
    struct pipeline_end end;
    /* Without the time that the question stood. */
    send->started_us = clock_monotonic_us();
    start_progress(send);
    struct pipeline_options options = pipeline_options(send);
    enum error_kind kind = pipeline_run(&options, &end, err);
    progress_end(send->progress, clock_monotonic_us());
    if (kind) {
        send_tell_end(send, error_exit_code(err->kind), err);
        return error_exit_code(err->kind);
    }
    return send_end(send, &end);
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
        signals_close(send->signal_fd);
    endpoint_clear(&send->endpoint);
    token_free(send->token);
    sandbox_process_stop(send->sandbox);
    tally_free(send->reasons);
    free(send->report_path);
    free(send->ledger_path);
    log_clear(&send->log);
}

/* A file is for whoever looks later, so it has the run's course; stderr has
 * what somebody who watches must know, and nothing for cron to mail. */
static void start_log(struct send *send)
{
    const struct options *options = send->options;
    enum log_level level = LOG_LEVEL_NONE;
    if (options->log_file)
        level = LOG_LEVEL_INFO;
    else if (send->is_terminal && !options->quiet)
        level = LOG_LEVEL_WARNING;
    if (options->verbose && !(options->quiet && !options->log_file))
        level = LOG_LEVEL_DEBUG;
    log_init(&send->log, STDERR_FILENO, level);
    send->log.is_json = strcmp(options->log_format, "json") == 0;
    send->log.shows_emails = options->log_emails;
    if (options->log_file)
        log_open_file(&send->log, options->log_file);
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
    start_log(&send);
    int exit_code = 0;
    if (send_prepare(&send, err)) {
        exit_code = error_exit_code(err->kind);
        send_tell_end(&send, exit_code, err);
    } else {
        exit_code = run(&send, err);
    }
    clear(&send);
    return exit_code;
}
