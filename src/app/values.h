#ifndef BULK_INVITE_APP_VALUES_H
#define BULK_INVITE_APP_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "domain/rate.h"

/*
 * From the text of an option to its value. Pure; any thread. Nothing is
 * guessed: a number without its unit, a sign or a space is refused. Errors
 * (ERROR_USAGE) say what was given and how it is written; the caller puts the
 * option's name before it. *value is untouched on error.
 */

/* Longest duration, and so the sum of a few of them cannot overflow. */
#define VALUE_DURATION_MAX_US (INT64_C(3650) * 24 * 3600 * 1000000)

#define VALUE_RATE_MAX 1000000

/* "500ms", "150s", "15m", "24h", "7d"; microseconds. */
enum error_kind value_parse_duration(const char *text, int64_t *value_us,
                                     struct error *err) MUST_CHECK;

/* "2026-11-01" (its first moment) or "2026-11-01T12:00:00Z", both UTC; seconds
 * since 1970. */
enum error_kind value_parse_time(const char *text, int64_t *value_s,
                                 struct error *err) MUST_CHECK;

/* "10/s", "300/m", "1000/h"; 1 to VALUE_RATE_MAX of them. */
enum error_kind value_parse_rate(const char *text, struct rate *value,
                                 struct error *err) MUST_CHECK;

/* A whole number from `min` to `max`, in decimal digits. */
enum error_kind value_parse_count(const char *text, uint64_t min, uint64_t max,
                                  uint64_t *value,
                                  struct error *err) MUST_CHECK;

/* "25" or "5%", at most 100%. */
enum error_kind value_parse_share(const char *text, uint64_t *number,
                                  bool *is_percent,
                                  struct error *err) MUST_CHECK;

/* true, yes, on, 1; false, no, off, 0; in any case. */
enum error_kind value_parse_bool(const char *text, bool *value,
                                 struct error *err) MUST_CHECK;

#endif
