#ifndef BULK_INVITE_SANDBOX_SANDBOX_TIMETABLE_H
#define BULK_INVITE_SANDBOX_SANDBOX_TIMETABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"

/*
 * Settings that change at times counted from the first request: what a script
 * and --outage say. Read at the start, constant afterwards.
 *
 * A script has lines of
 *     AT name=value ...
 * and comments, from a "#" that starts a word to the end of the line.
 */

#define SANDBOX_TIMETABLE_MAX_US (24 * US_PER_HOUR)

struct sandbox_event {
    int64_t at_us; /* after the first request */
    char *name;    /* a valid setting, as sandbox_settings_set() takes it */
    char *value;
};

struct sandbox_outage {
    int64_t from_us;
    int64_t length_us;
};

struct sandbox_timetable {
    struct sandbox_event *events; /* in order of time, then of addition */
    size_t count;
    struct sandbox_outage *outages; /* to be planned */
    size_t outage_count;
};

/* All zero is empty. */
void sandbox_timetable_clear(struct sandbox_timetable *timetable);

/* Errors name file and line. */
enum error_kind sandbox_timetable_read(struct sandbox_timetable *timetable,
                                       const char *file_name,
                                       struct error *err) MUST_CHECK;

/* "10s+30s": notes an outage of 30 s that starts after 10. False when `text`
 * is no such thing. */
bool sandbox_timetable_add_outage(struct sandbox_timetable *timetable,
                                  const char *text) MUST_CHECK;

/* Makes events of the outages; those that overlap are one. */
void sandbox_timetable_plan_outages(struct sandbox_timetable *timetable);

#endif
