#ifndef BULK_INVITE_ALMANAC_JSON_LINE_H
#define BULK_INVITE_ALMANAC_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A JSON object by itself: a line of a report that is imported. Here because
 * the library for it is at home in this room. Pure.
 */

/* Calls `visit` for each member of the object in the `len` bytes at `text`;
 * value is NULL for null, and the JSON of what is no text. False, and `visit`
 * is not called, for anything else, and for an object with a NUL in a text. */
bool json_line_read(const char *text, size_t len,
                    void (*visit)(void *context, const char *key,
                                  const char *value),
                    void *context);

#endif
