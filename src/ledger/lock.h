#ifndef BULK_INVITE_LEDGER_LOCK_H
#define BULK_INVITE_LEDGER_LOCK_H

#include <stdint.h>

#include "base/error.h"

/*
 * One writer at a time, by flock(2) on a file of its own beside the ledger
 * (closing any descriptor of the database itself would drop SQLite's locks).
 * The file says who holds it; it stays when the lock is gone, and the kernel
 * lets go when its descriptor is closed or the holder dies.
 */

/* Takes the lock of the ledger at `path`. ERROR_LOCKED after `wait_us`. */
enum error_kind lock_take(int *fd, const char *path, int64_t wait_us,
                          const char *activity, struct error *err) MUST_CHECK;

#endif
