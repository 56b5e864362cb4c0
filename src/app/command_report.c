#include <inttypes.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/ledger_choice.h"
#include "app/same_file.h"
#include "app/status.h"
#include "ledger/ledger_books.h"
#include "report/html.h"
#include "report/report.h"

static enum error_kind add(void *report, const struct row *row,
                           struct error *err)
{
    return report_add(report, row, err);
}

/* On stderr: the report may be a program's input. */
static void say_rest(const struct ledger_run *run)
{
    bool is_one = run->already_invited == 1;
    if (run->already_invited > 0)
        fprintf(stderr,
                "Run %" PRId64 ": %" PRIu64 " more row%s of people invited "
                "before %s only counted.\n",
                run->id, run->already_invited, is_one ? "" : "s",
                is_one ? "was" : "were");
    if (run->is_going)
        fprintf(stderr,
                "Run %" PRId64 " is still going: %" PRIu64 " row%s not settled "
                "yet, others not read.\n",
                run->id, run->in_hand, run->in_hand == 1 ? " is" : "s are");
}

static enum error_kind write_report(struct ledger *ledger,
                                    struct ledger_run *run, const char *path,
                                    const char *format, struct error *err)
{
    struct report *report;
    if (report_open(&report, path, report_format_of(path, format), err))
        return err->kind;
    if (ledger_each_row(ledger, run, add, report, err)) {
        report_abandon(report);
        return err->kind;
    }
    if (!report_commit(report, err))
        say_rest(run);
    return err->kind;
}

struct page_source {
    struct ledger *ledger;
    struct ledger_run *run;
};

static enum error_kind each_page_row(void *context, html_take_row *take,
                                     void *html, struct error *err)
{
    struct page_source *source = context;
    return ledger_each_row(source->ledger, source->run, take, html, err);
}

static void add_page_hold(void *html, const struct hold *hold)
{
    html_add_hold(html, *hold);
}

static enum error_kind each_page_hold(void *context, struct html *html,
                                      struct error *err)
{
    struct page_source *source = context;
    return ledger_each_hold(source->ledger, source->run->id, add_page_hold,
                            html, err);
}

static enum error_kind write_page(struct ledger *ledger, struct ledger_run *run,
                                  const char *path, struct error *err)
{
    struct page_source source = {.ledger = ledger, .run = run};
    const struct html_run told = {
        .id = run->id,
        .input = run->input,
        .server = ledger_server(ledger),
        .organization = ledger_organization(ledger),
        .end = status_end_of(run),
        .started_s = run->started_s,
        .ended_s = run->ended_s,
        .is_going = run->is_going,
        .was_killed = run->exit_code < 0,
        .already_invited = run->already_invited,
        .each_row = each_page_row,
        .each_hold = each_page_hold,
        .context = &source,
    };
    return html_write(path, &told, err);
}

static enum error_kind write_run(struct ledger *ledger,
                                 const struct options *options,
                                 struct error *err)
{
    const char *path = options->output ? options->output : "-";
    struct ledger_run run;
    if (same_file(path, ledger_path(ledger)))
        return error_set(err, ERROR_USAGE, "-o: %s is the ledger itself", path);
    if (ledger_begin(ledger, err) ||
        ledger_find_run(ledger, (int64_t)options->run, &run, err))
        return err->kind;
    enum error_kind kind =
        options->html ? write_page(ledger, &run, path, err)
                      : write_report(ledger, &run, path, options->format, err);
    return kind ? kind : ledger_commit(ledger, err);
}

static enum error_kind check_page(const struct options *options,
                                  struct error *err)
{
    if (options->html && options->format)
        return error_set(err, ERROR_USAGE,
                         "--html and --format are both set; choose one");
    if (options->html && !options->output && isatty(STDOUT_FILENO) == 1)
        return error_set(err, ERROR_USAGE,
                         "a page is for a browser: add -o page.html, and open "
                         "that");
    return ERROR_NONE;
}

int command_report(const struct options *options, struct error *err)
{
    struct ledger *ledger = NULL;
    enum error_kind kind = check_page(options, err);
    if (!kind)
        kind =
            ledger_open_chosen(&ledger, options, LEDGER_READS, "report", err);
    if (!kind)
        kind = write_run(ledger, options, err);
    ledger_close(ledger);
    return error_exit_code(kind);
}
