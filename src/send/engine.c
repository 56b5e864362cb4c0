#include "send/engine.h"

#include <sys/prctl.h>

#include "base/clock.h"
#include "base/random.h"
#include "send/engine_state.h"

#define TIMER_SLACK_NS       1000UL
#define POLL_MOST_US         US_PER_S
#define COMMIT_TIME_FIRST_US (2 * US_PER_MS)

/* Shorter ones are the everyday of a limit that is being found. */
#define LONG_HOLD_US (10 * US_PER_S)

static void init_policies(struct engine *engine)
{
    uint64_t seeds[2];
    random_bytes(seeds, sizeof(seeds));
    const struct engine_options *options = &engine->options;
    struct pacer_options pacer = {
        .rate = options->rate,
        .concurrency = options->concurrency,
        .learned_per_s = options->learned_per_s,
        .held_until_us = options->held_until_us,
        .max_wait_us = options->max_wait_us,
        .give_up_after_us = options->give_up_after_us,
        .seed = seeds[0],
    };
    pacer_init(&engine->pacer, &pacer, clock_monotonic_us());
    retry_init(&engine->retry, options->max_attempts,
               options->same_refusals_most, seeds[1]);
}

static enum error_kind init_attempts(struct engine *engine, struct error *err)
{
    uint32_t count = engine->options.concurrency;
    /* libcurl would write every connection's keys there. */
    unsetenv("SSLKEYLOGFILE");
    if (request_parse_url(&engine->options.request, err) ||
        event_loop_new(&engine->loop, count, err))
        return err->kind;
    engine->attempts = xcalloc(count, sizeof(struct attempt *));
    engine->idle = xcalloc(count, sizeof(struct attempt *));
    for (uint32_t i = 0; i < count; i++) {
        struct attempt *attempt =
            attempt_new(&engine->options.request, &engine->no_more_sends,
                        event_loop_multi(engine->loop, i),
                        event_loop_connections(engine->loop), err);
        if (!attempt)
            return err->kind;
        engine->attempts[i] = attempt;
        engine->idle[engine->idle_count++] = attempt;
    }
    return ERROR_NONE;
}

enum error_kind engine_new(struct engine **out,
                           const struct engine_options *options,
                           const struct engine_ports *ports, struct error *err)
{
    struct engine *engine = xcalloc(1, sizeof(*engine));
    *out = NULL;
    engine->options = *options;
    engine->ports = *ports;
    /* A crash leaves no more than these unknown: below twice the limit, but
     * one that waits for a retry must not stop all others. */
    engine->admitted_most = 2 * options->concurrency - 1;
    if (engine->admitted_most < 2)
        engine->admitted_most = 2;
    engine->commit_time_us = COMMIT_TIME_FIRST_US;
    atomic_init(&engine->cut_off_us, CLOCK_NEVER_US);
    engine->ready.size = engine->admitted_most;
    engine->ready.rows = xcalloc(engine->ready.size, sizeof(struct row *));
    engine->waiting = due_list_new(engine->admitted_most);
    engine->outbox = xcalloc(ENGINE_QUEUE_SIZE(options->concurrency),
                             sizeof(*engine->outbox));
    init_policies(engine);
    if (options->held_until_us > 0)
        snprintf(engine->last_trouble, sizeof(engine->last_trouble),
                 "an earlier run was told to wait");
    int64_t now_us = clock_monotonic_us();
    engine->end_us = CLOCK_NEVER_US;
    if (options->max_duration_us < CLOCK_NEVER_US - now_us)
        engine->end_us = now_us + options->max_duration_us;
    if (init_attempts(engine, err)) {
        engine_free(engine);
        return err->kind;
    }
    *out = engine;
    return ERROR_NONE;
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    for (uint32_t i = 0; engine->attempts && i < engine->options.concurrency;
         i++)
        attempt_free(engine->attempts[i]);
    free(engine->attempts);
    free(engine->idle);
    event_loop_free(engine->loop);
    request_clear_url(&engine->options.request);
    due_list_free(engine->waiting);
    free(engine->ready.rows);
    free(engine->outbox);
    free(engine);
}

/* The handoffs of one turn go in one push, and what is asked for after them:
 * the places of rows that have ended must not be taken before the ledger knows
 * that they have. */
static void tell_committer(struct engine *engine)
{
    if (engine->outbox_count > 0 &&
        !bounded_queue_try_push(engine->ports.handoffs, engine->outbox,
                                engine->outbox_count)) {
        /* The queue holds all that can be under way (engine.h). */
        fprintf(stderr, "bulk-invite: bug: the committer's queue is full\n");
        abort();
    }
    engine->outbox_count = 0;
    if (engine->asked_now > 0)
        engine->ports.ask(engine->ports.context, engine->asked_now);
    engine->asked_now = 0;
}

static void collect_ended(struct engine *engine, int64_t now_us)
{
    struct attempt *attempt;
    int curl_code;
    while ((attempt = event_loop_next_ended(engine->loop, &curl_code)) != NULL)
        engine_conclude(engine, attempt, curl_code, now_us);
}

static void stop_if_given_up(struct engine *engine, int64_t now_us)
{
    if (engine->is_stopping || !pacer_has_given_up(&engine->pacer, now_us))
        return;
    struct error why = ERROR_INIT;
    char allowed[CLOCK_DURATION_SIZE];
    bool is_quota = engine->pacer.hold_reason == HOLD_QUOTA;
    clock_format_duration(is_quota ? engine->options.max_wait_us
                                   : engine->options.give_up_after_us,
                          allowed);
    error_set(&why, ERROR_SERVER,
              is_quota ? "the server's quota does not open within %s "
                         "(--max-wait): %s"
                       : "the server was unavailable for %s "
                         "(--give-up-after): %s",
              allowed, engine->last_trouble);
    engine_stop_because(engine, &why);
}

static void stop_if_time_is_up(struct engine *engine, int64_t now_us)
{
    if (engine->is_stopping || now_us < engine->end_us)
        return;
    struct error why = ERROR_INIT;
    char allowed[CLOCK_DURATION_SIZE];
    clock_format_duration(engine->options.max_duration_us, allowed);
    error_set(&why, ERROR_SERVER, "the run's time is up: %s (--max-duration)",
              allowed);
    engine_stop_because(engine, &why);
}

static void publish(struct engine *engine, int64_t now_us)
{
    struct counters *counters = engine->ports.counters;
    int64_t until_us;
    enum hold_reason reason = pacer_hold(&engine->pacer, now_us, &until_us);
    int held_for =
        atomic_load_explicit(&counters->hold_reason, memory_order_relaxed);
    if (held_for != HOLD_NONE)
        atomic_fetch_add_explicit(&counters->held_us[held_for],
                                  now_us - engine->published_us,
                                  memory_order_relaxed);
    engine->published_us = now_us;
    atomic_store_explicit(&counters->in_flight, engine_in_flight(engine),
                          memory_order_relaxed);
    atomic_store_explicit(&counters->hold_until_us, until_us,
                          memory_order_relaxed);
    atomic_store_explicit(&counters->hold_reason, (int)reason,
                          memory_order_relaxed);
    atomic_store_explicit(&counters->found_rate,
                          (uint64_t)(engine->pacer.finder.rate_per_s * 1000),
                          memory_order_relaxed);
    if (reason == HOLD_NONE || engine->logged_hold_us == until_us)
        return;
    engine->logged_hold_us = until_us;
    char length[CLOCK_DURATION_SIZE];
    clock_format_duration(until_us - now_us, length);
    log_write(engine->ports.log,
              until_us - now_us < LONG_HOLD_US ? LOG_LEVEL_INFO
                                               : LOG_LEVEL_WARNING,
              "waiting %s: %s", length, engine->last_trouble);
}

static int64_t poll_until_us(const struct engine *engine, int64_t now_us)
{
    int64_t until_us = now_us + POLL_MOST_US;
    if (engine->is_stopping) {
        int64_t cut_off_us = atomic_load(&engine->cut_off_us);
        return cut_off_us < until_us ? cut_off_us : until_us;
    }
    int64_t start_us = engine_next_start_us(engine, now_us);
    if (engine->end_us < until_us)
        until_us = engine->end_us;
    return start_us < until_us ? start_us : until_us;
}

/* Everything admitted has been handed back, and nothing more can come. */
static bool is_done(struct engine *engine)
{
    if (engine_admitted(engine) > 0)
        return false;
    engine_settle_withheld(engine, true);
    return true;
}

/* One turn; false when it was the last. */
static bool turn(struct engine *engine)
{
    int64_t now_us = clock_monotonic_us();
    collect_ended(engine, now_us);
    /* read before receiving: then what it announces has been received */
    bool is_end = atomic_load(&engine->is_end_of_rows);
    engine_receive(engine, now_us);
    stop_if_given_up(engine, now_us);
    stop_if_time_is_up(engine, now_us);
    if (atomic_load(&engine->no_more_sends))
        engine->is_stopping = true;

    int64_t held_until_us;
    if (engine->is_stopping) {
        engine_give_back(engine, now_us);
    } else {
        if (pacer_hold(&engine->pacer, now_us, &held_until_us) != HOLD_NONE)
            engine_hold_back(engine, held_until_us, now_us);
        engine_start_ready(engine, now_us);
        engine_ask(engine, now_us);
    }
    event_loop_run_due(engine->loop);
    now_us = clock_monotonic_us(); /* a wait counts from the answer that asks */
    collect_ended(engine, now_us);
    publish(engine, now_us);
    bool is_last = is_end && is_done(engine);
    tell_committer(engine);
    if (!is_last)
        event_loop_wait(engine->loop, poll_until_us(engine, now_us));
    return !is_last;
}

void engine_run(struct engine *engine)
{
    /* By default the kernel may wake this thread 50 us late. */
    prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
    while (turn(engine))
        ;
}

void engine_wake(struct engine *engine)
{
    event_loop_wake(engine->loop);
}

void engine_end_of_rows(struct engine *engine)
{
    atomic_store(&engine->is_end_of_rows, true);
    engine_wake(engine);
}

void engine_stop(struct engine *engine, int64_t grace_us)
{
    atomic_store(&engine->no_more_sends, true);
    int64_t cut_off_us = CLOCK_NEVER_US;
    if (grace_us < CLOCK_NEVER_US)
        cut_off_us = clock_monotonic_us() + grace_us;
    int64_t before_us = atomic_load(&engine->cut_off_us);
    while (cut_off_us < before_us &&
           !atomic_compare_exchange_weak(&engine->cut_off_us, &before_us,
                                         cut_off_us))
        ;
    engine_wake(engine);
}
