#ifndef BULK_INVITE_INPUT_CSV_READER_H
#define BULK_INVITE_INPUT_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "input/encoding.h"

/*
 * CSV records (RFC 4180, read leniently by libcsv) from a text, one at a time,
 * with flat memory whatever the file holds. Used by one thread.
 *
 * Line numbers are those an editor shows: LF, CRLF and a lone CR each end a
 * line, also inside quotes. Blank lines are not records.
 */

#define CSV_FIELD_CAP  65536   /* bytes of one field: 64 KiB */
#define CSV_RECORD_CAP 262144  /* bytes of all fields of one record: 256 KiB */
#define CSV_COLUMN_CAP 4096    /* fields of one record */
#define CSV_ABOVE_CAP  4194304 /* bytes above the first record: 4 MiB */

struct csv_field {
    const char *bytes; /* NUL after `len` bytes; may hold other NULs */
    size_t len;
};

/* Valid until the next call on the reader. */
struct csv_record {
    uint64_t line; /* where it starts */
    const struct csv_field *fields;
    size_t field_count;
    bool is_over_cap;     /* at one of the caps above: a field is left empty,
                             or those after the last are missing */
    bool has_stray_quote; /* a quote in a quoted field is neither doubled nor
                             its end: where the field ends is a guess, and
                             lines that follow may have been taken into it */
    bool has_open_quote;  /* the input ended inside a quoted field */
    uint64_t open_quote_line; /* of that field's first quote; else 0 */

    /* The record as it stands in the text, mostly not a copy; NULL when that is
     * more than CSV_RECORD_CAP bytes. The `line_end_len` bytes behind it are
     * its line end. Right before the first record's are the `above_len` bytes
     * above it, what was skipped and blank lines (up to CSV_ABOVE_CAP, or its
     * text is NULL). */
    const char *text;
    size_t text_len;
    size_t line_end_len;
    size_t above_len;
};

/* Is there nothing in it? */
bool csv_record_is_blank(const struct csv_record *record);

struct csv_reader;

/* Takes over the text. When a cancelled read ends it, the last record is the
 * last whole one: one that was cut short is dropped. */
struct csv_reader *csv_reader_new(struct encoding *text);
void csv_reader_free(struct csv_reader *reader);

/* The next record: *has_record is false at the end of the input. Waits for
 * bytes; a record is given as soon as its line end has been read, without
 * waiting for more. Errors: ERROR_INPUT. */
enum error_kind csv_reader_next(struct csv_reader *reader,
                                struct csv_record *record, bool *has_record,
                                struct error *err) MUST_CHECK;

/* Before the first record, a look at the text that is not taken yet: *len bytes
 * of it have been seen, and become as many as end with the next line. Waits for
 * it. No more than before: there is no other line, at the input's end or up to
 * CSV_PEEK_CAP bytes. The text is valid until the next call on the reader. */
#define CSV_PEEK_CAP 262144
enum error_kind csv_reader_peek_line(struct csv_reader *reader,
                                     const char **text, size_t *len,
                                     struct error *err) MUST_CHECK;

/* Takes a line away, whatever is in it. */
enum error_kind csv_reader_skip_line(struct csv_reader *reader,
                                     struct error *err) MUST_CHECK;

/* One ASCII character, not a quote; without this call a comma. */
void csv_reader_set_delimiter(struct csv_reader *reader, char delimiter);

#endif
