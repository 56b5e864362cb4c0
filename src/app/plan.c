#include "app/plan.h"

enum error_kind plan_make(struct plan *plan, struct input *input,
                          struct ledger *ledger, struct error *err)
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
        enum error_kind kind = ledger_plan(ledger, row, err);
        enum status status = row->outcome.status;
        row_free(row);
        if (kind)
            return kind;
        plan->rows++;
        if (status == STATUS_NONE)
            plan->to_send++;
        else
            plan->settled[status]++;
    }
    if (ledger_end_plan(ledger, err))
        return err->kind;
    return input_rewind(input, err);
}
