#ifndef BULK_INVITE_REPORT_REPORT_H
#define BULK_INVITE_REPORT_REPORT_H

#include <stdbool.h>

#include "base/error.h"
#include "domain/row.h"

/*
 * The file that says what became of every row, written as rows settle (so not
 * in input order) under atomic_file's rules; report_row.h has its columns.
 * Bytes that are not UTF-8 become U+FFFD, or one bad row would make the whole
 * file unreadable. On a terminal, what could steer it is escaped (text_safe.h).
 *
 * Used by one thread at a time.
 */
enum report_format {
    REPORT_CSV,   /* RFC 4180, CRLF; every field that needs it quoted; cells a
                     spreadsheet would run neutralised (OWASP) */
    REPORT_JSONL, /* one object a line, raw values; empty ones are null */
    REPORT_FORMAT_COUNT
};

struct report;

/* By its name, "csv" or "jsonl"; NULL: CSV, or JSON Lines when the path ends in
 * .jsonl or .ndjson. */
enum report_format report_format_of(const char *path, const char *name);

enum error_kind report_open(struct report **report, const char *path,
                            enum report_format format,
                            struct error *err) MUST_CHECK;

/* Does it go to a terminal? */
bool report_is_on_terminal(const struct report *report);

/* Appends the row and its outcome. */
enum error_kind report_add(struct report *report, const struct row *row,
                           struct error *err) MUST_CHECK;

/* Makes what was added visible to readers of the partial file. */
enum error_kind report_flush(struct report *report,
                             struct error *err) MUST_CHECK;

/* Complete: takes its final name. Frees `report` in any case. */
enum error_kind report_commit(struct report *report,
                              struct error *err) MUST_CHECK;

/* Leaves FILE.partial. NULL is fine. */
void report_abandon(struct report *report);

#endif
