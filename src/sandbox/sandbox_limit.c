#include "sandbox/sandbox_limit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"

/* A slot comes free when somebody's answer goes out, nobody knows when. */
#define CONCURRENT_RETRY_US US_PER_S

uint32_t sandbox_limit_burst(const struct sandbox_limit_options *options)
{
    if (options->burst > 0)
        return options->burst;
    if (options->count == 0)
        return 1;
    int64_t per_s = options->count * US_PER_S / options->per_us;
    return per_s > 1 ? (uint32_t)per_s : 1;
}

static int64_t full_level(const struct sandbox_limit *limit)
{
    return sandbox_limit_burst(&limit->options) * limit->options.per_us;
}

static void start(struct sandbox_limit *limit, int64_t now_us)
{
    limit->level = full_level(limit);
    limit->filled_at_us = now_us;
    if (limit->options.kind == SANDBOX_LIMIT_SLIDING &&
        limit->options.count > 0)
        limit->admitted_us =
            xcalloc(limit->options.count, sizeof *limit->admitted_us);
}

void sandbox_limit_init(struct sandbox_limit *limit,
                        const struct sandbox_limit_options *options,
                        int64_t now_us)
{
    *limit = (struct sandbox_limit){.options = *options};
    start(limit, now_us);
}

void sandbox_limit_clear(struct sandbox_limit *limit)
{
    free(limit->admitted_us);
    *limit = (struct sandbox_limit){0};
}

static bool is_same(const struct sandbox_limit_options *a,
                    const struct sandbox_limit_options *b)
{
    return a->kind == b->kind && a->count == b->count &&
           a->per_us == b->per_us && a->burst == b->burst &&
           a->max_concurrent == b->max_concurrent;
}

void sandbox_limit_change(struct sandbox_limit *limit,
                          const struct sandbox_limit_options *options,
                          int64_t now_us)
{
    uint32_t in_work = limit->in_work;

    if (is_same(&limit->options, options))
        return;
    sandbox_limit_clear(limit);
    sandbox_limit_init(limit, options, now_us);
    limit->in_work = in_work;
}

static int64_t divided_up(int64_t value, int64_t by)
{
    return (value + by - 1) / by;
}

/* Each kind has one function: brings the limit up to `now_us` and says how it
 * stands. Admitting is then the same for all. */

static void bucket_state(struct sandbox_limit *limit, int64_t now_us,
                         struct sandbox_limit_state *state)
{
    int64_t per_us = limit->options.per_us;
    int64_t count = limit->options.count;
    int64_t elapsed_us = now_us - limit->filled_at_us;
    int64_t missing = full_level(limit) - limit->level;

    if (elapsed_us > missing / count)
        limit->level += missing;
    else
        limit->level += elapsed_us * count;
    limit->filled_at_us = now_us;
    state->remaining = (uint32_t)(limit->level / per_us);
    state->reset_us = divided_up(full_level(limit) - limit->level, count);
    if (state->remaining == 0)
        state->retry_us = divided_up(per_us - limit->level, count);
}

static void fixed_state(struct sandbox_limit *limit, int64_t now_us,
                        struct sandbox_limit_state *state)
{
    int64_t per_us = limit->options.per_us;

    if (limit->is_window_open) {
        int64_t windows = (now_us - limit->window_start_us) / per_us;
        limit->window_start_us += windows * per_us;
        if (windows > 0)
            limit->used = 0;
        state->reset_us = limit->window_start_us + per_us - now_us;
    } else {
        state->reset_us = per_us;
    }
    state->remaining = limit->options.count - limit->used;
    if (state->remaining == 0)
        state->retry_us = state->reset_us;
}

static void sliding_state(struct sandbox_limit *limit, int64_t now_us,
                          struct sandbox_limit_state *state)
{
    int64_t per_us = limit->options.per_us;
    uint32_t count = limit->options.count;

    while (limit->admitted > 0 &&
           limit->admitted_us[limit->oldest] <= now_us - per_us) {
        limit->oldest = (limit->oldest + 1) % count;
        limit->admitted--;
    }
    state->remaining = count - limit->admitted;
    if (limit->admitted > 0)
        state->reset_us = limit->admitted_us[limit->oldest] + per_us - now_us;
    if (state->remaining == 0)
        state->retry_us = state->reset_us;
}

static void concurrent_state(const struct sandbox_limit *limit,
                             struct sandbox_limit_state *state)
{
    uint32_t max = limit->options.max_concurrent;

    state->is_limited = max > 0;
    state->limit = max;
    state->window_us = 0;
    /* More than that may be at work when the limit came later than they. */
    state->remaining = limit->in_work < max ? max - limit->in_work : 0;
    if (state->remaining == 0)
        state->retry_us = CONCURRENT_RETRY_US;
}

struct sandbox_limit_state sandbox_limit_state(struct sandbox_limit *limit,
                                               int64_t now_us)
{
    struct sandbox_limit_state state = {
        .is_limited = limit->options.count > 0,
        .limit = limit->options.count,
        .window_us = limit->options.per_us,
    };

    if (limit->options.kind == SANDBOX_LIMIT_CONCURRENT)
        concurrent_state(limit, &state);
    else if (!state.is_limited)
        return state;
    else if (limit->options.kind == SANDBOX_LIMIT_FIXED)
        fixed_state(limit, now_us, &state);
    else if (limit->options.kind == SANDBOX_LIMIT_SLIDING)
        sliding_state(limit, now_us, &state);
    else
        bucket_state(limit, now_us, &state);
    return state;
}

static void count_one(struct sandbox_limit *limit, int64_t now_us)
{
    uint32_t count = limit->options.count;

    switch (limit->options.kind) {
    case SANDBOX_LIMIT_BUCKET:
        limit->level -= limit->options.per_us;
        break;
    case SANDBOX_LIMIT_FIXED:
        if (!limit->is_window_open)
            limit->window_start_us = now_us;
        limit->is_window_open = true;
        limit->used++;
        break;
    case SANDBOX_LIMIT_SLIDING:
        limit->admitted_us[(limit->oldest + limit->admitted) % count] = now_us;
        limit->admitted++;
        break;
    case SANDBOX_LIMIT_CONCURRENT:
        break; /* in_work is the count */
    }
}

bool sandbox_limit_take(struct sandbox_limit *limit, int64_t now_us)
{
    struct sandbox_limit_state state = sandbox_limit_state(limit, now_us);

    if (state.is_limited) {
        if (state.remaining == 0)
            return false;
        count_one(limit, now_us);
    }
    limit->in_work++;
    return true;
}

void sandbox_limit_done(struct sandbox_limit *limit)
{
    limit->in_work--;
}
