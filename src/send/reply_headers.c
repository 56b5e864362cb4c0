#include "send/reply_headers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "send/retry_after.h"

/* A longer line is none of those that count here. */
#define LINE_SIZE 512

#define NUMBER_MOST    (INT64_MAX / 4) /* can be calculated with */
#define REMAINING_MOST INT64_C(1000000)
#define LIMIT_MOST     INT64_C(1000000)
#define RESET_MOST_S   INT64_C(86400)
#define EPOCH_ABOVE    INT64_C(1000000000)
#define EPOCH_MS_ABOVE INT64_C(100000000000) /* some count milliseconds */

void reply_headers_reset(struct reply_headers *headers)
{
    *headers = (struct reply_headers){.wish = SERVER_WISH_NONE};
}

/* The whole number that a text begins with, -1 when there is none: "1.5" is no
 * whole number, "5, 5;w=60" is one and more. */
static int64_t read_number(const char *text)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    int64_t number = strtoll(text, &end, 10);
    if (*end == '.')
        return -1;
    return number < NUMBER_MOST ? number : NUMBER_MOST;
}

static void note_remaining(struct quota_hint *hint, int64_t remaining)
{
    if (remaining > REMAINING_MOST)
        remaining = REMAINING_MOST;
    if (remaining >= 0 && (hint->remaining < 0 || remaining < hint->remaining))
        hint->remaining = remaining;
}

static void note_reset(struct quota_hint *hint, int64_t reset_s)
{
    if (reset_s > RESET_MOST_S)
        reset_s = RESET_MOST_S;
    if (reset_s >= 0 && reset_s * US_PER_S > hint->reset_us)
        hint->reset_us = reset_s * US_PER_S;
}

static void note_policy(struct quota_hint *hint, int64_t limit,
                        int64_t window_s)
{
    if (limit <= 0 || limit > LIMIT_MOST || window_s <= 0 ||
        window_s > RESET_MOST_S)
        return;
    int64_t window_us = window_s * US_PER_S;
    if (hint->limit >= 0 && limit * hint->window_us >= hint->limit * window_us)
        return;
    hint->limit = limit;
    hint->window_us = window_us;
}

/* The number of parameter `key` in "x;key=12", -1 when it is not there. */
static int64_t parameter(const char *item, const char *key)
{
    size_t key_len = strlen(key);
    for (const char *at = item; *at; at += strcspn(at, "; ")) {
        at += strspn(at, "; ");
        if (strncasecmp(at, key, key_len) == 0 && at[key_len] == '=')
            return read_number(at + key_len + 1);
    }
    return -1;
}

/* A list of quotas or policies. */
static void read_list(struct quota_hint *hint, char *list)
{
    char *item;
    while ((item = strsep(&list, ",")) != NULL) {
        item += strspn(item, " ");
        int64_t remaining = parameter(item, "r");
        int64_t limit = parameter(item, "q");
        if (remaining >= 0 &&
            (hint->remaining < 0 || remaining < hint->remaining)) {
            hint->remaining = -1;
            hint->reset_us = -1;
            note_remaining(hint, remaining);
            note_reset(hint, parameter(item, "t"));
        }
        note_policy(hint, limit >= 0 ? limit : read_number(item),
                    parameter(item, "w"));
        note_remaining(hint, parameter(item, "remaining"));
        note_reset(hint, parameter(item, "reset"));
    }
}

/* `name` is what follows "RateLimit". */
static void read_ratelimit(struct quota_hint *hint, const char *name,
                           char *value, int64_t wall_now_us)
{
    int64_t number = read_number(value);
    if (strcasecmp(name, "-remaining") == 0) {
        note_remaining(hint, number);
    } else if (strcasecmp(name, "-reset") == 0) {
        if (number > EPOCH_MS_ABOVE)
            number /= 1000;
        if (number > EPOCH_ABOVE) {
            number -= wall_now_us / US_PER_S;
            number = number > 0 ? number : 0;
        }
        note_reset(hint, number);
    } else if (*name == '\0' || strcasecmp(name, "-policy") == 0 ||
               strcasecmp(name, "-limit") == 0) {
        read_list(hint, value);
    }
}

static bool takes_prefix(char **name, const char *prefix)
{
    size_t len = strlen(prefix);
    if (strncasecmp(*name, prefix, len) != 0)
        return false;
    *name += len;
    return true;
}

static void read_line(struct reply_headers *headers, char *name, char *value,
                      int64_t wall_now_us)
{
    int64_t *retry_after_us = &headers->wish.retry_after_us;
    if (strcasecmp(name, "retry-after") == 0) {
        *retry_after_us = -1;
        retry_after_parse(value, strlen(value), wall_now_us, retry_after_us);
    } else if (strcasecmp(name, "x-render-routing") == 0) {
        headers->is_edge_refusal = strcasecmp(value, "no-server") == 0;
    } else {
        takes_prefix(&name, "x-");
        if (takes_prefix(&name, "ratelimit"))
            read_ratelimit(&headers->wish.quota, name, value, wall_now_us);
    }
}

void reply_headers_add(struct reply_headers *headers, const char *line,
                       size_t len, int64_t wall_now_us)
{
    char text[LINE_SIZE];
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        reply_headers_reset(headers);
        return;
    }
    /* All that count begin so: most lines end here. */
    if (len == 0 || len >= sizeof(text) || !strchr("RrXx", *line))
        return;
    memcpy(text, line, len);
    text[len] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    char *value = strchr(text, ':');
    if (!value)
        return;
    *value++ = '\0';
    value += strspn(value, " \t");
    char *end = value + strlen(value);
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
    read_line(headers, text, value, wall_now_us);
}
