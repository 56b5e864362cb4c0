#include "base/clock.h"
#include "send/engine_state.h"

void engine_tell(struct engine *engine, enum handoff_kind kind, struct row *row)
{
    struct handoff *handoff = &engine->outbox[engine->outbox_count++];
    *handoff = (struct handoff){.kind = kind, .row_id = row->id, .row = row};
    if (kind == HANDOFF_PARKED) {
        row->has_been_parked = true;
        handoff->row = NULL;
    }
}

/* The row's outcome is `outcome`, whose strings move. */
static void settle(struct engine *engine, struct row *row,
                   struct outcome *outcome)
{
    outcome_clear(&row->outcome);
    row->outcome = *outcome;
    row->outcome.attempts = row->attempts;
    *outcome = (struct outcome){0};
    engine_tell(engine, HANDOFF_SETTLED, row);
}

static void settle_stopped(struct engine *engine, struct row *row)
{
    struct outcome outcome = {0};
    outcome_set_stopped(&outcome);
    settle(engine, row, &outcome);
}

void engine_settle_withheld(struct engine *engine, bool is_rows_fault)
{
    for (unsigned i = 0; i < engine->withheld_count; i++) {
        struct withheld *withheld = &engine->withheld[i];
        if (!is_rows_fault)
            withheld->outcome.status = STATUS_UNPROCESSED;
        settle(engine, withheld->row, &withheld->outcome);
    }
    engine->withheld_count = 0;
}

static void withhold(struct engine *engine, struct row *row,
                     struct result *result)
{
    engine_tell(engine, HANDOFF_PARKED, row);
    engine->withheld[engine->withheld_count++] =
        (struct withheld){row, result->outcome};
    result->outcome = (struct outcome){0};
}

static void park(struct engine *engine, struct row *row, int64_t due_us)
{
    if (engine->is_stopping) {
        settle_stopped(engine, row);
        return;
    }
    engine_tell(engine, HANDOFF_PARKED, row);
    due_list_push(engine->waiting, row, due_us);
}

void engine_stop_because(struct engine *engine, const struct error *why)
{
    engine_stop(engine, CLOCK_NEVER_US);
    engine->is_stopping = true;
    if (engine->has_told_why)
        return;
    engine->has_told_why = true;
    engine->ports.stopped(engine->ports.context, why);
}

static void note_trouble(struct engine *engine, const struct row *row,
                         const struct result *result)
{
    if (result->kind == RESULT_ANSWERED || result->kind == RESULT_NOT_SENT)
        return;
    const char *words = result->outcome.error ? result->outcome.error : "";
    snprintf(engine->last_trouble, sizeof(engine->last_trouble), "%s", words);
    log_write_row(engine->ports.log, LOG_LEVEL_DEBUG, row->line, row->email,
                  result->outcome.http_status, "attempt %u: %s", row->attempts,
                  words);
}

static void follow(struct engine *engine, struct row *row,
                   struct result *result, struct decision *decision)
{
    switch (decision->step) {
    case STEP_SETTLE:
        if (result->kind == RESULT_ANSWERED)
            engine_settle_withheld(engine, true);
        settle(engine, row, &result->outcome);
        break;
    case STEP_RETRY:
        park(engine, row, decision->due_us);
        break;
    case STEP_WITHHOLD:
        withhold(engine, row, result);
        break;
    case STEP_STOP:
        settle(engine, row, &result->outcome);
        engine_settle_withheld(engine, false);
        engine_stop_because(engine, &decision->why);
        break;
    }
}

void engine_conclude(struct engine *engine, struct attempt *attempt,
                     int curl_code, int64_t now_us)
{
    struct result result;
    struct decision decision;
    int64_t started_us = attempt_started_us(attempt);
    struct row *row = attempt_finish(attempt, curl_code, &result);
    engine->idle[engine->idle_count++] = attempt;
    note_trouble(engine, row, &result);
    retry_decide(&engine->retry, row, &result, now_us, &decision);
    pacer_end(&engine->pacer, result.kind, started_us, &result.wish, now_us);
    follow(engine, row, &result, &decision);
    outcome_clear(&result.outcome);
}

/* Those still connecting, or all. */
static void cut_off(struct engine *engine, bool is_all, int64_t now_us)
{
    for (uint32_t i = 0; i < engine->options.concurrency; i++) {
        struct attempt *attempt = engine->attempts[i];
        if (attempt_is_in_flight(attempt) &&
            (is_all || !attempt_is_sent(attempt)))
            engine_conclude(engine, attempt, ATTEMPT_CUT_OFF, now_us);
    }
}

void engine_hold_back(struct engine *engine, int64_t due_us, int64_t now_us)
{
    struct row *row;
    while ((row = engine_pop_ready(engine)) != NULL)
        park(engine, row, due_us);
    cut_off(engine, false, now_us);
}

void engine_give_back(struct engine *engine, int64_t now_us)
{
    struct row *row;
    while ((row = engine_pop_ready(engine)) != NULL)
        settle_stopped(engine, row);
    while ((row = due_list_pop(engine->waiting)) != NULL)
        settle_stopped(engine, row);
    engine_settle_withheld(engine, true);
    cut_off(engine, now_us >= atomic_load(&engine->cut_off_us), now_us);
}
