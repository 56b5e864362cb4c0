#ifndef BULK_INVITE_SANDBOX_SANDBOX_LOG_H
#define BULK_INVITE_SANDBOX_SANDBOX_LOG_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/*
 * Every POST to the invite route, in order of arrival: the newest
 * SANDBOX_LOG_MAX of them. One thread at a time.
 */

#define SANDBOX_LOG_MAX ((size_t)100000)

struct sandbox_log_entry {
    int64_t at_us;     /* after the first one */
    const char *email; /* not owned, NULL when the body had none */
    int status;        /* 0: closed without an answer */
};

/* All zero is empty. */
struct sandbox_log {
    struct sandbox_log_entry *entries; /* a ring once it is full */
    size_t count;
    size_t size;   /* allocated */
    size_t oldest; /* of a full ring */
};

void sandbox_log_clear(struct sandbox_log *log);

/* What `entry` points to must live as long as the log. */
void sandbox_log_add(struct sandbox_log *log,
                     const struct sandbox_log_entry *entry);

/* An array of {"at_us", "status", "email"}. */
json_t *sandbox_log_json(const struct sandbox_log *log) MUST_CHECK;

#endif
