#ifndef BULK_INVITE_REPORT_REPORT_FORMAT_H
#define BULK_INVITE_REPORT_REPORT_FORMAT_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "domain/row.h"

/*
 * One row in each format, line end included; pure. Used within this room only
 * (and by its tests).
 */

/* The header line. */
void report_csv_header(struct strbuf *out);
void report_csv_row(struct strbuf *out, const struct row *row);

/* Is the text written with an apostrophe before it in CSV, so that no
 * spreadsheet runs it as a formula? */
bool report_needs_apostrophe(const char *text);

void report_jsonl_row(struct strbuf *out, const struct row *row);

#endif
