#ifndef BULK_INVITE_LEDGER_LOCK_H
#define BULK_INVITE_LEDGER_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

/*
 * One writer at a time, by flock(2) on a file of its own beside the ledger
 * (closing any descriptor of the database itself would drop SQLite's locks).
 * The file says who holds it; it stays when the lock is gone, and the kernel
 * lets go when the holder dies.
 */

/* Takes the lock of the ledger at `path`. ERROR_LOCKED after `wait_us`. */
enum error_kind lock_take(int *out, const char *path, int64_t wait_us,
                          const char *activity, struct error *err) MUST_CHECK;

/* -1 is fine. */
void lock_release(int fd);

/* As ledger_holder(); *since_s is when it was taken, in seconds since 1970
 * (INT64_MAX when the holder has not said so). */
bool lock_find_holder(const char *path, struct strbuf *words, int64_t *since_s);

#endif
