#ifndef BULK_INVITE_APP_STATUS_H
#define BULK_INVITE_APP_STATUS_H

#include "ledger/ledger_books.h"

/* How a run ended, or that it has not: in the words of `status`, also for
 * `report`. */
const char *status_end_of(const struct ledger_run *run);

#endif
