#ifndef BULK_INVITE_REPORT_RETRY_FILE_H
#define BULK_INVITE_REPORT_RETRY_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "domain/row.h"

/*
 * The rows that need a look, as the input had them, to be corrected and sent
 * again: its head, then each row's record and a cell "STATUS: what is wrong",
 * in the input's encoding, delimiter and line end. Bytes that were damaged in
 * the input are written as they were; letters of the error that the encoding
 * does not have (while all of the input was ASCII: any outside it) are "?".
 *
 * In the order in which the rows settled, except that duplicates come last:
 * read again, the row they are duplicates of must come first.
 *
 * Made when the first such row comes, under atomic_file's rules. Used by one
 * thread at a time.
 */
struct retry_file;

/* Without a `path` it is INPUT_NAME.retry.csv; a list that is one itself is to
 * be replaced by what is left of it (and kept as .1). The caller frees it. */
char *retry_file_name(const char *path, const char *input_name) MUST_CHECK;

/* `form` must live as long as the result. */
struct retry_file *retry_file_new(const char *path, const char *input_name,
                                  const struct row_form *form);

/* Appends the row if it needs a look. After an error, which is told once,
 * nothing more is written. */
enum error_kind retry_file_add(struct retry_file *file, const struct row *row,
                               struct error *err) MUST_CHECK;

/* Makes what was added visible to readers of the partial file. */
enum error_kind retry_file_flush(struct retry_file *file,
                                 struct error *err) MUST_CHECK;

/* Complete: takes its final name, if there is one. */
enum error_kind retry_file_commit(struct retry_file *file,
                                  struct error *err) MUST_CHECK;

/* NULL when none was made. */
const char *retry_file_path(const struct retry_file *file);

/* Is this its path, complete or not? */
bool retry_file_is_at(const struct retry_file *file, const char *path);

/* Rows that need a look and are not in it, as they have no record, end in half
 * a character of UTF-16 or UTF-32, or are beyond 16 MiB of duplicates: how
 * many, and the first one's line. */
uint64_t retry_file_left_out(const struct retry_file *file,
                             uint64_t *first_line);

/* Leaves PATH.partial when it was not committed. NULL is fine. */
void retry_file_free(struct retry_file *file);

#endif
