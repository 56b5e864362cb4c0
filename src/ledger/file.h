#ifndef BULK_INVITE_LEDGER_FILE_H
#define BULK_INVITE_LEDGER_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * The ledger's file before SQLite opens it. (Never after: closing another
 * descriptor of it would drop SQLite's locks.)
 */

#define LEDGER_DAMAGED                                                         \
    "it is damaged, and was left as it is: put a copy in its place, or start " \
    "a new one with --ledger FILE and teach it with `bulk-invite import` "     \
    "what "                                                                    \
    "your last report says"

/* open(2), with O_CLOEXEC, tried again when it is interrupted. */
int file_open(const char *path, int flags);

/* *is_new when it is not there or empty. A symbolic link, something else than a
 * file, another user's, not SQLite, or shorter than it says of itself: an
 * error. */
enum error_kind file_check(const char *path, bool *is_new,
                           struct error *err) MUST_CHECK;

/* Makes the folders above it, mode 0700. */
enum error_kind file_make_folders(const char *path,
                                  struct error *err) MUST_CHECK;

/* Makes the file, empty and 0600, unless it is there: SQLite would make it
 * readable to others. */
enum error_kind file_create(const char *path, struct error *err) MUST_CHECK;

/* The same file by a name whose folders are no symbolic links; the last part
 * stays as it is. For the caller to free. */
char *file_resolve_folders(const char *path);

/* 0 when it cannot be said. */
int64_t file_size(const char *path);

#endif
