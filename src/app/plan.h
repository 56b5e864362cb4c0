#ifndef BULK_INVITE_APP_PLAN_H
#define BULK_INVITE_APP_PLAN_H

#include <stdint.h>

#include "base/error.h"
#include "domain/outcome.h"
#include "input/input.h"
#include "ledger/ledger.h"

/*
 * What a run would do, found by reading a file once without sending: shown
 * before the question and by `check`, and held against --max-new.
 */
struct plan {
    uint64_t rows;
    uint64_t to_send;               /* people who would be invited */
    uint64_t need_look;             /* rows that somebody must look at */
    uint64_t settled[STATUS_COUNT]; /* rows that would not be sent, by why */
};

/* Reads the input to its end. `see` is called with each row and the outcome it
 * would have now; it may be NULL. */
enum error_kind plan_read(struct plan *plan, struct input *input,
                          struct ledger *ledger,
                          void (*see)(void *context, const struct row *row),
                          void *context, struct error *err) MUST_CHECK;

#endif
