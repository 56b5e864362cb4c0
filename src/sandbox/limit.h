#ifndef BULK_INVITE_SANDBOX_LIMIT_H
#define BULK_INVITE_SANDBOX_LIMIT_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

/*
 * The limits that servers put on requests, and what answers tell of them.
 * Pure: the caller says what time it is.
 */
#define LIMIT_MAX INT64_C(1000000) /* of count and burst */

/* A refused request counts for none of them. */
enum limit_kind {
    LIMIT_BUCKET,     /* a token bucket of `burst`, full at first */
    LIMIT_FIXED,      /* `count` in each window; windows follow one another
                         from the first request on */
    LIMIT_SLIDING,    /* `count` in any stretch of `per_us` */
    LIMIT_CONCURRENT, /* `max_concurrent` being worked on at once */
};

enum limit_headers {
    LIMIT_HEADERS_NONE,
    LIMIT_HEADERS_RETRY_AFTER,   /* on a refusal; the ones below have it too */
    LIMIT_HEADERS_RATELIMIT,     /* draft-ietf-httpapi-ratelimit-headers-08 and
                                    later */
    LIMIT_HEADERS_RATELIMIT_OLD, /* the same up to -06 */
    LIMIT_HEADERS_X_RATELIMIT,   /* with the reset as an epoch time */
};

struct limit_options { /* int64_t only, see struct settings */
    int64_t kind;      /* enum limit_kind */
    int64_t count;     /* 0: only concurrent has a limit */
    int64_t per_us;
    int64_t burst;          /* 0: one second's worth, at least 1 */
    int64_t max_concurrent; /* 0: concurrent has no limit */
};

/* All zero has no limit. */
struct limit {
    struct limit_options options;
    int64_t in_work;  /* admitted and not yet answered, whatever the kind; the
                         caller takes off who is answered */
    int64_t since_us; /* bucket: the level is of then; fixed: the window's
                         start, 0 before the first */
    int64_t level;    /* bucket: tokens, in units of 1/per_us */
    int64_t used;     /* fixed, sliding: admitted in the window */
    int64_t *admitted_us; /* sliding: when, a ring of `count` */
    int64_t oldest;       /* in that ring */
};

/* What a server could tell of its limit. */
struct limit_state {
    int64_t limit;     /* count or max_concurrent; 0: there is none, and nothing
                          to tell */
    int64_t remaining; /* requests that would be admitted now */
    int64_t window_us; /* 0: concurrent, which has none */
    int64_t reset_us;  /* until the window ends; the oldest leaves (sliding, as
                          FastAPI's slowapi has it); the bucket is full (as
                          redis-cell has it) */
    int64_t retry_us;  /* until one would be admitted, 0: now */
};

/* Another limit starts afresh, as after a deployment; the same one goes on.
 * Requests being worked on stay counted. */
void limit_set(struct limit *limit, const struct limit_options *options,
               int64_t now_us);
void limit_clear(struct limit *limit);

/* True: this request is admitted, and in work. */
bool limit_take(struct limit *limit, int64_t now_us) MUST_CHECK;

struct limit_state limit_state(struct limit *limit, int64_t now_us);

/* The bucket's size. */
int64_t limit_burst(const struct limit_options *options);

/* Adds the headers to an answer; `is_refused`: the limit is why it is a 429.
 * Seconds are rounded up, so that who waits that long is never early. */
void limit_tell(const struct limit_state *state, enum limit_headers headers,
                bool is_refused, int64_t wall_us,
                struct MHD_Response *response);

#endif
