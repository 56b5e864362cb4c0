#ifndef BULK_INVITE_INPUT_ROW_TEXT_H
#define BULK_INVITE_INPUT_ROW_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "domain/row.h"
#include "input/columns.h"
#include "input/csv_reader.h"

/*
 * An input's rows for a file of some of them (report/retry_file.h), which has
 * one column more: `error`, the last one. An input that has it already is such
 * a file: its cells of it are left out. Pure.
 */
struct row_text {
    struct row_form form; /* its head is NULL when there is none: too long */
    struct strbuf head;
    char line_end[3];
    size_t columns; /* without `error` */
    bool has_error_column;
};

/* What `first`, the header or the first row, tells. The head is all that stands
 * above the rows, byte for byte, and `error`; without a header one is made, so
 * that rows in any order and state mean the same again, by the same options.
 * `row_text` was cleared before. */
void row_text_init(struct row_text *row_text, const struct csv_record *first,
                   const struct columns *columns, char delimiter,
                   bool has_mark);
void row_text_clear(struct row_text *row_text);

/* The record's text with as many cells as the header, so that the next is the
 * error: byte for byte, but for empty cells at its end. Where quotes leave open
 * what a cell is, nothing is added or taken. NULL: it has no text. The caller
 * owns it. */
struct row_record *row_text_record(const struct row_text *row_text,
                                   const struct csv_record *record,
                                   const char *encoding);

#endif
