#ifndef BULK_INVITE_SANDBOX_SANDBOX_REPLY_H
#define BULK_INVITE_SANDBOX_SANDBOX_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One request and the answer to it, as the API sees them: HTTP without its
 * bytes.
 */

#define SANDBOX_BODY_CAP ((size_t)64 * 1024)
#define SANDBOX_HEADERS  6 /* the most an answer has beside Content-Type */

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

struct sandbox_header {
    const char *name; /* static */
    char *value;
};

struct sandbox_reply {
    int status;
    char *body; /* JSON, or NULL for none */
    struct sandbox_header headers[SANDBOX_HEADERS];
    size_t header_count;
    int64_t answer_at_us; /* monotonic, not before; 0: at once */
    bool is_dropped;      /* to be closed without an answer */
    bool is_worked_on;    /* see sandbox_api_answered() */
};

/* Fills status and body with FastAPI's {"detail": text}. */
void sandbox_reply_detail(struct sandbox_reply *reply, int status,
                          const char *detail);

/* `name` is static; `value` is copied. */
void sandbox_reply_header(struct sandbox_reply *reply, const char *name,
                          const char *value);

/* Is it one of these methods ("GET, POST")? Else fills `reply` with a 405. */
bool sandbox_reply_is_method(struct sandbox_reply *reply,
                             const struct sandbox_request *request,
                             const char *methods);

void sandbox_reply_clear(struct sandbox_reply *reply);

#endif
