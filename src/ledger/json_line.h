#ifndef BULK_INVITE_LEDGER_JSON_LINE_H
#define BULK_INVITE_LEDGER_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * Reads JSON objects, one at a time, with SQLite, which knows JSON and is at
 * home in this room: the lines of a report that is imported.
 */
struct json_line;

enum error_kind json_line_new(struct json_line **new_reader,
                              struct error *err) MUST_CHECK;
void json_line_free(struct json_line *reader);

/* Calls `visit` for each member of the object in the `len` bytes at `text`;
 * value is NULL for null, and a number's or a nested value's JSON. *is_object
 * is false, and `visit` not called, for anything else, and for an object with a
 * NUL in one of its texts. */
enum error_kind json_line_read(struct json_line *reader, const char *text,
                               size_t len, bool *is_object,
                               void (*visit)(void *context, const char *key,
                                             const char *value),
                               void *context, struct error *err) MUST_CHECK;

#endif
