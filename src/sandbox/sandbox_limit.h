#ifndef BULK_INVITE_SANDBOX_SANDBOX_LIMIT_H
#define BULK_INVITE_SANDBOX_SANDBOX_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

/*
 * The limits that servers put on requests. Pure: the caller says what time it
 * is. One thread at a time.
 */

#define SANDBOX_LIMIT_MAX UINT32_C(1000000) /* of count and burst */

/* A refused request counts for none of them. */
enum sandbox_limit_kind {
    SANDBOX_LIMIT_BUCKET,     /* a token bucket of `burst`, full at first */
    SANDBOX_LIMIT_FIXED,      /* `count` in each window; windows follow one
                                 another from the first request on */
    SANDBOX_LIMIT_SLIDING,    /* `count` in any stretch of `per_us` */
    SANDBOX_LIMIT_CONCURRENT, /* `max_concurrent` being worked on at once */
};

struct sandbox_limit_options {
    enum sandbox_limit_kind kind;
    uint32_t count; /* 0: bucket, fixed and sliding have no limit */
    int64_t per_us;
    uint32_t burst;          /* 0: one second's worth, at least 1 */
    uint32_t max_concurrent; /* 0: concurrent has no limit */
};

struct sandbox_limit {
    struct sandbox_limit_options options;
    uint32_t in_work; /* admitted and not yet answered, whatever the kind */

    /* bucket: tokens in units of 1/per_us, which keeps them whole numbers */
    int64_t level;
    int64_t filled_at_us;

    /* fixed */
    bool is_window_open;
    int64_t window_start_us;
    uint32_t used;

    /* sliding: a ring of `count`, the admitted of the last per_us */
    int64_t *admitted_us;
    uint32_t oldest;
    uint32_t admitted;
};

/* What a server could tell of its limit. */
struct sandbox_limit_state {
    bool is_limited;    /* false: none of the others counts */
    uint32_t limit;     /* count or max_concurrent */
    uint32_t remaining; /* requests that would be admitted now */
    int64_t window_us;  /* 0: concurrent, which has none */
    int64_t reset_us;   /* until there is more: fixed: the window's end;
                           sliding: the oldest leaves (as `limits` under
                           FastAPI's slowapi has it); bucket: full again (as
                           redis-cell has it). 0: concurrent */
    int64_t retry_us;   /* until one would be admitted, 0: now */
};

void sandbox_limit_init(struct sandbox_limit *limit,
                        const struct sandbox_limit_options *options,
                        int64_t now_us);
void sandbox_limit_clear(struct sandbox_limit *limit);

/* Another limit starts afresh, as after a deployment; the same one goes on.
 * Requests being worked on stay counted. */
void sandbox_limit_change(struct sandbox_limit *limit,
                          const struct sandbox_limit_options *options,
                          int64_t now_us);

/* True: this request is admitted; sandbox_limit_done() must follow when its
 * answer is given. */
bool sandbox_limit_take(struct sandbox_limit *limit, int64_t now_us) MUST_CHECK;
void sandbox_limit_done(struct sandbox_limit *limit);

struct sandbox_limit_state sandbox_limit_state(struct sandbox_limit *limit,
                                               int64_t now_us);

/* The bucket's size. */
uint32_t sandbox_limit_burst(const struct sandbox_limit_options *options);

#endif
