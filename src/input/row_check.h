#ifndef BULK_INVITE_INPUT_ROW_CHECK_H
#define BULK_INVITE_INPUT_ROW_CHECK_H

#include "domain/row.h"
#include "input/columns.h"
#include "input/csv_reader.h"
#include "input/role_map.h"

/*
 * From a record to a row. Refuses only what no server could deliver to; a row
 * that fails a check is STATUS_INVALID with a code and a sentence that names
 * the column (the header's own word for it) and the reason.
 *
 * Checked: record over a cap, open or stray quote, more columns than the header
 * with something in them (an unquoted delimiter shifts columns), email or role
 * column missing or empty, and in these two: NUL byte, not UTF-8, control
 * characters; address syntax (RFC 5321 4.1.2 and 4.5.3.1: one "@" outside
 * quotes, local part up to 64 octets, domain up to 255 with labels up to 63, no
 * spaces), domain that IDNA refuses; role and domain that are not allowed.
 */
struct row_check_options {
    const char *fixed_role;   /* or NULL */
    const char *email_header; /* the columns' names as sentences show them */
    const char *role_header;  /* (columns_add_name) */
    bool is_encoding_assumed; /* letters outside ASCII may be others: enough for
                                 a role, which is shown before, not for an
                                 address */
    const struct role_map *role_map; /* or NULL */
    const char *allow_roles;         /* with commas between; NULL: any */
    const char *allow_domains;       /* likewise, as domain/person.h has them */
    uint64_t *cleaned; /* counts addresses that were cleaned; or NULL */
    uint64_t *mapped;  /* counts roles that were; or NULL */
};

/* Never NULL; the caller owns the row. The email is cleaned, the role trimmed
 * (clean.h) and mapped. */
struct row *row_check(const struct csv_record *record,
                      const struct columns *columns,
                      const struct row_check_options *options);

#endif
