#ifndef BULK_INVITE_SANDBOX_SANDBOX_LIMIT_HEADERS_H
#define BULK_INVITE_SANDBOX_SANDBOX_LIMIT_HEADERS_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/sandbox_limit.h"
#include "sandbox/sandbox_reply.h"

/*
 * How an answer tells of the limit. Seconds are rounded up, so that who waits
 * that long is never early.
 */
enum sandbox_limit_headers {
    SANDBOX_HEADERS_NONE,
    SANDBOX_HEADERS_RETRY_AFTER, /* on a refusal; the ones below have it too */
    SANDBOX_HEADERS_RATELIMIT,   /* draft-ietf-httpapi-ratelimit-headers-08
                                    and later */
    SANDBOX_HEADERS_RATELIMIT_OLD, /* the same up to -06 */
    SANDBOX_HEADERS_X_RATELIMIT,   /* with the reset as an epoch time */
};

/* A limit of requests at once has no window, so its headers have no reset.
 * `is_refused`: the limit is why this answer is a 429. */
void sandbox_limit_headers_add(struct sandbox_reply *reply,
                               enum sandbox_limit_headers headers,
                               const struct sandbox_limit_state *state,
                               bool is_refused, int64_t wall_us);

#endif
