#include "send/retry_after.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VALUE_SIZE  128
#define DIGITS      "0123456789"
#define YEARS_AHEAD 50

/* The dates of RFC 9110, 5.6.7. strptime(3) is lenient, so the shape is looked
 * at before: A and a are letters, * more small ones, 0 is a digit, _ a digit or
 * a blank. */
static const struct {
    const char *shape, *form;
    bool has_short_year;
} dates[] = {
    {"Aaa, 00 Aaa 0000 00:00:00 GMT", "%a, %d %b %Y %T GMT", false},
    {"Aaaaaa*, 00-Aaa-00 00:00:00 GMT", "%A, %d-%b-%y %T GMT", true},
    {"Aaa Aaa _0 00:00:00 0000", "%a %b %d %T %Y", false},
};

static bool fits(char c, char shape)
{
    bool is_digit = c >= '0' && c <= '9';
    switch (shape) {
    case 'A':
        return c >= 'A' && c <= 'Z';
    case 'a':
        return c >= 'a' && c <= 'z';
    case '0':
        return is_digit;
    case '_':
        return is_digit || c == ' ';
    default:
        return c == shape;
    }
}

static bool has_shape(const char *text, const char *shape)
{
    for (; *shape; shape++) {
        if (*shape == '*') {
            while (fits(*text, 'a'))
                text++;
        } else if (!fits(*text++, *shape)) {
            return false;
        }
    }
    return *text == '\0';
}

/* The latest year with these two digits that is not too far ahead. */
static void complete_year(struct tm *date, time_t now_s)
{
    struct tm limit;
    if (!gmtime_r(&now_s, &limit))
        return;
    limit.tm_year += YEARS_AHEAD;
    time_t limit_s = timegm(&limit);
    date->tm_year = limit.tm_year / 100 * 100 + 100 + date->tm_year % 100;
    for (struct tm copy = *date; timegm(&copy) > limit_s; copy = *date)
        date->tm_year -= 100;
}

/* Seconds since 1970. */
static bool read_date(const char *text, int64_t now_s, int64_t *seconds)
{
    for (size_t i = 0; i < sizeof(dates) / sizeof(*dates); i++) {
        struct tm date = {0};
        if (!has_shape(text, dates[i].shape) ||
            !strptime(text, dates[i].form, &date) || date.tm_sec > 60)
            continue;
        if (dates[i].has_short_year)
            complete_year(&date, (time_t)now_s);
        /* timegm() repairs 31 April into 1 May; a leap second would look alike.
         */
        struct tm repaired = date;
        repaired.tm_sec = 0;
        *seconds = timegm(&repaired) + date.tm_sec;
        return repaired.tm_mday == date.tm_mday;
    }
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool retry_after_parse(const char *value, size_t len, int64_t wall_now_us,
                       int64_t *delay_us)
{
    const int64_t most_s = RETRY_AFTER_MAX_US / US_PER_S;
    int64_t now_s = wall_now_us / US_PER_S;
    char text[VALUE_SIZE];
    int64_t seconds;
    while (len > 0 && is_blank(value[len - 1]))
        len--;
    for (; len > 0 && is_blank(*value); len--)
        value++;
    if (len == 0 || len >= sizeof(text) || memchr(value, '\0', len))
        return false;
    memcpy(text, value, len);
    text[len] = '\0';
    if (strspn(text, DIGITS) == len) {
        seconds = strtoll(text, NULL, 10); /* the largest there is if it is */
        *delay_us = (seconds < most_s ? seconds : most_s) * US_PER_S;
        return true;
    }
    if (!read_date(text, now_s, &seconds))
        return false;
    if (seconds <= now_s)
        *delay_us = 0;
    else if (seconds - now_s >= most_s)
        *delay_us = RETRY_AFTER_MAX_US;
    else
        *delay_us = seconds * US_PER_S - wall_now_us;
    return true;
}
