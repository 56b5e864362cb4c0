#ifndef BULK_INVITE_SANDBOX_SANDBOX_BODY_H
#define BULK_INVITE_SANDBOX_SANDBOX_BODY_H

#include <stddef.h>

/*
 * The body of a POST, judged as the contract's model is by FastAPI 0.92 with
 * pydantic 1.10 (measured against tests/reference/app.py). It differs where
 * pydantic is laxer than the contract: a number is not taken for a string.
 * Where a syntax error stands is jansson's word, which may be a character or
 * two from Python's.
 */
struct sandbox_body {
    char *email; /* also in a refused body, where it can be read; or NULL */
    char *role;
    int refusal_status; /* 0: as the contract wants it; 400 or 422 */
    char *refusal;      /* the answer's JSON, NULL without refusal */
};

/* `content_type` may be NULL. `known_roles` is a NULL-terminated list, or NULL
 * when every role is known. Fills `body`, which owns its strings. */
void sandbox_body_read(struct sandbox_body *body, const char *bytes, size_t len,
                       const char *content_type, char *const *known_roles);
void sandbox_body_clear(struct sandbox_body *body);

#endif
