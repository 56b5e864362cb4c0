#include <string.h>

#include "app/check.h"
#include "app/commands.h"
#include "app/console.h"
#include "app/input_choice.h"
#include "app/ledger_choice.h"
#include "input/address.h"

#define EXIT_NEEDS_LOOK 3
#define HINT_CAP        256

static void note_hint(struct check *check, const struct row *row)
{
    const char *meant = address_suggestion(row->email);
    struct strbuf hint;

    if (!meant)
        return;
    strbuf_init(&hint, HINT_CAP);
    strbuf_addf(&hint, "%s: did you mean %s?", strrchr(row->email, '@') + 1,
                meant);
    tally_add(check->hints, strbuf_str(&hint), row->line)->cell =
        ROW_CELL_EMAIL;
    strbuf_clear(&hint);
}

static void note_problem(struct check *check, const struct row *row)
{
    const struct outcome *outcome = &row->outcome;
    struct tally_entry *entry = tally_add(
        check->problems,
        outcome->error ? outcome->error : status_label(outcome->status),
        row->line);

    entry->code = outcome->code;
    entry->cell = row->cell_at_fault;
}

static void see(void *context, const struct row *row)
{
    struct check *check = context;

    if (row->outcome.status != STATUS_NONE) {
        if (outcome_needs_look(&row->outcome))
            note_problem(check, row);
        return;
    }
    tally_add(check->roles, row->role, row->line);
    tally_add(check->domains, strrchr(row->person, '@') + 1, row->line);
    note_hint(check, row);
    if (check->first_count < CHECK_FIRST_ROWS)
        check->first[check->first_count++] =
            row_new(row->line, row->email, strlen(row->email), row->role,
                    strlen(row->role), NULL);
}

static enum error_kind read_list(struct check *check, struct error *err)
{
    const struct plan_watcher watcher = {.see = see, .context = check};
    struct ledger *ledger = NULL;

    if (ledger_open_chosen(&ledger, check->options, LEDGER_LOOKS, "check", err))
        return err->kind;
    enum error_kind kind =
        plan_read(&check->plan, check->input, ledger, &watcher, err);
    ledger_close(ledger);
    tally_sort(check->roles);
    tally_sort(check->domains);
    tally_sort(check->problems);
    tally_sort(check->hints);
    return kind;
}

static enum error_kind run(struct check *check, struct error *err)
{
    if (read_list(check, err))
        return err->kind;
    if (check->options->json)
        check_print_json(check, stdout);
    else
        check_print_text(check, stdout);
    return console_finish(err);
}

int command_check(const struct options *options, struct error *err)
{
    struct check check = {.options = options,
                          .roles = tally_new(),
                          .domains = tally_new(),
                          .problems = tally_new(),
                          .hints = tally_new()};
    struct input_choice choice;
    enum error_kind kind = input_choice_init(&choice, options, -1, err);

    if (!kind)
        kind = input_open(&check.input, &choice.options, err);
    if (!kind)
        kind = run(&check, err);
    for (size_t i = 0; i < check.first_count; i++)
        row_free(check.first[i]);
    input_close(check.input);
    input_choice_clear(&choice);
    tally_free(check.roles);
    tally_free(check.domains);
    tally_free(check.problems);
    tally_free(check.hints);
    if (kind)
        return error_exit_code(kind);
    return check.plan.need_look > 0 ? EXIT_NEEDS_LOOK : 0;
}
