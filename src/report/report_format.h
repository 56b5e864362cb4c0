#ifndef BULK_INVITE_REPORT_REPORT_FORMAT_H
#define BULK_INVITE_REPORT_REPORT_FORMAT_H

#include "base/strbuf.h"
#include "domain/row.h"

/*
 * One row in each format, line end included; pure. Used by report.c only
 * (and its tests).
 */

/* The header line. */
void report_csv_header(struct strbuf *out);
void report_csv_row(struct strbuf *out, const struct row *row);

void report_jsonl_row(struct strbuf *out, const struct row *row);

#endif
