#ifndef BULK_INVITE_DOMAIN_OUTCOME_H
#define BULK_INVITE_DOMAIN_OUTCOME_H

#include <stdbool.h>

/*
 * What became of a row. Plain data; strings are owned by the outcome.
 */

/* status, its name in reports, does it need a look, label in the summary.
 * Ledgers know them by number: a new one goes last. */
#define STATUSES(X)                                                        \
    X(STATUS_INVITED, "invited", false, "invited")                         \
    X(STATUS_ALREADY_INVITED, "already_invited", false, "already invited") \
    X(STATUS_REJECTED, "rejected", true, "rejected by the server")         \
    X(STATUS_INVALID, "invalid", true, "invalid")                          \
    X(STATUS_DUPLICATE, "duplicate", false, "duplicate")                   \
    X(STATUS_UNKNOWN, "unknown", true, "unknown")                          \
    X(STATUS_FAILED, "failed", true, "failed")                             \
    X(STATUS_UNPROCESSED, "unprocessed", true, "unprocessed")

enum status {
    STATUS_NONE, /* not settled yet */
#define X(status, name, needs_look, label) status,
    STATUSES(X)
#undef X
    STATUS_COUNT
};

/* Codes of the report's error_code column: stable words for scripts.
 * code, name */
#define OUTCOME_CODES(X)                                 \
    /* checks here: invalid, duplicate */                \
    X(CODE_MISSING_EMAIL, "missing_email")               \
    X(CODE_MISSING_ROLE, "missing_role")                 \
    X(CODE_INVALID_EMAIL, "invalid_email")               \
    X(CODE_INVALID_ROLE, "invalid_role")                 \
    X(CODE_ROLE_NOT_ALLOWED, "role_not_allowed")         \
    X(CODE_DOMAIN_NOT_ALLOWED, "domain_not_allowed")     \
    X(CODE_BAD_ENCODING, "bad_encoding")                 \
    X(CODE_NUL_BYTE, "nul_byte")                         \
    X(CODE_FIELD_TOO_LONG, "field_too_long")             \
    X(CODE_TOO_MANY_COLUMNS, "too_many_columns")         \
    X(CODE_TOO_FEW_COLUMNS, "too_few_columns")           \
    X(CODE_UNCLOSED_QUOTE, "unclosed_quote")             \
    X(CODE_DUPLICATE, "duplicate")                       \
    X(CODE_DUPLICATE_OTHER_ROLE, "duplicate_other_role") \
    /* the server's word */                              \
    X(CODE_ALREADY_INVITED, "already_invited")           \
    X(CODE_CONFLICT, "conflict")                         \
    X(CODE_VALIDATION, "validation")                     \
    X(CODE_FORBIDDEN, "forbidden")                       \
    X(CODE_NOT_FOUND, "not_found")                       \
    X(CODE_REFUSED, "refused")                           \
    X(CODE_UNAUTHORIZED, "unauthorized")                 \
    X(CODE_REDIRECT, "redirect")                         \
    X(CODE_RATE_LIMITED, "rate_limited")                 \
    X(CODE_UNAVAILABLE, "unavailable")                   \
    X(CODE_SERVER_ERROR, "server_error")                 \
    X(CODE_BAD_RESPONSE, "bad_response")                 \
    X(CODE_RESPONSE_MISMATCH, "response_mismatch")       \
    /* the way there and back */                         \
    X(CODE_CANNOT_CONNECT, "cannot_connect")             \
    X(CODE_CERTIFICATE, "certificate")                   \
    X(CODE_SETUP, "setup")                               \
    X(CODE_TIMEOUT, "timeout")                           \
    X(CODE_CONNECTION_LOST, "connection_lost")           \
    X(CODE_ABORTED, "aborted")                           \
    /* the run's end */                                  \
    X(CODE_STOPPED, "stopped")                           \
    X(CODE_LIMIT, "limit")                               \
    X(CODE_LEFT_UNKNOWN, "left_unknown")                 \
    X(CODE_RESOLVED, "resolved")

enum outcome_code {
    CODE_NONE, /* nothing to say */
#define X(code, name) code,
    OUTCOME_CODES(X)
#undef X
    CODE_COUNT
};

struct outcome {
    enum status status;
    enum outcome_code code;
    int http_status;     /* of the last attempt, 0 without an answer */
    unsigned attempts;   /* HTTP requests started for this row in this run */
    char *invitation_id; /* these four as the server said them, or NULL */
    char *state;
    char *created_at;
    char *expires_at;
    char *error; /* a sentence for a person, or NULL; UTF-8, raw (escape it) */
};

/* Frees the strings and sets all fields to none. */
void outcome_clear(struct outcome *outcome);

/* Sets status and code and replaces the sentence (copied; may be NULL). */
void outcome_set(struct outcome *outcome, enum status status,
                 enum outcome_code code, const char *error);

/* STATUS_UNPROCESSED because the run stopped first. */
void outcome_set_stopped(struct outcome *outcome);

const char *status_name(enum status status);
const char *status_label(enum status status);

/* The status with this name in reports, STATUS_NONE when there is none. */
enum status status_from_name(const char *name);

/* "" for CODE_NONE. */
const char *outcome_code_name(enum outcome_code code);

/* CODE_NONE for "" and for a name that is none. */
enum outcome_code outcome_code_from_name(const char *name);

/* Must somebody look at the row? As STATUSES says of its status; and at a
 * duplicate that asks for another role. */
bool outcome_needs_look(const struct outcome *outcome);

#endif
