#ifndef BULK_INVITE_SANDBOX_SANDBOX_API_H
#define BULK_INVITE_SANDBOX_SANDBOX_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/sandbox_faults.h"
#include "sandbox/sandbox_people.h"

/*
 * The API itself: a request in, an answer out. Knows the contract and FastAPI's
 * shapes, nothing of connections. Pure but for the memory of who was invited;
 * one thread at a time.
 *
 *   POST /v1/organizations/{organization}/members/invite
 *   GET  /_sandbox/invites     what the sandbox has seen, as JSON
 */

#define SANDBOX_BODY_CAP ((size_t)64 * 1024)

struct sandbox_api_options {
    const char *token;        /* NULL: none is asked for */
    char *const *known_roles; /* NULL-terminated, or NULL: every role */
    struct sandbox_fault_options faults;
};

struct sandbox_api {
    const struct sandbox_api_options *options;
    struct sandbox_people people;
    struct sandbox_faults faults;
    uint64_t posts; /* that reached the invite route */
};

/* Headers are NULL where the request has none. */
struct sandbox_request {
    const char *method;
    const char *path; /* percent-decoded, without the query */
    const char *host;
    const char *authorization;
    const char *content_type;
    const char *idempotency_key;
    const char *body;
    size_t body_len;
    bool is_body_cut; /* it was longer than SANDBOX_BODY_CAP */
    int64_t now_us;   /* monotonic */
    int64_t wall_us;
};

struct sandbox_reply {
    int status;
    char *body;              /* JSON, or NULL for none */
    const char *header_name; /* one more header, or NULL; static */
    char *header_value;
    bool is_delayed; /* the latency applies to it */
    bool is_dropped; /* to be closed without an answer */
};

/* `options` must live as long as `api`. */
void sandbox_api_init(struct sandbox_api *api,
                      const struct sandbox_api_options *options,
                      int64_t now_us);
void sandbox_api_clear(struct sandbox_api *api);

/* Fills `reply`; end it with sandbox_reply_clear(). */
void sandbox_api_answer(struct sandbox_api *api,
                        const struct sandbox_request *request,
                        struct sandbox_reply *reply);
void sandbox_reply_clear(struct sandbox_reply *reply);

#endif
