#include "app/plan.h"

static void count(struct plan *plan, const struct row *row)
{
    plan->rows++;
    if (row->outcome.status == STATUS_NONE)
        plan->to_send++;
    else
        plan->settled[row->outcome.status]++;
    plan->need_look += outcome_needs_look(&row->outcome);
}

enum error_kind plan_read(struct plan *plan, struct input *input,
                          struct ledger *ledger,
                          void (*see)(void *context, const struct row *row),
                          void *context, struct error *err)
{
    struct row *row;
    *plan = (struct plan){0};
    if (ledger_begin_plan(ledger, err) || input_next(input, &row, err))
        return err->kind;
    while (row) {
        enum error_kind kind = ledger_plan(ledger, row, err);
        if (!kind) {
            count(plan, row);
            if (see)
                see(context, row);
        }
        row_free(row);
        if (kind || input_next(input, &row, err))
            return err->kind;
    }
    return ledger_end_plan(ledger, err);
}
