#include "send/ratelimit_headers.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"

#define REMAINING_MOST INT64_C(1000000)
#define RESET_MOST_S   INT64_C(86400)
#define EPOCH_ABOVE    INT64_C(1000000000)

static bool is_name(const char *name, size_t len, const char *wanted)
{
    return strlen(wanted) == len && strncasecmp(name, wanted, len) == 0;
}

/* A whole number at `at`, -1 when there is none; *end is behind it. */
static int64_t read_number(const char *at, const char *limit, const char **end)
{
    int64_t number = -1;
    while (at < limit && *at >= '0' && *at <= '9') {
        if (number < 0)
            number = 0;
        if (number < INT64_MAX / 20)
            number = number * 10 + (*at - '0');
        at++;
    }
    /* "1.5" is no whole number; "5, 5;w=60" is one and more */
    if (at < limit && *at == '.')
        number = -1;
    *end = at;
    return number;
}

static void note_remaining(struct quota_hint *hint, int64_t remaining)
{
    if (remaining < 0)
        return;
    if (remaining > REMAINING_MOST)
        remaining = REMAINING_MOST;
    if (hint->remaining < 0 || remaining < hint->remaining)
        hint->remaining = remaining;
}

static void note_reset(struct quota_hint *hint, int64_t reset_s)
{
    if (reset_s < 0)
        return;
    if (reset_s > RESET_MOST_S)
        reset_s = RESET_MOST_S;
    if (reset_s * US_PER_S > hint->reset_us)
        hint->reset_us = reset_s * US_PER_S;
}

/* The number of parameter `key` in "x;key=12, key=13", -1 when it is not there.
 */
static int64_t parameter(const char *value, size_t len, const char *key)
{
    const char *limit = value + len;
    size_t key_len = strlen(key);
    for (const char *at = value; at + key_len < limit; at++) {
        bool is_start =
            at == value || at[-1] == ';' || at[-1] == ',' || at[-1] == ' ';
        if (!is_start || strncasecmp(at, key, key_len) != 0 ||
            at[key_len] != '=')
            continue;
        const char *end;
        return read_number(at + key_len + 1, limit, &end);
    }
    return -1;
}

/* One header for all, in one of two forms; several policies are a list. */
static void read_combined(struct quota_hint *hint, const char *value,
                          size_t len)
{
    const char *limit = value + len;
    if (parameter(value, len, "remaining") >= 0) {
        note_remaining(hint, parameter(value, len, "remaining"));
        note_reset(hint, parameter(value, len, "reset"));
        return;
    }
    for (const char *item = value; item < limit;) {
        const char *comma = memchr(item, ',', (size_t)(limit - item));
        const char *end = comma ? comma : limit;
        size_t item_len = (size_t)(end - item);
        int64_t remaining = parameter(item, item_len, "r");
        if (remaining >= 0 &&
            (hint->remaining < 0 || remaining < hint->remaining)) {
            hint->remaining = -1;
            hint->reset_us = -1;
            note_remaining(hint, remaining);
            note_reset(hint, parameter(item, item_len, "t"));
        }
        item = end + 1;
    }
}

/* "p";q=100;w=60, or 100;w=60; of several the slowest. */
static void read_policy(struct quota_hint *hint, const char *value, size_t len)
{
    const char *limit = value + len;
    for (const char *item = value; item < limit;) {
        const char *comma = memchr(item, ',', (size_t)(limit - item));
        const char *end = comma ? comma : limit;
        size_t item_len = (size_t)(end - item);
        const char *unused;
        int64_t quota = parameter(item, item_len, "q");
        int64_t window_s = parameter(item, item_len, "w");
        while (item < end && *item == ' ')
            item++;
        if (quota < 0)
            quota = read_number(item, end, &unused);
        bool is_said = quota > 0 && quota <= REMAINING_MOST && window_s > 0 &&
                       window_s <= RESET_MOST_S;
        if (is_said &&
            (hint->limit < 0 ||
             quota * hint->window_us < hint->limit * window_s * US_PER_S)) {
            hint->limit = quota;
            hint->window_us = window_s * US_PER_S;
        }
        item = end + 1;
    }
}

static int64_t reset_seconds(int64_t number, int64_t wall_now_us)
{
    if (number <= EPOCH_ABOVE)
        return number;
    int64_t left = number - wall_now_us / US_PER_S;
    return left > 0 ? left : 0;
}

void ratelimit_header_read(struct quota_hint *hint, const char *name,
                           size_t name_len, const char *value, size_t value_len,
                           int64_t wall_now_us)
{
    const char *end;
    if (is_name(name, name_len, "ratelimit")) {
        read_combined(hint, value, value_len);
        return;
    }
    if (is_name(name, name_len, "ratelimit-policy") ||
        is_name(name, name_len, "ratelimit-limit")) {
        read_policy(hint, value, value_len);
        return;
    }
    int64_t number = read_number(value, value + value_len, &end);
    if (number < 0)
        return;
    if (is_name(name, name_len, "ratelimit-remaining") ||
        is_name(name, name_len, "x-ratelimit-remaining"))
        note_remaining(hint, number);
    else if (is_name(name, name_len, "ratelimit-reset") ||
             is_name(name, name_len, "x-ratelimit-reset"))
        note_reset(hint, reset_seconds(number, wall_now_us));
}
