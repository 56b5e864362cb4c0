#ifndef BULK_INVITE_REPORT_REPORT_ROW_H
#define BULK_INVITE_REPORT_REPORT_ROW_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "domain/row.h"

/*
 * A row as a report has it, and the way back. Pure.
 */

/* The columns, in order: key, how the value is written, the value of `row`. */
#define REPORT_COLUMNS(X)                                                      \
    X(REPORT_LINE, "line", number, row->line)                                  \
    X(REPORT_EMAIL, "email", text, row->email)                                 \
    X(REPORT_ROLE, "role", text, row->role)                                    \
    X(REPORT_STATUS, "status", text, status_name(row->outcome.status))         \
    X(REPORT_INVITATION_ID, "invitation_id", text, row->outcome.invitation_id) \
    X(REPORT_STATE, "state", text, row->outcome.state)                         \
    X(REPORT_CREATED_AT, "created_at", text, row->outcome.created_at)          \
    X(REPORT_EXPIRES_AT, "expires_at", text, row->outcome.expires_at)          \
    X(REPORT_HTTP_STATUS, "http_status", optional_number,                      \
      (uint64_t)row->outcome.http_status)                                      \
    X(REPORT_ATTEMPTS, "attempts", number, row->outcome.attempts)              \
    X(REPORT_ERROR_CODE, "error_code", text,                                   \
      outcome_code_name(row->outcome.code))                                    \
    X(REPORT_ERROR, "error", text, row->outcome.error)

enum report_column {
#define X(column, key, how, value) column,
    REPORT_COLUMNS(X)
#undef X
    REPORT_COLUMN_COUNT
};

/* Without one of the first so many columns a file is no report. */
#define REPORT_COLUMNS_NEEDED (REPORT_STATUS + 1)

const char *report_column_name(enum report_column column);

/* REPORT_COLUMN_COUNT when no column has this name. */
enum report_column report_column_of(const char *name);

/* A line each, its end included. */
void report_csv_header(struct strbuf *out);
void report_csv_row(struct strbuf *out, const struct row *row);
void report_jsonl_row(struct strbuf *out, const struct row *row);

/* The text as it stands between the quotes of a cell; for one line, controls
 * become blanks. */
void report_csv_add_inner(struct strbuf *out, const char *text,
                          bool is_one_line);

/* Is the text written with an apostrophe before it in CSV, so that no
 * spreadsheet runs it as a formula? */
bool report_needs_apostrophe(const char *text);

/* What a CSV cell said before that: a part of `cell`. */
const char *report_cell_text(const char *cell);

/*
 * The row that the values say, which the caller owns; NULL stands for an empty
 * one. row->person is set where the address belongs to somebody. ERROR_INPUT
 * for a status there is not, and a line or another number that is none.
 */
enum error_kind report_parse_row(struct row **row,
                                 const char *const values[REPORT_COLUMN_COUNT],
                                 struct error *err) MUST_CHECK;

#endif
