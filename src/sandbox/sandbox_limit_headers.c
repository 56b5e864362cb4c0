#include "sandbox/sandbox_limit_headers.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/attributes.h"
#include "base/clock.h"

static int64_t whole_seconds(int64_t us)
{
    return (us + US_PER_S - 1) / US_PER_S;
}

PRINTF_LIKE(3, 4)
static void add(struct sandbox_reply *reply, const char *name,
                const char *format, ...)
{
    char value[96];
    va_list args;

    va_start(args, format);
    vsnprintf(value, sizeof value, format, args);
    va_end(args);
    sandbox_reply_header(reply, name, value);
}

static void add_current(struct sandbox_reply *reply,
                        const struct sandbox_limit_state *state)
{
    if (state->window_us > 0) {
        add(reply, "RateLimit-Policy", "\"default\";q=%" PRIu32 ";w=%" PRId64,
            state->limit, whole_seconds(state->window_us));
        add(reply, "RateLimit", "\"default\";r=%" PRIu32 ";t=%" PRId64,
            state->remaining, whole_seconds(state->reset_us));
    } else {
        add(reply, "RateLimit-Policy",
            "\"default\";q=%" PRIu32 ";qu=\"concurrent-requests\"",
            state->limit);
        add(reply, "RateLimit", "\"default\";r=%" PRIu32, state->remaining);
    }
}

static void add_old(struct sandbox_reply *reply,
                    const struct sandbox_limit_state *state)
{
    add(reply, "RateLimit-Limit", "%" PRIu32, state->limit);
    add(reply, "RateLimit-Remaining", "%" PRIu32, state->remaining);
    if (state->window_us > 0)
        add(reply, "RateLimit-Reset", "%" PRId64,
            whole_seconds(state->reset_us));
}

static void add_x(struct sandbox_reply *reply,
                  const struct sandbox_limit_state *state, int64_t wall_us)
{
    add(reply, "X-RateLimit-Limit", "%" PRIu32, state->limit);
    add(reply, "X-RateLimit-Remaining", "%" PRIu32, state->remaining);
    if (state->window_us > 0)
        add(reply, "X-RateLimit-Reset", "%" PRId64,
            whole_seconds(wall_us + state->reset_us));
}

void sandbox_limit_headers_add(struct sandbox_reply *reply,
                               enum sandbox_limit_headers headers,
                               const struct sandbox_limit_state *state,
                               bool is_refused, int64_t wall_us)
{
    if (!state->is_limited || headers == SANDBOX_HEADERS_NONE)
        return;
    if (headers == SANDBOX_HEADERS_RATELIMIT)
        add_current(reply, state);
    else if (headers == SANDBOX_HEADERS_RATELIMIT_OLD)
        add_old(reply, state);
    else if (headers == SANDBOX_HEADERS_X_RATELIMIT)
        add_x(reply, state, wall_us);
    if (is_refused)
        add(reply, "Retry-After", "%" PRId64, whole_seconds(state->retry_us));
}
