#ifndef BULK_INVITE_BASE_CLOCK_H
#define BULK_INVITE_BASE_CLOCK_H

#include <stdint.h>

/*
 * Reading time. Durations and deadlines are microseconds of the monotonic
 * clock; wall time is only for people and for dates a server names.
 * Policy code (pacer, retry) never calls this: it is handed `now_us`.
 */

#define US_PER_MS     INT64_C(1000)
#define US_PER_S      INT64_C(1000000)
#define US_PER_MINUTE (60 * US_PER_S)
#define US_PER_HOUR   (60 * US_PER_MINUTE)

/* A time that never comes. */
#define CLOCK_NEVER_US INT64_MAX

/* CLOCK_MONOTONIC in microseconds. */
int64_t clock_monotonic_us(void);

/* Wall time in microseconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_us(void);

/* Sleeps so long, or shorter when a signal comes. */
void clock_sleep_us(int64_t duration_us);

#define CLOCK_UTC_SIZE 21 /* "2026-11-23T15:54:05Z" and NUL */

/* RFC 3339, seconds, UTC. Writes CLOCK_UTC_SIZE bytes. */
void clock_format_utc(int64_t wall_us, char *text);

#define CLOCK_DURATION_SIZE 24

/* A duration for people: "850 ms", "12 s", "3 min 20 s", "1 h 05 min".
 * Writes at most CLOCK_DURATION_SIZE bytes. */
void clock_format_duration(int64_t duration_us, char *text);

#endif
