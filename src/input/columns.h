#ifndef BULK_INVITE_INPUT_COLUMNS_H
#define BULK_INVITE_INPUT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "input/csv_reader.h"
#include "input/input_options.h"

/*
 * Which columns of a record are the email and the role: by the names in a
 * header, or by content where there is no header. Names are compared by
 * domain/name_key.h; the names known are listed in docs/input.md. Pure.
 */
#define COLUMNS_NONE ((size_t)-1)

struct column {
    size_t place; /* COLUMNS_NONE when there is none */
    char *header; /* as the file has it; NULL without a name */
    char *name;   /* as sentences name it: in quotes and cut when long, or
                     column 2; NULL for COLUMNS_NONE */
};

struct columns {
    struct column email;
    struct column role; /* none with a fixed role */
    size_t count;       /* of the header, or of the first row */
    bool has_header;
};

/* What a record would do as, each better than the one before. */
enum columns_fit {
    COLUMNS_UNKNOWN,
    COLUMNS_HAVE_EMAIL,   /* a header in which no role is recognised */
    COLUMNS_FIT,          /* a header that has all that is needed */
    COLUMNS_HOLD_ADDRESS, /* no header: one of the cells is an address */
};
enum columns_fit columns_fit(const struct csv_record *record,
                             const struct input_options *options);

/*
 * The columns of an input that begins with `first`, its header or, where that
 * holds an address, its first row. There the only column with an address is
 * the email; the role's is given by number, or is the other one of two if it
 * holds a word that is nothing but a role.
 *
 * Of two columns that a given name fits, the one that is spelled exactly so is
 * meant. None or two candidates: ERROR_INPUT that names the flag to choose with
 * and lists the columns, though no cell of a row; columns->has_header is told
 * then too. `name` is the input's.
 */
enum error_kind columns_find(const struct csv_record *first,
                             const struct input_options *options,
                             const char *name, struct columns *columns,
                             struct error *err) MUST_CHECK;

/* One that is zero, or was found, even in vain. */
void columns_clear(struct columns *columns);

#endif
