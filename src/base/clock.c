#include "base/clock.h"

#include <inttypes.h>

/* The years that four digits can say: 0001-01-01 to 9999-12-31. */
#define FIRST_SECOND INT64_C(-62135596800)
#define LAST_SECOND  INT64_C(253402300799)

static int64_t read_clock(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

void clock_format_utc(int64_t wall_us, char *text)
{
    int64_t second = wall_us / US_PER_S - (wall_us % US_PER_S < 0);
    struct tm utc;
    time_t when;

    if (second < FIRST_SECOND)
        second = FIRST_SECOND;
    if (second > LAST_SECOND)
        second = LAST_SECOND;
    when = (time_t)second;
    /* glibc pads no year with zeros: "%Y" would be too short before 1000. */
    gmtime_r(&when, &utc);
    snprintf(text, CLOCK_UTC_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ",
             utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
             utc.tm_min, utc.tm_sec);
}

void clock_format_duration(int64_t duration_us, char *text)
{
    int64_t us = duration_us > 0 ? duration_us : 0;
    int64_t minutes = us / US_PER_MINUTE;

    if (us < US_PER_S)
        snprintf(text, CLOCK_DURATION_SIZE, "%" PRId64 " ms", us / US_PER_MS);
    else if (us < US_PER_MINUTE)
        snprintf(text, CLOCK_DURATION_SIZE, "%" PRId64 " s", us / US_PER_S);
    else if (us < US_PER_HOUR)
        snprintf(text, CLOCK_DURATION_SIZE, "%" PRId64 " min %02" PRId64 " s",
                 minutes, us / US_PER_S % 60);
    else
        snprintf(text, CLOCK_DURATION_SIZE, "%" PRId64 " h %02" PRId64 " min",
                 minutes / 60, minutes % 60);
}

void clock_sleep_us(int64_t duration_us)
{
    struct timespec time = {duration_us / US_PER_S,
                            duration_us % US_PER_S * 1000};
    nanosleep(&time, NULL);
}
