#ifndef BULK_INVITE_SEND_REPLY_HEADERS_H
#define BULK_INVITE_SEND_REPLY_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the engine needs of an answer's header lines: how long to wait, what is
 * left of a quota, and whose answer it is. Pure; any bytes are accepted,
 * nonsense is ignored, extremes are capped at a day and a million.
 */

/*
 * A quota, in any of the forms in use:
 *   RateLimit: "policy";r=50;t=30            (IETF draft 8 and later)
 *   RateLimit-Policy: "policy";q=100;w=60    (also "100;w=60")
 *   RateLimit: limit=100, remaining=50, reset=30   (drafts 3 to 7)
 *   RateLimit-Remaining: 50, RateLimit-Reset: 30   (drafts 0 to 2)
 *   X-RateLimit-Remaining, X-RateLimit-Reset: seconds, or an epoch time above
 *   10^9
 * Of several statements the most restrictive counts.
 */
struct quota_hint {
    int64_t remaining; /* requests left, -1: not said */
    int64_t reset_us;  /* until there are more, -1: not said */
    int64_t limit;     /* the policy: so many, -1: not said ... */
    int64_t window_us; /* ... in so long */
};

#define QUOTA_HINT_NONE ((struct quota_hint){-1, -1, -1, -1})

/* What a server asks for along with an answer. */
struct server_wish {
    int64_t retry_after_us; /* -1: nothing; 0 counts as nothing */
    struct quota_hint quota;
};

#define SERVER_WISH_NONE ((struct server_wish){-1, QUOTA_HINT_NONE})

struct reply_headers {
    struct server_wish wish;
    bool is_edge_refusal; /* Render: x-render-routing: no-server */
};

void reply_headers_reset(struct reply_headers *headers);

/* One header line as it came, with its line end. A status line starts anew
 * (after a 1xx). `wall_now_us` is what dates are counted from. */
void reply_headers_add(struct reply_headers *headers, const char *line,
                       size_t len, int64_t wall_now_us);

#endif
