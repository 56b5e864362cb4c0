/*
 * The header lines of an answer. The first eight bytes are the wall clock; then
 * a line each.
 */
#include "base/clock.h"
#include "fuzz.h"
#include "send/reply_headers.h"
#include "send/retry_after.h"

static bool is_within(int64_t number, int64_t max)
{
    return number >= -1 && number <= max;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t day_us = 24 * 3600 * US_PER_S;
    const char *at = (const char *)data + sizeof(int64_t);
    const char *end = (const char *)data + size;
    struct reply_headers headers;
    int64_t wall_now_us;

    if (size < sizeof(wall_now_us))
        return 0;
    memcpy(&wall_now_us, data, sizeof(wall_now_us));
    reply_headers_reset(&headers);
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((line_end ? line_end + 1 : end) - at);
        reply_headers_add(&headers, at, len, wall_now_us);
        require(is_within(headers.wish.retry_after_us, RETRY_AFTER_MAX_US));
        require(is_within(headers.wish.quota.remaining, 1000000));
        require(is_within(headers.wish.quota.reset_us, day_us));
        require(is_within(headers.wish.quota.limit, 1000000));
        require(is_within(headers.wish.quota.window_us, day_us));
        at += len;
    }
    return 0;
}
