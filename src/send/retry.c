#include "send/retry.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/random.h"

#define BACKOFF_FIRST_US US_PER_S
#define BACKOFF_CAP_US   US_PER_MINUTE

void retry_init(struct retry *retry, unsigned max_attempts,
                unsigned same_refusals_most, uint64_t seed)
{
    *retry = (struct retry){
        .max_attempts = max_attempts,
        .same_refusals_most = same_refusals_most,
        .random = seed,
    };
}

/* The same words again and again speak of the list, not of its rows. */
static void after_refusal(struct retry *retry, const struct outcome *outcome,
                          struct decision *decision)
{
    const char *words = outcome->error ? outcome->error : "";
    uint64_t hash = hash_text(words);
    if (hash != retry->last_refusal)
        retry->same_refusals = 0;
    retry->last_refusal = hash;
    if (++retry->same_refusals != retry->same_refusals_most)
        return;
    decision->step = STEP_STOP;
    error_set(&decision->why, ERROR_GUARD,
              "%u rows in a row were refused for the same reason (%s); "
              "--keep-going goes on all the same",
              retry->same_refusals, words);
}

static int64_t backoff_us(struct retry *retry, unsigned attempts)
{
    unsigned doublings = attempts > 0 ? attempts - 1 : 0;
    int64_t most = BACKOFF_CAP_US;
    if (doublings < 6)
        most = BACKOFF_FIRST_US << doublings;
    return random_below(&retry->random, most + 1);
}

static void stop(struct decision *decision, struct result *result)
{
    decision->step = STEP_STOP;
    const char *why = result->outcome.error;
    error_set(&decision->why, ERROR_REFUSED, "%s",
              why ? why : "the server refuses every request");
    /* It did not reach the row itself; only an answer in a strange tongue may
     * stand for an invitation that was sent. */
    if (result->kind != RESULT_NOT_OURS)
        outcome_set(&result->outcome, STATUS_UNPROCESSED, result->outcome.code,
                    why);
}

static void after_wrong_door(struct retry *retry, struct result *result,
                             struct decision *decision)
{
    retry->wrong_doors++;
    if (retry->answers == 0 || retry->wrong_doors >= RETRY_WRONG_DOORS)
        stop(decision, result);
    else
        decision->step = STEP_WITHHOLD;
}

static void after_not_processed(struct retry *retry, struct row *row,
                                struct result *result, int64_t now_us,
                                struct decision *decision)
{
    if (result->kind == RESULT_NOT_PROCESSED &&
        retry->answers > row->answers_seen) {
        row->failed_attempts++;
        row->answers_seen = retry->answers;
    }
    if (row->failed_attempts >= retry->max_attempts) {
        decision->step = STEP_SETTLE;
        return;
    }
    decision->step = STEP_RETRY;
    /* A quota and a connection hold all lanes: the pacer says when. */
    int64_t delay_us = 0;
    if (result->kind == RESULT_NOT_PROCESSED)
        delay_us = backoff_us(retry, row->attempts);
    if (delay_us < result->wish.retry_after_us)
        delay_us = result->wish.retry_after_us;
    decision->due_us = now_us + delay_us;
}

/* A proper answer is one that only the API itself gives. */
static void after_answer(struct retry *retry, const struct outcome *outcome)
{
    retry->wrong_doors = 0;
    if (outcome->status == STATUS_INVITED ||
        outcome->status == STATUS_ALREADY_INVITED ||
        outcome->code == CODE_VALIDATION)
        retry->answers++;
}

void retry_decide(struct retry *retry, struct row *row, struct result *result,
                  int64_t now_us, struct decision *decision)
{
    *decision = (struct decision){.step = STEP_SETTLE, .due_us = now_us};
    switch (result->kind) {
    case RESULT_ANSWERED:
        after_answer(retry, &result->outcome);
        if (result->outcome.status == STATUS_REJECTED)
            after_refusal(retry, &result->outcome, decision);
        else
            retry->same_refusals = 0;
        break;
    case RESULT_UNKNOWN:
        break;
    case RESULT_NOT_OURS:
        if (retry->answers == 0)
            stop(decision, result);
        break;
    case RESULT_WRONG_DOOR:
        after_wrong_door(retry, result, decision);
        break;
    case RESULT_UNAUTHORIZED:
    case RESULT_MISCONFIGURED:
        stop(decision, result);
        break;
    case RESULT_QUOTA:
    case RESULT_NOT_PROCESSED:
    case RESULT_UNREACHABLE:
    case RESULT_NOT_SENT:
        after_not_processed(retry, row, result, now_us, decision);
        break;
    }
}
