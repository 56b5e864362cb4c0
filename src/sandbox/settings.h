#ifndef BULK_INVITE_SANDBOX_SETTINGS_H
#define BULK_INVITE_SANDBOX_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "sandbox/limit.h"

/*
 * How the sandbox behaves, as far as a number says it. One table of settings
 * serves flags, scripts and POST /_sandbox/config. Plain data.
 */
#define SHARE_ALL INT64_C(1000000)

struct settings { /* int64_t only: the table points into it */
    struct limit_options limit;
    int64_t limit_headers; /* enum limit_headers */
    int64_t latency_us;
    int64_t slow_start_us; /* above 0: asleep until the next request */
    int64_t fail_share;    /* of SHARE_ALL */
    int64_t fail_status;
    int64_t drop_share;
    int64_t outage_until_us; /* after the first request, 0: none */
    int64_t port;            /* from here on: only at the start */
    int64_t fail_first;
    int64_t seed;
};

#define SETTINGS_DEFAULT                                                \
    {                                                                   \
        .limit_headers = LIMIT_HEADERS_RETRY_AFTER, .fail_status = 503, \
    }

/* A setting and what it becomes, at a time after the first request. */
struct change {
    int64_t at_us;
    const struct setting *setting;
    int64_t values[2];
};

/* Their flags, from 0 on; NULL when there are no more. */
const char *settings_flag(size_t nth);

/* Reads what a setting is to be, by its flag ("rate-limit", `is_start`) or,
 * when it may change later, its key ("rate_limit"). ERROR_USAGE: `name wants
 * ..., not "text"`, or no such setting. */
enum error_kind change_read(struct change *change, const char *name,
                            const char *text, bool is_start,
                            struct error *err) MUST_CHECK;

/* An outage until the end of another goes on until the later of the two. */
void change_apply(const struct change *change, struct settings *settings);

/* All that may change later as an object, each as it may be set. */
json_t *settings_json(const struct settings *settings) MUST_CHECK;

/* "200ms", "2s", "1m", "1h": up to `max_us`, or false. */
bool settings_read_time(const char *text, int64_t max_us,
                        int64_t *value_us) MUST_CHECK;

#endif
