#ifndef BULK_INVITE_SANDBOX_API_H
#define BULK_INVITE_SANDBOX_API_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "sandbox/faults.h"
#include "sandbox/options.h"
#include "sandbox/seen.h"

/*
 * The API itself: a request in, an answer out. Knows the contract and FastAPI's
 * shapes, nothing of connections and time. One caller at a time.
 *
 *   POST /v1/organizations/{organization}/members/invite
 *
 * and, which no Almanac server has and no latency, limit or fault applies to:
 *
 *   GET  /_sandbox/invites     everybody a POST named, as JSON
 *   GET  /_sandbox/requests    the POSTs in order, as JSON
 *   GET  /_sandbox/config      the settings in force, as JSON
 *   POST /_sandbox/config      an object of settings to change: all or, with
 *                              422 and the reason, none
 */

#define API_BODY_CAP ((size_t)64 * 1024)

struct api {
    const struct options *options;
    struct seen seen;
    struct faults faults;
};

struct request {
    struct MHD_Connection *connection; /* asked for headers only */
    const char *method;
    const char *path; /* percent-decoded, without the query */
    const struct strbuf *body;
    int64_t now_us; /* monotonic */
    int64_t wall_us;
};

struct reply {
    struct MHD_Response *response;
    int status;
    int64_t answer_at_us; /* monotonic, not before; 0: at once */
    bool is_dropped;      /* to be closed without an answer */
    bool is_worked_on;    /* until api_answered() */
};

/* `options` must live as long as `api`. */
void api_init(struct api *api, const struct options *options);
void api_clear(struct api *api);

/* Fills `reply`; the caller destroys its response. */
void api_answer(struct api *api, const struct request *request,
                struct reply *reply);

/* To follow when the answer goes out: the request is worked on no longer. */
void api_answered(struct api *api, const struct reply *reply);

#endif
