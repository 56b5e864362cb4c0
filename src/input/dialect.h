#ifndef BULK_INVITE_INPUT_DIALECT_H
#define BULK_INVITE_INPUT_DIALECT_H

#include <stdbool.h>
#include <stdint.h>

#include "input/columns.h"
#include "input/csv_reader.h"

/*
 * How a CSV file is written: its delimiter, and what stands above the header.
 * Found line by line, so that a pipe is never waited for longer than to the
 * line that settles it, and what is found depends on the bytes alone, not on
 * the reads they came in.
 */
struct dialect {
    char delimiter;
    bool has_header;        /* false: the first row is a person */
    bool has_sep_line;      /* Excel's "sep=;" */
    bool is_delimiter_told; /* by the options or the sep line */
    uint64_t lines_above;   /* title lines between the start and the header,
                               blank ones too */
};

struct dialect_options {
    struct columns_options columns;
    char delimiter;     /* '\0' to find it among , ; tab and | */
    uint64_t skip_rows; /* lines at the start that are not looked at */
};

/*
 * The header is the first record in which both columns are recognised with one
 * of the delimiters, among the first 100 lines and before any line that holds
 * an address; an input whose first record holds one has none. Afterwards
 * the reader stands before the header (or the first row) with its delimiter
 * set. Where no record will do, it stands before the best one, for
 * columns_find() to say what is missing.
 */
enum error_kind dialect_find(struct csv_reader *reader,
                             const struct dialect_options *options,
                             struct dialect *dialect,
                             struct error *err) MUST_CHECK;

#endif
