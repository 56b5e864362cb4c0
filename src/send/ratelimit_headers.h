#ifndef BULK_INVITE_SEND_RATELIMIT_HEADERS_H
#define BULK_INVITE_SEND_RATELIMIT_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a server says of its quota, in any of the forms in use. Pure; nonsense
 * is ignored, extremes are capped at a day and a million.
 *
 *   RateLimit: "policy";r=50;t=30            (IETF draft 8 and later)
 *   RateLimit-Policy: "policy";q=100;w=60    (also "100;w=60")
 *   RateLimit: limit=100, remaining=50, reset=30   (drafts 3 to 7)
 *   RateLimit-Remaining: 50, RateLimit-Reset: 30   (drafts 0 to 2)
 *   X-RateLimit-Remaining, X-RateLimit-Reset: seconds, or an epoch time above
 *   10^9
 */
struct quota_hint {
    int64_t remaining; /* requests left, -1: not said */
    int64_t reset_us;  /* until there are more, -1: not said */
    int64_t limit;     /* the policy: so many, -1: not said ... */
    int64_t window_us; /* ... in so long */
};

#define QUOTA_HINT_NONE ((struct quota_hint){-1, -1, -1, -1})

/* Reads one header (name and value without blanks around). Of several
 * statements the most restrictive counts. */
void ratelimit_header_read(struct quota_hint *hint, const char *name,
                           size_t name_len, const char *value, size_t value_len,
                           int64_t wall_now_us);

#endif
