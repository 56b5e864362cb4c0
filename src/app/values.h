#ifndef BULK_INVITE_APP_VALUES_H
#define BULK_INVITE_APP_VALUES_H

#include "app/option_table.h"

/* Longest duration, and so the sum of a few of them cannot overflow. */
#define VALUE_DURATION_MAX_US (INT64_C(3650) * 24 * 3600 * 1000000)

#define VALUE_RATE_MAX 1000000

/*
 * Puts what `text` says into the option's field; a text itself is not copied.
 * Pure; any thread. Nothing is guessed: a number without its unit, a sign or a
 * space is refused.
 *   duration 500ms, 150s, 15m, 24h, 7d      rate 10/s, 300/m, 1000/h
 *   time 2026-11-01 (its first moment) or 2026-11-01T12:00:00Z, both UTC
 *   share 25 or 5%                          count decimal digits
 *   bool true, yes, on, 1; false, no, off, 0; in any case
 * Errors (ERROR_USAGE) say what was given and how it is written; the caller
 * puts the option's name before it. The field is untouched then.
 */
enum error_kind value_parse(const struct option_spec *option, const char *text,
                            struct options *options,
                            struct error *err) MUST_CHECK;

#endif
