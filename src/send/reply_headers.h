#ifndef BULK_INVITE_SEND_REPLY_HEADERS_H
#define BULK_INVITE_SEND_REPLY_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "send/ratelimit_headers.h"

/*
 * What the engine needs of an answer's header lines, and the marks by which
 * gateways betray that an answer is theirs. Pure; any bytes are accepted.
 */
struct reply_headers {
    int64_t retry_after_us; /* -1: none or nonsense */
    struct quota_hint quota;
    bool is_edge_refusal; /* Render: x-render-routing: no-server */
};

void reply_headers_reset(struct reply_headers *headers);

/* One header line as it came, with its line end. A status line starts anew
 * (after a 1xx). `wall_now_us` is for dates in Retry-After. */
void reply_headers_add(struct reply_headers *headers, const char *line,
                       size_t len, int64_t wall_now_us);

/* Does a 503's body look like that of a proxy that had passed the request on
 * (Envoy "upstream ...", Varnish "Guru Meditation", Heroku's error page)? */
bool reply_body_has_gateway_mark(const char *body, size_t len);

#endif
