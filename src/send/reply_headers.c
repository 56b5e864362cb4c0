#include "send/reply_headers.h"

#include <strings.h>

#include "send/retry_after.h"

void reply_headers_reset(struct reply_headers *headers)
{
    *headers = (struct reply_headers){
        .retry_after_us = -1,
        .quota = QUOTA_HINT_NONE,
    };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void reply_headers_add(struct reply_headers *headers, const char *line,
                       size_t len, int64_t wall_now_us)
{
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        reply_headers_reset(headers);
        return;
    }
    const char *colon = memchr(line, ':', len);
    if (!colon)
        return;
    size_t name_len = (size_t)(colon - line);
    const char *value = colon + 1;
    const char *end = line + len;
    while (value < end && is_blank(*value))
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    size_t value_len = (size_t)(end - value);

    if (name_len == 11 && strncasecmp(line, "retry-after", 11) == 0) {
        if (!retry_after_parse(value, value_len, wall_now_us,
                               &headers->retry_after_us))
            headers->retry_after_us = -1;
    } else if (name_len == 16 &&
               strncasecmp(line, "x-render-routing", 16) == 0) {
        headers->is_edge_refusal =
            value_len == 9 && strncasecmp(value, "no-server", 9) == 0;
    } else {
        ratelimit_header_read(&headers->quota, line, name_len, value, value_len,
                              wall_now_us);
    }
}

bool reply_body_has_gateway_mark(const char *body, size_t len)
{
    static const char *const marks[] = {
        "upstream connect error",
        "upstream request timeout",
        "Guru Meditation",
        "herokucdn.com/error-pages",
    };
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
        if (memmem(body, len, marks[i], strlen(marks[i])))
            return true;
    return false;
}
