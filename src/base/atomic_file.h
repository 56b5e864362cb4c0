#ifndef BULK_INVITE_BASE_ATOMIC_FILE_H
#define BULK_INVITE_BASE_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"

/*
 * A file that is written for a while as PATH.partial (mode 0600) and takes its
 * name only when complete; the file that had the name before is kept as
 * PATH.1. A PATH.partial that a killed run left behind is never overwritten:
 * it is moved to PATH.partial.N first. One that a live process writes is an
 * error, and so is a symbolic link there.
 *
 * "-" and /dev/stdout are stdout, and a PATH that is a FIFO or a device is
 * written directly: then nothing is renamed. That of another user but root is
 * an error: they would read what is written. One thread at a time.
 */
struct atomic_file;

/* Creates the partial file (O_EXCL, O_NOFOLLOW). *file is owned by the caller
 * until commit or abandon; set to NULL on error. */
enum error_kind atomic_file_open(struct atomic_file **file, const char *path,
                                 struct error *err) MUST_CHECK;

/* Is it written directly to a terminal? */
bool atomic_file_is_terminal(const struct atomic_file *file);

/* Buffers; writes to the file when the buffer is full. */
enum error_kind atomic_file_write(struct atomic_file *file, const void *bytes,
                                  size_t len, struct error *err) MUST_CHECK;

/* Hands the buffer to the kernel, so that a reader (tail -f) sees it. */
enum error_kind atomic_file_flush(struct atomic_file *file,
                                  struct error *err) MUST_CHECK;

/* Flush, fsync, keep the previous file, rename, fsync of the folder. Every
 * step is checked; the first failed fsync is final. Frees `file` in any case;
 * on error the partial file stays where it is. */
enum error_kind atomic_file_commit(struct atomic_file *file,
                                   struct error *err) MUST_CHECK;

/* Closes without renaming; what was flushed stays in the partial file.
 * NULL is fine. */
void atomic_file_abandon(struct atomic_file *file);

#endif
