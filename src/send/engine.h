#ifndef BULK_INVITE_SEND_ENGINE_H
#define BULK_INVITE_SEND_ENGINE_H

#include <stdint.h>

#include "base/error.h"
#include "base/log.h"
#include "domain/counters.h"
#include "domain/rate.h"
#include "queue/bounded_queue.h"
#include "send/request.h"

/*
 * The thread that talks to the server: it asks the committer for invites,
 * starts them when the pacer permits, retries what was surely not processed,
 * and hands every row back with its outcome. It never waits on a queue.
 *
 * It asks for as many invites as it can start within one commit's time at the
 * present pace, so what is admitted and not settled (in flight, ready, waiting
 * for a retry, asked for) stays below twice `concurrency` (with 1: at most
 * two), and a crash leaves no more unknown than that. A row has at most two
 * handoffs under way: queues of the size below are never full.
 */
#define ENGINE_QUEUE_SIZE(concurrency) (8 * (size_t)(concurrency) + 32)

struct engine_options {
    struct request_settings request; /* strings live longer than the engine */
    struct rate rate;                /* count 0: none */
    uint32_t concurrency;
    unsigned max_attempts;
    int64_t give_up_after_us;
    int64_t max_wait_us;
    int64_t max_duration_us;     /* CLOCK_NEVER_US: no end */
    unsigned same_refusals_most; /* in a row stop the run; 0: never */
    double learned_per_s;        /* what an earlier run found, 0 for nothing */
    int64_t held_until_us; /* a hold that an earlier run left, 0 for none */
};

/* What the engine is connected to; all of it outlives the engine. */
struct engine_ports {
    struct bounded_queue *ready;    /* struct row *: intents on disk */
    struct bounded_queue *handoffs; /* struct handoff, to the committer */
    /* "I can start `count` more invites": never waits. */
    void (*ask)(void *context, uint32_t count);
    /* "The run must stop, for this reason": called once at most, in the
     * engine's thread, which has then stopped sending. */
    void (*stopped)(void *context, const struct error *why);
    void *context;
    struct counters *counters;
    struct log *log;
};

struct engine;

/* Before other threads start: libcurl reads the environment, and what must not
 * count there is removed. */
enum error_kind engine_new(struct engine **out,
                           const struct engine_options *options,
                           const struct engine_ports *ports,
                           struct error *err) MUST_CHECK;

/* After engine_run() returned or if it never ran. NULL is fine. */
void engine_free(struct engine *engine);

/* The thread's body. Returns when everything admitted has been handed back and
 * engine_end_of_rows() was called. */
void engine_run(struct engine *engine);

/* The rest may be called from any thread and never waits. */

/* Something was pushed to `ready`. */
void engine_wake(struct engine *engine);

/* The last row has been pushed to `ready`. */
void engine_end_of_rows(struct engine *engine);

/* Starts no request from now on (also none that is still connecting); what is
 * in flight may finish for `grace_us`, then it is cut off as unknown. Rows that
 * did not start come back as unprocessed. Later calls can only shorten the
 * grace. */
void engine_stop(struct engine *engine, int64_t grace_us);

#endif
