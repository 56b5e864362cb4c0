#ifndef BULK_INVITE_INPUT_INPUT_H
#define BULK_INVITE_INPUT_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "domain/row.h"
#include "input/input_options.h"

/*
 * The front of this room: a file or stdin in, rows out. Used by one thread at
 * a time.
 */
struct input;

/* How the input was understood: what a person should see before its rows are
 * taken for people. Strings are the input's. */
struct input_facts {
    const char *encoding; /* see encoding.h, for these four */
    bool is_encoding_assumed;
    bool is_mixed;
    bool is_gzip;
    char delimiter;
    uint64_t header_line;     /* 0: none */
    size_t email_column;      /* from 1 */
    size_t role_column;       /* 0: every row has the same role */
    const char *email_name;   /* as sentences name it: "E-Mail" in quotes, or
                                 column 2 */
    const char *role_name;    /* NULL without a column */
    const char *email_header; /* as the file has it, NULL without a name */
    const char *role_header;
    uint64_t cleaned; /* addresses that were, see clean.h */
    uint64_t mapped;  /* roles that the map replaced */
};

/* Opens, reads the header and finds the columns: waits for the first line.
 * Missing file, directory, empty input, header that does not fit: ERROR_INPUT.
 * `options` and its strings must live as long as the input. */
enum error_kind input_open(struct input **input,
                           const struct input_options *options,
                           struct error *err) MUST_CHECK;
void input_close(struct input *input);

/* The next row, invalid ones included, owned by the caller; NULL at the end.
 * Records without anything in them (",,," in a sheet's export) are blank rows
 * and not given. */
enum error_kind input_next(struct input *input, struct row **row,
                           struct error *err) MUST_CHECK;

/* Of what has been read so far. */
void input_get_facts(const struct input *input, struct input_facts *facts);

/* The same in sentences, without the input's name: for the plan, --verbose and
 * check. */
void input_assumptions(const struct input *input, struct strbuf *out);

/* For a file of some of the rows; valid until the input is rewound or closed.
 * Its head is NULL, and no row has a record, without `keeps_records` and where
 * too much stands above the header (CSV_ABOVE_CAP). */
const struct row_form *input_form(const struct input *input);

/* Back to the first row, for a second pass. Only when input_is_rewindable().
 * ERROR_INPUT, here or from input_next() at the second pass's end, when the
 * file was changed since it was opened. */
enum error_kind input_rewind(struct input *input, struct error *err) MUST_CHECK;

/* A regular file: can be read twice. */
bool input_is_rewindable(const struct input *input);

/* Did the input end because `cancel_fd` became readable? */
bool input_is_cancelled(const struct input *input);

/* The path, or "stdin" for "-": for messages, and for the names of results. */
const char *input_name_of(const char *path);

/* That of this one. */
const char *input_name(const struct input *input);

#endif
