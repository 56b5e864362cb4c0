#ifndef BULK_INVITE_SEND_RETRY_H
#define BULK_INVITE_SEND_RETRY_H

#include <stdint.h>

#include "base/error.h"
#include "domain/result.h"
#include "domain/row.h"
#include "send/reply_headers.h"

/*
 * The one place that decides what follows an attempt. Pure, like the pacer.
 */

struct result {
    enum result_kind kind;
    struct server_wish wish;
    struct outcome outcome; /* as it stands if the row is settled now */
};

enum step {
    STEP_SETTLE,   /* with result.outcome */
    STEP_RETRY,    /* not before due_us */
    STEP_WITHHOLD, /* refused, by this row's fault or the run's: keep it until
                      STEP_SETTLE of another row with an answer shows that it
                      was this row's */
    STEP_STOP,     /* stop the run for `why`; this row is unprocessed (or stays
                      unknown, for RESULT_NOT_OURS) */
};

struct decision {
    enum step step;
    int64_t due_us;
    struct error why; /* STEP_STOP */
};

#define RETRY_WRONG_DOORS 5 /* in a row stop the run */

struct retry {
    unsigned max_attempts;
    uint64_t answers;     /* proper answers so far */
    unsigned wrong_doors; /* in a row */
    unsigned same_refusals_most;
    unsigned same_refusals; /* in a row, with the same words */
    uint64_t last_refusal;  /* a hash of the words */
    uint64_t random;
};

/* `same_refusals_most` rejections in a row with the same words stop the run
 * (exit 8), 0: never. */
void retry_init(struct retry *retry, unsigned max_attempts,
                unsigned same_refusals_most, uint64_t seed);

/*
 * Decides. Counts a failed attempt against max_attempts only if the server has
 * given a proper answer since the row's attempt before (or during this one):
 * a dead server uses up nobody's attempts. 429, failures to connect and what
 * was not sent never count. Delays: full jitter, a random part of min(60 s, 1 s
 * * 2^n), and never before Retry-After.
 */
void retry_decide(struct retry *retry, struct row *row, struct result *result,
                  int64_t now_us, struct decision *decision);

#endif
