#ifndef BULK_INVITE_SEND_ENGINE_STATE_H
#define BULK_INVITE_SEND_ENGINE_STATE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "domain/handoff.h"
#include "send/attempt.h"
#include "send/due_list.h"
#include "send/engine.h"
#include "send/event_loop.h"
#include "send/pacer.h"
#include "send/retry.h"

/*
 * The engine's inside, shared by its three files: engine.c (life, loop, what
 * others call), engine_intake.c (asking for rows, starting them) and
 * engine_follow.c (what follows an attempt, stopping). Everything but the
 * atomics belongs to the engine's thread.
 */

/* Rows with their intent on disk that wait for a permit, first in first out. */
struct ready_list {
    struct row **rows; /* a ring of `size` */
    size_t size;
    size_t first;
    size_t count;
};

/* A row that was refused, until it is known whose fault that was. */
struct withheld {
    struct row *row;
    struct outcome outcome;
};

struct engine {
    struct engine_options options;
    struct engine_ports ports;
    struct event_loop *loop;
    uint32_t admitted_most;

    struct attempt **attempts; /* `concurrency` of them */
    struct attempt **idle;     /* a stack of those not in flight */
    uint32_t idle_count;

    struct pacer pacer;
    struct retry retry;
    struct ready_list ready;
    struct due_list *waiting;
    struct withheld withheld[RETRY_WRONG_DOORS];
    unsigned withheld_count;

    /* What this turn of the loop has to say to the committer. */
    struct handoff *outbox;
    size_t outbox_count;

    uint32_t asked_new;     /* new rows asked for and not received */
    uint32_t asked_now;     /* of these, asked for in this turn */
    uint32_t asked_intents; /* parked rows on their way to disk and back */
    int64_t asked_since_us;
    int64_t commit_time_us; /* from asking to receiving, smoothed */

    int64_t end_us; /* --max-duration */
    bool is_stopping;
    bool has_told_why;
    int64_t published_us;   /* when the counters were last told */
    int64_t logged_hold_us; /* the hold that was written to the log */
    char last_trouble[256]; /* why the server is held to be down */

    atomic_bool is_end_of_rows;
    atomic_bool no_more_sends;
    _Atomic int64_t cut_off_us; /* CLOCK_NEVER_US: no stop was asked for */
};

/* engine_intake.c */

/* Takes what the committer has pushed. */
void engine_receive(struct engine *engine, int64_t now_us);

/* Asks for what can be started within one commit's time. */
void engine_ask(struct engine *engine, int64_t now_us);

/* Starts what is ready and permitted. */
void engine_start_ready(struct engine *engine, int64_t now_us);

/* When engine_ask() or engine_start_ready() can next do something by the
 * passing of time alone. */
int64_t engine_next_start_us(const struct engine *engine, int64_t now_us);

/* The oldest ready row, or NULL. */
struct row *engine_pop_ready(struct engine *engine);

uint32_t engine_in_flight(const struct engine *engine);

/* Rows admitted and not handed back, but for the withheld: they wait for the
 * others and must not stand in their way. */
uint32_t engine_admitted(const struct engine *engine);

/* engine_follow.c */

/* The attempt ended with this CURLcode (or ATTEMPT_CUT_OFF). */
void engine_conclude(struct engine *engine, struct attempt *attempt,
                     int curl_code, int64_t now_us);

/* Queues a handoff for the end of the turn. */
void engine_tell(struct engine *engine, enum handoff_kind kind,
                 struct row *row);

/* Stops the run for a reason found here. */
void engine_stop_because(struct engine *engine, const struct error *why);

/* A hold: gives the intents of ready rows back until `due_us`, and of those
 * still connecting, whose requests would leave in the midst of it. */
void engine_hold_back(struct engine *engine, int64_t due_us, int64_t now_us);

/* A stop: hands back what has not started and what is still connecting. */
void engine_give_back(struct engine *engine, int64_t now_us);

/* Settles the rows that were refused: as rejected for themselves, or, for the
 * run's fault, as unprocessed. */
void engine_settle_withheld(struct engine *engine, bool is_rows_fault);

#endif
