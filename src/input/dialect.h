#ifndef BULK_INVITE_INPUT_DIALECT_H
#define BULK_INVITE_INPUT_DIALECT_H

#include "input/csv_reader.h"
#include "input/input_options.h"

/*
 * How a CSV file is written: its delimiter, and what stands above the header.
 * Found line by line, so that a pipe is never waited for longer than to the
 * line that settles it, and what is found depends on the bytes alone, not on
 * the reads they came in.
 *
 * The header is the first record in which both columns are recognised with one
 * of the delimiters, among the first 100 lines and before any line that holds
 * an address; an input whose first record holds one has none. Afterwards the
 * reader stands before the header (or the first row) and has the delimiter.
 * Where no record will do, it stands before the best one, for columns_find() to
 * say what is missing.
 */
enum error_kind dialect_find(struct csv_reader *reader,
                             const struct input_options *options,
                             char *delimiter, struct error *err) MUST_CHECK;

/* Where the cell at `at` ends: at the delimiter, or at `end`. NULL when a quote
 * is open there. */
const char *dialect_cell_end(const char *at, const char *end, char delimiter);

#endif
