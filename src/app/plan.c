#include "app/plan.h"

static enum error_kind take(struct plan *plan, struct row *row,
                            struct ledger *ledger,
                            const struct plan_watcher *watcher,
                            struct error *err)
{
    if (ledger_plan(ledger, row, err))
        return err->kind;
    plan->rows++;
    if (row->outcome.status == STATUS_NONE)
        plan->to_send++;
    else
        plan->settled[row->outcome.status]++;
    plan->need_look += outcome_needs_look(&row->outcome);
    if (watcher)
        watcher->see(watcher->context, row);
    return ERROR_NONE;
}

enum error_kind plan_read(struct plan *plan, struct input *input,
                          struct ledger *ledger,
                          const struct plan_watcher *watcher, struct error *err)
{
    *plan = (struct plan){0};
    if (ledger_begin_plan(ledger, err))
        return err->kind;
    for (;;) {
        struct row *row;
        if (input_next(input, &row, err))
            return err->kind;
        if (!row)
            break;
        enum error_kind kind = take(plan, row, ledger, watcher, err);
        row_free(row);
        if (kind)
            return kind;
    }
    return ledger_end_plan(ledger, err);
}
