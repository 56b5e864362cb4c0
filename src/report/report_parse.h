#ifndef BULK_INVITE_REPORT_REPORT_PARSE_H
#define BULK_INVITE_REPORT_REPORT_PARSE_H

#include "base/error.h"
#include "domain/row.h"

/*
 * The way back: a row from what a report says of it. The caller takes the file
 * apart; this knows the columns and their values. Pure.
 */
enum report_column {
    REPORT_LINE,
    REPORT_EMAIL,
    REPORT_ROLE,
    REPORT_STATUS,
    REPORT_INVITATION_ID,
    REPORT_STATE,
    REPORT_CREATED_AT,
    REPORT_EXPIRES_AT,
    REPORT_HTTP_STATUS,
    REPORT_ATTEMPTS,
    REPORT_ERROR_CODE,
    REPORT_ERROR,
    REPORT_COLUMN_COUNT
};

/* Without one of the first so many columns a file is no report. */
#define REPORT_COLUMNS_NEEDED (REPORT_STATUS + 1)

const char *report_column_name(enum report_column column);

/* REPORT_COLUMN_COUNT when no column has this name. */
enum report_column report_column_of(const char *name);

/* What a CSV cell said before it was neutralised for spreadsheets: a part of
 * `cell`. */
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
