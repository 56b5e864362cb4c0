#include "app/commands.h"
#include "app/ledger_choice.h"
#include "ledger/ledger_books.h"
#include "report/report.h"

static enum error_kind add(void *report, const struct row *row,
                           struct error *err)
{
    return report_add(report, row, err);
}

/* On stderr: the report may be a program's input. */
static void say_rest(const struct ledger_run *run)
{
    unsigned long long number = (unsigned long long)run->id;
    if (run->already_invited > 0)
        fprintf(stderr,
                "Run %llu: %llu more row%s of people invited before %s only "
                "counted.\n",
                number, (unsigned long long)run->already_invited,
                run->already_invited == 1 ? "" : "s",
                run->already_invited == 1 ? "was" : "were");
    if (run->is_going)
        fprintf(stderr,
                "Run %llu is still going: %llu row%s not settled yet, others "
                "not read.\n",
                number, (unsigned long long)run->in_hand,
                run->in_hand == 1 ? " is" : "s are");
}

static enum error_kind write_report(struct ledger *ledger,
                                    const struct options *options,
                                    struct error *err)
{
    const char *path = options->output ? options->output : "-";
    enum report_format format = report_format_of(path);
    if (options->format)
        format =
            strcmp(options->format, "jsonl") == 0 ? REPORT_JSONL : REPORT_CSV;
    struct ledger_run run;
    struct report *report;
    if (ledger_find_run(ledger, (int64_t)options->run, &run, err) ||
        report_open(&report, path, format, err))
        return err->kind;
    if (ledger_each_row(ledger, &run, add, report, err)) {
        report_abandon(report);
        return err->kind;
    }
    if (report_commit(report, err))
        return err->kind;
    say_rest(&run);
    return ERROR_NONE;
}

int command_report(const struct options *options, struct error *err)
{
    struct ledger *ledger;
    if (ledger_open_chosen(&ledger, options, LEDGER_READS, "report", err))
        return error_exit_code(err->kind);
    enum error_kind kind = ledger_begin(ledger, err);
    if (!kind)
        kind = write_report(ledger, options, err);
    if (!kind)
        kind = ledger_commit(ledger, err);
    ledger_close(ledger);
    return error_exit_code(kind);
}
