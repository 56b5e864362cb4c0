#ifndef BULK_INVITE_SANDBOX_BODY_H
#define BULK_INVITE_SANDBOX_BODY_H

#include <jansson.h>
#include <stddef.h>

/*
 * The body of a POST, judged as the contract's model is by FastAPI 0.92 with
 * pydantic 1.10 (measured against tests/reference/app.py). It differs where
 * pydantic is laxer than the contract: a number is not taken for a string.
 * Where a syntax error stands is jansson's word, which may be a character or
 * two from Python's.
 */
struct body {
    json_t *json;      /* the two below are in it */
    const char *email; /* also in a refused body, where it can be read; or
                          NULL */
    const char *role;
    int refusal_status; /* 0: as the contract wants it; 400 or 422 */
    json_t *detail;     /* why it is refused */
};

/* `content_type` may be NULL. `known_roles` is an array, or NULL when every
 * role is known. Fills `body`; clear it afterwards. */
void body_read(struct body *body, const char *bytes, size_t len,
               const char *content_type, json_t *known_roles);
void body_clear(struct body *body);

#endif
