#ifndef BULK_INVITE_LEDGER_FILE_H
#define BULK_INVITE_LEDGER_FILE_H

#include <stdbool.h>

#include "base/error.h"

/*
 * The ledger's file before SQLite opens it. It is not opened here: closing
 * another descriptor of it would drop SQLite's locks.
 */

#define LEDGER_NOT_ONE "%s is not a ledger; it was left as it is"

/* *is_new when it is not there or empty. A symbolic link, something else than a
 * file, or another user's, there or where SQLite keeps what belongs to it: an
 * error; and so is a single byte. */
enum error_kind file_check(const char *path, bool *is_new,
                           struct error *err) MUST_CHECK;

/* Makes the folders above it (0700) and the file, empty and 0600 (SQLite would
 * make it readable to others), unless they are there. */
enum error_kind file_create(const char *path, struct error *err) MUST_CHECK;

/* The same file by a name whose folders are no symbolic links; the last part
 * stays as it is. For the caller to free. */
char *file_resolve_folders(const char *path);

#endif
