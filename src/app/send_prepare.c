#include "app/send_state.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "app/console.h"
#include "app/input_choice.h"
#include "app/ledger_choice.h"
#include "app/signals.h"
#include "app/token.h"
#include "base/text_safe.h"

#define PATH_CAP        4096
#define ASSUMPTIONS_CAP (16 * 1024)

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
    if (token_check_key(options, getenv, err))
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
    strbuf_init(&text, ASSUMPTIONS_CAP);
    input_assumptions(send->input, &text);
    fprintf(stderr, "read as: %s\n", strbuf_str(&text));
    strbuf_clear(&text);
}

static void say_plan(const struct send *send)
{
    const struct plan *plan = &send->plan;
    char *name = text_safe_dup(input_name(send->input));
    char *org = text_safe_dup(send->options->org);
    fprintf(stderr, "%s: %llu row%s, %llu %s to invite", name,
            (unsigned long long)plan->rows, plan->rows == 1 ? "" : "s",
            (unsigned long long)plan->to_send,
            plan->to_send == 1 ? "person" : "people");
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

/* A list on stdin leaves nothing to ask with. Said before any of it is there:
 * somebody may be about to type it. */
static enum error_kind check_can_ask(const struct send *send, struct error *err)
{
    if (!is_stdin(send) || send->options->yes || !send->is_terminal)
        return ERROR_NONE;
    return error_set(err, ERROR_USAGE,
                     "the list comes from stdin, so nothing can be asked "
                     "here: add --yes to send it");
}

static enum error_kind ask(const struct send *send, struct error *err)
{
    say_plan(send);
    if (console_agrees("Invite them now?"))
        return ERROR_NONE;
    return error_set(err, ERROR_GUARD, "not agreed; nothing was sent");
}

/* Reads a file once beforehand where someone is asked, where it must not hold
 * more than --max-new, and where progress is shown. */
static enum error_kind look_ahead(struct send *send, struct error *err)
{
    const struct options *options = send->options;
    bool asks = !options->yes && send->is_terminal && console_can_ask();
    if (is_stdin(send))
        return ERROR_NONE;
    if (asks && !input_is_rewindable(send->input))
        return error_set(err, ERROR_USAGE,
                         "%s can be read only once, so nothing can be asked "
                         "here: add --yes to send it",
                         input_name(send->input));
    if (!input_is_rewindable(send->input) ||
        (!asks && !send->is_terminal && options->max_new == UINT64_MAX &&
         strcmp(options->progress, "always") != 0))
        return ERROR_NONE;
    if (plan_read(&send->plan, send->input, send->ledger, NULL, NULL, err))
        return err->kind;
    if (send->plan.to_send > options->max_new)
        return error_set(err, ERROR_GUARD,
                         "%s has %llu new people, more than --max-new %llu "
                         "allows; nothing was sent",
                         input_name(send->input),
                         (unsigned long long)send->plan.to_send,
                         (unsigned long long)options->max_new);
    if (asks && send->plan.to_send > 0 && ask(send, err))
        return err->kind;
    return input_rewind(send->input, err);
}

static bool is_same_file(const char *one, const char *other)
{
    struct stat a, b;
    if (strcmp(one, other) == 0)
        return true;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && S_ISREG(a.st_mode) &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* A slip of the fingers must not replace the list, or one result another. The
 * retry file may: it is what is left of the list. */
static enum error_kind check_outputs(const struct send *send, struct error *err)
{
    const struct options *options = send->options;
    const struct {
        const char *name;
        const char *path;
    } outputs[] = {
        {"report", send->report_path},
        {"metrics-file", options->metrics_file},
        {"log-file", options->log_file},
    };
    for (size_t i = 0; i < sizeof(outputs) / sizeof(*outputs); i++) {
        const char *path = outputs[i].path;
        if (!path || strcmp(path, "-") == 0)
            continue;
        if (is_same_file(path, options->input))
            return error_set(err, ERROR_USAGE, "--%s: %s is the list itself",
                             outputs[i].name, path);
        if (retry_file_is_at(send->retry_file, path))
            return error_set(err, ERROR_USAGE,
                             "--%s: %s is to be the retry file",
                             outputs[i].name, path);
    }
    return ERROR_NONE;
}

static void name_results(struct send *send)
{
    const struct options *options = send->options;
    struct strbuf name;
    strbuf_init(&name, PATH_CAP);
    if (options->report)
        strbuf_add_str(&name, options->report);
    else
        strbuf_addf(&name, "%s.report.csv",
                    is_stdin(send) ? "stdin" : options->input);
    send->report_path = strbuf_detach(&name);
    send->retry_file = retry_file_new(
        options->retry_file, input_name(send->input), input_form(send->input));
}

static enum error_kind open_report(struct send *send, struct error *err)
{
    return report_open(&send->report, send->report_path,
                       report_format_of(send->report_path), err);
}

enum error_kind send_prepare(struct send *send, struct error *err)
{
    if (check_can_ask(send, err) || find_server(send, err) ||
        open_input(send, err))
        return err->kind;
    name_results(send);
    if (check_outputs(send, err) || open_ledger(send, err) ||
        look_ahead(send, err) || signals_open(&send->signal_fd, err) ||
        open_report(send, err))
        return err->kind;
    if (ledger_begin_run(send->ledger, input_name(send->input), err))
        return err->kind;
    log_write(&send->log, LOG_LEVEL_INFO, "start: %s to %s at %s",
              input_name(send->input), send->options->org, send->endpoint.base);
    return ERROR_NONE;
}
