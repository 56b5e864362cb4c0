#include "send/retry_after.h"

#define YEARS_AHEAD 50

struct cursor {
    const char *at;
    const char *end;
};

static const char *const short_days[] = {"Mon", "Tue", "Wed", "Thu",
                                         "Fri", "Sat", "Sun", NULL};
static const char *const long_days[] = {"Monday",   "Tuesday", "Wednesday",
                                        "Thursday", "Friday",  "Saturday",
                                        "Sunday",   NULL};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
                                     "Jun", "Jul", "Aug", "Sep", "Oct",
                                     "Nov", "Dec", NULL};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(struct cursor *cursor, const char *text)
{
    size_t len = strlen(text);

    if ((size_t)(cursor->end - cursor->at) < len ||
        memcmp(cursor->at, text, len) != 0)
        return false;
    cursor->at += len;
    return true;
}

/* Exactly `digits` digits. */
static bool take_number(struct cursor *cursor, int digits, int *number)
{
    int value = 0;

    if (cursor->end - cursor->at < digits)
        return false;
    for (int i = 0; i < digits; i++) {
        if (!is_digit(cursor->at[i]))
            return false;
        value = 10 * value + (cursor->at[i] - '0');
    }
    cursor->at += digits;
    *number = value;
    return true;
}

/* One of `names`, which ends in NULL; *index may be NULL. */
static bool take_name(struct cursor *cursor, const char *const *names,
                      int *index)
{
    for (int i = 0; names[i]; i++) {
        if (take(cursor, names[i])) {
            if (index)
                *index = i;
            return true;
        }
    }
    return false;
}

static bool take_time(struct cursor *cursor, struct tm *tm)
{
    return take_number(cursor, 2, &tm->tm_hour) && take(cursor, ":") &&
           take_number(cursor, 2, &tm->tm_min) && take(cursor, ":") &&
           take_number(cursor, 2, &tm->tm_sec) && tm->tm_hour <= 23 &&
           tm->tm_min <= 59 && tm->tm_sec <= 60;
}

/* Seconds since 1970 of a date that exists. `year` is the full one. */
static bool date_to_seconds(const struct tm *parsed, int year, int64_t *seconds)
{
    struct tm tm = *parsed;

    tm.tm_year = year - 1900;
    /* timegm() repairs 31 April into 1 May; a leap second would look alike. */
    tm.tm_sec = 0;
    *seconds = timegm(&tm) + parsed->tm_sec;
    return tm.tm_mday == parsed->tm_mday && tm.tm_mon == parsed->tm_mon;
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool parse_imf_fixdate(struct cursor cursor, int64_t *seconds)
{
    struct tm tm = {0};
    int year;

    return take_name(&cursor, short_days, NULL) && take(&cursor, ", ") &&
           take_number(&cursor, 2, &tm.tm_mday) && take(&cursor, " ") &&
           take_name(&cursor, months, &tm.tm_mon) && take(&cursor, " ") &&
           take_number(&cursor, 4, &year) && take(&cursor, " ") &&
           take_time(&cursor, &tm) && take(&cursor, " GMT") &&
           cursor.at == cursor.end && date_to_seconds(&tm, year, seconds);
}

/* The same moment of the calendar, `YEARS_AHEAD` on. */
static bool is_too_far_ahead(const struct tm *date, int year,
                             const struct tm *now)
{
    int limit = now->tm_year + 1900 + YEARS_AHEAD;

    if (year != limit)
        return year > limit;
    if (date->tm_mon != now->tm_mon)
        return date->tm_mon > now->tm_mon;
    return date->tm_mday > now->tm_mday;
}

/* Sunday, 06-Nov-94 08:49:37 GMT */
static bool parse_rfc850(struct cursor cursor, int64_t wall_now_s,
                         int64_t *seconds)
{
    struct tm tm = {0};
    struct tm now;
    time_t now_s = (time_t)wall_now_s;
    int year;

    if (!(take_name(&cursor, long_days, NULL) && take(&cursor, ", ") &&
          take_number(&cursor, 2, &tm.tm_mday) && take(&cursor, "-") &&
          take_name(&cursor, months, &tm.tm_mon) && take(&cursor, "-") &&
          take_number(&cursor, 2, &year) && take(&cursor, " ") &&
          take_time(&cursor, &tm) && take(&cursor, " GMT") &&
          cursor.at == cursor.end && gmtime_r(&now_s, &now)))
        return false;
    year += (now.tm_year + 1900) / 100 * 100 + 100;
    while (is_too_far_ahead(&tm, year, &now))
        year -= 100;
    return date_to_seconds(&tm, year, seconds);
}

/* Sun Nov  6 08:49:37 1994 */
static bool parse_asctime(struct cursor cursor, int64_t *seconds)
{
    struct tm tm = {0};
    int year;

    if (!(take_name(&cursor, short_days, NULL) && take(&cursor, " ") &&
          take_name(&cursor, months, &tm.tm_mon) && take(&cursor, " ")))
        return false;
    return take_number(&cursor, take(&cursor, " ") ? 1 : 2, &tm.tm_mday) &&
           take(&cursor, " ") && take_time(&cursor, &tm) &&
           take(&cursor, " ") && take_number(&cursor, 4, &year) &&
           cursor.at == cursor.end && date_to_seconds(&tm, year, seconds);
}

static bool parse_seconds(struct cursor cursor, int64_t *seconds)
{
    int64_t value = 0;

    if (cursor.at == cursor.end)
        return false;
    for (; cursor.at < cursor.end; cursor.at++) {
        if (!is_digit(*cursor.at))
            return false;
        if (value <= RETRY_AFTER_MAX_US / US_PER_S)
            value = 10 * value + (*cursor.at - '0');
    }
    *seconds = value;
    return true;
}

bool retry_after_parse(const char *value, size_t len, int64_t wall_now_us,
                       int64_t *delay_us)
{
    struct cursor cursor = {value, value + len};
    const int64_t max_s = RETRY_AFTER_MAX_US / US_PER_S;
    int64_t now_s = wall_now_us / US_PER_S;
    int64_t seconds;

    while (cursor.at < cursor.end && is_blank(*cursor.at))
        cursor.at++;
    while (cursor.end > cursor.at && is_blank(cursor.end[-1]))
        cursor.end--;
    if (parse_seconds(cursor, &seconds)) {
        *delay_us = (seconds < max_s ? seconds : max_s) * US_PER_S;
        return true;
    }
    if (!parse_imf_fixdate(cursor, &seconds) &&
        !parse_rfc850(cursor, now_s, &seconds) &&
        !parse_asctime(cursor, &seconds))
        return false;
    if (seconds <= now_s)
        *delay_us = 0;
    else if (seconds - now_s >= max_s)
        *delay_us = RETRY_AFTER_MAX_US;
    else
        *delay_us = seconds * US_PER_S - wall_now_us;
    return true;
}
