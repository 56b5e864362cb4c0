#ifndef BULK_INVITE_INPUT_ROW_CHECK_H
#define BULK_INVITE_INPUT_ROW_CHECK_H

#include "domain/row.h"
#include "input/columns.h"
#include "input/csv_reader.h"

/*
 * From a record to a row. Refuses only what no server could deliver to; a row
 * that fails a check is STATUS_INVALID with a code and a sentence that names
 * the column (the header's own word for it) and the reason.
 *
 * Checked: record over a cap, open or stray quote, more columns than the header
 * with something in them (an unquoted delimiter shifts columns), email or role
 * column missing or empty, and in these two: NUL byte, not UTF-8, control
 * characters; address syntax (address.h), domain that IDNA refuses; role and
 * domain that are not allowed.
 */
struct row_check_counts {
    uint64_t cleaned; /* addresses that were, see clean.h */
    uint64_t mapped;  /* roles that the map replaced */
};

/* Never NULL; the caller owns the row. The email is cleaned, the role trimmed
 * (clean.h) and mapped. `is_encoding_assumed`: letters outside ASCII may be
 * others, which will do for a role, as it is shown before, not for an address.
 */
struct row *row_check(const struct csv_record *record,
                      const struct columns *columns,
                      const struct input_options *options,
                      bool is_encoding_assumed,
                      struct row_check_counts *counts);

#endif
