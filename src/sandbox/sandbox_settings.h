#ifndef BULK_INVITE_SANDBOX_SANDBOX_SETTINGS_H
#define BULK_INVITE_SANDBOX_SANDBOX_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/strbuf.h"
#include "sandbox/sandbox_limit.h"
#include "sandbox/sandbox_limit_headers.h"

/*
 * How the sandbox behaves, as far as it can change while it runs: from a flag,
 * a line of a script or POST /_sandbox/config, which all write a setting the
 * same way. Plain data.
 */
struct sandbox_settings {
    struct sandbox_limit_options limit;
    enum sandbox_limit_headers limit_headers;
    int64_t latency_us;
    int64_t slow_start_us; /* above 0: asleep until the next request */
    uint32_t fail_share;   /* in millionths, as sandbox_value_share() */
    uint32_t drop_share;
    int fail_status;
    bool is_outage;
};

/* What holds when nothing else is said. */
struct sandbox_settings sandbox_settings_default(void);

/* Sets one of them; "-" and "_" in `name` are the same. True when done, else
 * `objection` (not NULL) has got the words: `name wants ..., not "text"`. */
bool sandbox_settings_set(struct sandbox_settings *settings, const char *name,
                          const char *text,
                          struct strbuf *objection) MUST_CHECK;

/* The same for what sandbox_settings_set() has taken once. */
void sandbox_settings_apply(struct sandbox_settings *settings, const char *name,
                            const char *text);

/* All of them as an object, each as it may be set. */
json_t *
sandbox_settings_json(const struct sandbox_settings *settings) MUST_CHECK;

#endif
