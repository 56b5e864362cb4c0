#ifndef BULK_INVITE_APP_OLD_REPORT_H
#define BULK_INVITE_APP_OLD_REPORT_H

#include "base/error.h"
#include "domain/row.h"
#include "report/report.h"

/*
 * Reads what an earlier run reported, CSV or JSON Lines, row by row. A file
 * that is no report is an ERROR_INPUT that names file and line, and says what
 * is missing.
 */
struct old_report;

/* "-" is stdin. */
enum error_kind old_report_open(struct old_report **opened, const char *path,
                                enum report_format format,
                                struct error *err) MUST_CHECK;
void old_report_close(struct old_report *report);

/* The next row, owned by the caller; NULL at the end. The address of a row of
 * use is one (row->person is set) or empty: a person who was forgotten. */
enum error_kind old_report_next(struct old_report *report, struct row **row,
                                struct error *err) MUST_CHECK;

/* Was its person invited, or may have been? */
bool old_report_is_of_use(const struct row *row);

/* The path, or "stdin": for messages. */
const char *old_report_name(const struct old_report *report);

#endif
