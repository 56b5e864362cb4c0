#ifndef BULK_INVITE_DOMAIN_HANDOFF_H
#define BULK_INVITE_DOMAIN_HANDOFF_H

#include <stdint.h>

#include "domain/row.h"

/*
 * What the engine tells the committer about a row it was given; the committer
 * puts it in the ledger, in this order.
 */
enum handoff_kind {
    HANDOFF_SETTLED, /* row->outcome is final; the row goes along */
    HANDOFF_PARKED,  /* surely not processed, the engine keeps the row: the
                        ledger has it as pending from now on */
    HANDOFF_INTENT,  /* a parked row wants to start: write its intent and give
                        it back; the row goes along */
};

struct handoff {
    enum handoff_kind kind;
    int64_t row_id;
    struct row *row; /* NULL for HANDOFF_PARKED */
};

#endif
