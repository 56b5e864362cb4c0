#ifndef BULK_INVITE_TESTS_BENCH_YARDSTICK_HTTP_H
#define BULK_INVITE_TESTS_BENCH_YARDSTICK_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Just enough HTTP/1.1 for the yardstick: requests with Content-Length in,
 * answers of the contract's shape out. Pure.
 */

/* An answer with an email and a role of the largest request fits. */
#define YARDSTICK_REQUEST_CAP ((size_t)8192)
#define YARDSTICK_ANSWER_CAP  (YARDSTICK_REQUEST_CAP + 512)

struct yardstick_request {
    size_t len; /* of the whole request, body included */
    bool is_post;
    bool is_last; /* Connection: close */
    const char *body;
    size_t body_len;
};

enum yardstick_parse {
    YARDSTICK_COMPLETE,
    YARDSTICK_INCOMPLETE,
    YARDSTICK_BAD, /* not HTTP that is understood here, or too large */
};

/* The request at the start of `bytes`; points into them. */
enum yardstick_parse yardstick_parse(const char *bytes, size_t len,
                                     struct yardstick_request *request);

/* Writes at most YARDSTICK_ANSWER_CAP bytes and returns how many: 200 with an
 * invitation for a POST that names an email and a role, else 404. `number`
 * becomes the invitation's id. */
size_t yardstick_answer(const struct yardstick_request *request,
                        uint64_t number, char *answer);

#endif
