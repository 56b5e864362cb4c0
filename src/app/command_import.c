#include <inttypes.h>

#include "app/commands.h"
#include "app/ledger_choice.h"
#include "app/old_report.h"
#include "ledger/ledger_books.h"

struct import {
    struct counters counters; /* of the run that it is in the ledger */
    uint64_t skipped;         /* rows by which nobody was invited */
};

static enum error_kind take_row(struct import *import, struct ledger *ledger,
                                struct row *row, struct error *err)
{
    bool is_new = false;
    import->counters.rows_read++;
    if (!row->person || !old_report_is_of_use(row))
        import->skipped++;
    else if (ledger_import(ledger, row, &is_new, err))
        return err->kind;
    import->counters.settled[row->outcome.status] += is_new;
    return ERROR_NONE;
}

static enum error_kind take_rows(struct import *import, struct ledger *ledger,
                                 struct old_report *report, struct error *err)
{
    struct row *row;
    if (old_report_next(report, &row, err))
        return err->kind;
    while (row) {
        enum error_kind kind = take_row(import, ledger, row, err);
        row_free(row);
        if (kind || old_report_next(report, &row, err))
            return err->kind;
    }
    return ERROR_NONE;
}

/* Nothing of a report that turned out to be none is kept. */
static enum error_kind give_up(struct ledger *ledger, struct error *err)
{
    struct counters nothing = {0};
    struct error why = *err;
    if (!ledger_roll_back(ledger, err) &&
        !ledger_end_run(ledger, &nothing, NULL, error_exit_code(why.kind), err))
        *err = why;
    return err->kind;
}

static enum error_kind fill(struct import *import, struct ledger *ledger,
                            struct old_report *report, struct error *err)
{
    char *name = xasprintf("import %s", old_report_name(report));
    enum error_kind kind = ledger_begin_run(ledger, name, err);
    free(name);
    if (kind || ledger_begin(ledger, err))
        return err->kind;
    if (take_rows(import, ledger, report, err))
        return err->kind == ERROR_INPUT ? give_up(ledger, err) : err->kind;
    if (ledger_commit(ledger, err))
        return err->kind;
    return ledger_end_run(ledger, &import->counters, NULL, 0, err);
}

static void say_done(const struct import *import)
{
    uint64_t added = counters_settled(&import->counters);
    uint64_t known = import->counters.rows_read - import->skipped - added;
    fprintf(stderr,
            "Imported: %" PRIu64 " new, %" PRIu64 " known already; %" PRIu64
            " skipped, because nobody was invited by them.\n",
            added, known, import->skipped);
}

int command_import(const struct options *options, struct error *err)
{
    struct import import = {0};
    struct old_report *report;
    struct ledger *ledger = NULL;
    enum report_format format =
        report_format_of(options->input, options->format);
    /* The report first: a wrong name makes no ledger. */
    enum error_kind kind =
        old_report_open(&report, options->input, format, err);
    if (!kind)
        kind =
            ledger_open_chosen(&ledger, options, LEDGER_FILLS, "import", err);
    if (!kind)
        kind = fill(&import, ledger, report, err);
    ledger_close(ledger);
    old_report_close(report);
    if (!kind)
        say_done(&import);
    return error_exit_code(kind);
}
