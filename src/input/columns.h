#ifndef BULK_INVITE_INPUT_COLUMNS_H
#define BULK_INVITE_INPUT_COLUMNS_H

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "input/csv_reader.h"

/*
 * Which columns of a header are the email and the role.
 */
struct columns_options {
    const char *email_column; /* a header's name, or NULL to find it */
    const char *role_column;  /* likewise */
    const char *fixed_role;   /* the role of every row, or NULL: then a role
                                 column is not needed */
};

#define COLUMNS_NONE ((size_t)-1)

struct columns {
    size_t email;
    size_t role;  /* COLUMNS_NONE with a fixed role */
    size_t count; /* columns of the header */
};

/* Appends a column's name as messages show it, in quotes, cut when long. */
void columns_add_name(struct strbuf *out, const struct csv_field *name);

/* Names are compared without regard to case, spaces, "-", "_" and "."; of two
 * that a given name fits, the one that is spelled exactly so is meant. None or
 * two candidates: ERROR_INPUT that lists the columns found and names the flag
 * to choose with. `name` is the input's, for messages. */
enum error_kind columns_find(const struct csv_record *header,
                             const struct columns_options *options,
                             const char *name, struct columns *columns,
                             struct error *err) MUST_CHECK;

#endif
