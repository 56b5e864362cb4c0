#include "sandbox/limit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

/* A slot comes free when somebody's answer goes out, nobody knows when. */
#define CONCURRENT_RETRY_US US_PER_S

int64_t limit_burst(const struct limit_options *options)
{
    int64_t per_s =
        options->count ? options->count * US_PER_S / options->per_us : 0;

    if (options->burst > 0)
        return options->burst;
    return per_s > 1 ? per_s : 1;
}

void limit_set(struct limit *limit, const struct limit_options *options,
               int64_t now_us)
{
    if (memcmp(&limit->options, options, sizeof(*options)) == 0)
        return;
    free(limit->admitted_us);
    *limit = (struct limit){.options = *options, .in_work = limit->in_work};
    if (options->kind == LIMIT_BUCKET) {
        limit->level = limit_burst(options) * options->per_us;
        limit->since_us = now_us;
    } else if (options->kind == LIMIT_SLIDING && options->count > 0) {
        limit->admitted_us =
            xcalloc((size_t)options->count, sizeof(*limit->admitted_us));
    }
}

void limit_clear(struct limit *limit)
{
    free(limit->admitted_us);
    *limit = (struct limit){0};
}

static int64_t divided_up(int64_t value, int64_t by)
{
    return (value + by - 1) / by;
}

/* Each kind has one function: brings the limit up to `now_us` and says how it
 * stands. Admitting is then the same for all. */

static void bucket_state(struct limit *limit, int64_t now_us,
                         struct limit_state *state)
{
    int64_t per_us = limit->options.per_us;
    int64_t count = limit->options.count;
    int64_t elapsed_us = now_us - limit->since_us;
    int64_t missing = limit_burst(&limit->options) * per_us - limit->level;
    int64_t more = elapsed_us > missing / count ? missing : elapsed_us * count;

    limit->level += more;
    limit->since_us = now_us;
    state->remaining = limit->level / per_us;
    state->reset_us = divided_up(missing - more, count);
    state->retry_us = divided_up(per_us - limit->level, count);
}

static void fixed_state(struct limit *limit, int64_t now_us,
                        struct limit_state *state)
{
    int64_t per_us = limit->options.per_us;

    state->reset_us = per_us;
    if (limit->since_us > 0) {
        int64_t windows = (now_us - limit->since_us) / per_us;
        limit->since_us += windows * per_us;
        if (windows > 0)
            limit->used = 0;
        state->reset_us = limit->since_us + per_us - now_us;
    }
    state->remaining = limit->options.count - limit->used;
    state->retry_us = state->reset_us;
}

static void sliding_state(struct limit *limit, int64_t now_us,
                          struct limit_state *state)
{
    int64_t start_us = now_us - limit->options.per_us;
    int64_t count = limit->options.count;

    while (limit->used > 0 && limit->admitted_us[limit->oldest] <= start_us) {
        limit->oldest = (limit->oldest + 1) % count;
        limit->used--;
    }
    state->remaining = count - limit->used;
    if (limit->used > 0)
        state->reset_us = limit->admitted_us[limit->oldest] - start_us;
    state->retry_us = state->reset_us;
}

static void concurrent_state(const struct limit *limit,
                             struct limit_state *state)
{
    int64_t max = limit->options.max_concurrent;

    state->limit = max;
    state->window_us = 0;
    /* More than that may be at work when the limit came later than they. */
    state->remaining = limit->in_work < max ? max - limit->in_work : 0;
    state->retry_us = CONCURRENT_RETRY_US;
}

struct limit_state limit_state(struct limit *limit, int64_t now_us)
{
    struct limit_state state = {
        .limit = limit->options.count,
        .window_us = limit->options.per_us,
    };

    if (limit->options.kind == LIMIT_CONCURRENT)
        concurrent_state(limit, &state);
    else if (state.limit == 0)
        return state;
    else if (limit->options.kind == LIMIT_FIXED)
        fixed_state(limit, now_us, &state);
    else if (limit->options.kind == LIMIT_SLIDING)
        sliding_state(limit, now_us, &state);
    else
        bucket_state(limit, now_us, &state);
    if (state.remaining > 0)
        state.retry_us = 0;
    return state;
}

bool limit_take(struct limit *limit, int64_t now_us)
{
    struct limit_state state = limit_state(limit, now_us);
    const struct limit_options *options = &limit->options;

    if (state.limit > 0 && state.remaining == 0)
        return false;
    limit->in_work++;
    if (state.limit == 0 || options->kind == LIMIT_CONCURRENT)
        return true;
    if (options->kind == LIMIT_BUCKET)
        limit->level -= options->per_us;
    else if (options->kind == LIMIT_SLIDING)
        limit->admitted_us[(limit->oldest + limit->used) % options->count] =
            now_us;
    else if (limit->since_us == 0)
        limit->since_us = now_us;
    limit->used++;
    return true;
}

PRINTF_LIKE(4, 5)
static void add(struct MHD_Response *response, const char *prefix,
                const char *name, const char *format, ...)
{
    char full_name[64];
    char value[96];
    va_list args;

    va_start(args, format);
    vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    snprintf(full_name, sizeof(full_name), "%s%s", prefix, name);
    MHD_add_response_header(response, full_name, value);
}

void limit_tell(const struct limit_state *state, enum limit_headers headers,
                bool is_refused, int64_t wall_us, struct MHD_Response *response)
{
    bool is_x = headers == LIMIT_HEADERS_X_RATELIMIT;
    bool has_window = state->window_us > 0;
    const char *prefix = is_x ? "X-RateLimit" : "RateLimit";
    long long limit = state->limit;
    long long left = state->remaining;
    long long reset_s =
        divided_up(state->reset_us + (is_x ? wall_us : 0), US_PER_S);

    if (state->limit == 0 || headers == LIMIT_HEADERS_NONE)
        return;
    if (headers == LIMIT_HEADERS_RATELIMIT && has_window) {
        add(response, prefix, "-Policy", "\"default\";q=%lld;w=%lld", limit,
            (long long)(state->window_us / US_PER_S));
        add(response, prefix, "", "\"default\";r=%lld;t=%lld", left, reset_s);
    } else if (headers == LIMIT_HEADERS_RATELIMIT) {
        add(response, prefix, "-Policy",
            "\"default\";q=%lld;qu=\"concurrent-requests\"", limit);
        add(response, prefix, "", "\"default\";r=%lld", left);
    } else if (headers != LIMIT_HEADERS_RETRY_AFTER) {
        add(response, prefix, "-Limit", "%lld", limit);
        add(response, prefix, "-Remaining", "%lld", left);
        if (has_window)
            add(response, prefix, "-Reset", "%lld", reset_s);
    }
    if (is_refused)
        add(response, "", "Retry-After", "%lld",
            (long long)divided_up(state->retry_us, US_PER_S));
}
