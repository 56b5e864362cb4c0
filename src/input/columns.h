#ifndef BULK_INVITE_INPUT_COLUMNS_H
#define BULK_INVITE_INPUT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "input/csv_reader.h"

/*
 * Which columns of a record are the email and the role: by the names in a
 * header, or by content where there is no header. Names are compared by
 * domain/name_key.h; the names known are listed in docs/input.md.
 */
struct columns_options {
    const char *email_column; /* a header's name, a number from 1, or NULL to
                                 find it */
    const char *role_column;  /* likewise */
    const char *fixed_role;   /* the role of every row, or NULL: then a role
                                 column is not needed */
};

#define COLUMNS_NONE ((size_t)-1)

struct columns {
    size_t email;
    size_t role;  /* COLUMNS_NONE with a fixed role */
    size_t count; /* columns of the header, or of the first row */
    bool has_header;
};

/* Appends a column's name as messages show it, in quotes, cut when long. */
void columns_add_name(struct strbuf *out, const struct csv_field *name);

/* Would the record do as a header: is there a column that may be the email, and
 * one that may be the role where one is needed? */
bool columns_has_email(const struct csv_record *record,
                       const struct columns_options *options);
bool columns_has_both(const struct csv_record *record,
                      const struct columns_options *options);

/* Is one of the cells an address? Then it is no header. */
bool columns_hold_address(const struct csv_record *record);

/* Of two columns that a given name fits, the one that is spelled exactly so is
 * meant. None or two candidates: ERROR_INPUT that lists the columns found and
 * names the flag to choose with. `name` is the input's, for messages. */
enum error_kind columns_find(const struct csv_record *header,
                             const struct columns_options *options,
                             const char *name, struct columns *columns,
                             struct error *err) MUST_CHECK;

/* The same for the first row of an input without a header: the only column
 * with an address is the email; the role's must be given by number, or is the
 * other one of two if it holds a word that is nothing but a role. No cell is
 * repeated in an error. */
enum error_kind columns_find_by_content(const struct csv_record *row,
                                        const struct columns_options *options,
                                        const char *name,
                                        struct columns *columns,
                                        struct error *err) MUST_CHECK;

#endif
