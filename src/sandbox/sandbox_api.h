#ifndef BULK_INVITE_SANDBOX_SANDBOX_API_H
#define BULK_INVITE_SANDBOX_SANDBOX_API_H

#include <stdint.h>

#include "sandbox/sandbox_faults.h"
#include "sandbox/sandbox_log.h"
#include "sandbox/sandbox_people.h"
#include "sandbox/sandbox_reply.h"

/*
 * The API itself: a request in, an answer out. Knows the contract and FastAPI's
 * shapes, nothing of connections. Pure but for the memory of who was invited;
 * one thread at a time.
 *
 *   POST /v1/organizations/{organization}/members/invite
 *   /_sandbox/...     what the sandbox itself has to say, see sandbox_control
 */

struct sandbox_api_options {
    const char *token;        /* NULL: none is asked for */
    char *const *known_roles; /* NULL-terminated, or NULL: every role */
    struct sandbox_fault_options faults;
};

struct sandbox_api {
    const struct sandbox_api_options *options;
    struct sandbox_people people;
    struct sandbox_faults faults;
    struct sandbox_log log;
    uint64_t posts; /* that reached the invite route */
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

/* The answer goes out, or nobody waits for it any more: the request is not
 * being worked on any longer. Must follow sandbox_api_answer(); twice is
 * fine. */
void sandbox_api_answered(struct sandbox_api *api, struct sandbox_reply *reply);

#endif
