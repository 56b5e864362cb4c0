#ifndef BULK_INVITE_COMMIT_COMMITTER_H
#define BULK_INVITE_COMMIT_COMMITTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "domain/counters.h"
#include "domain/tally.h"
#include "ledger/ledger.h"
#include "queue/bounded_queue.h"
#include "queue/doorbell.h"
#include "report/report.h"
#include "report/retry_file.h"

/*
 * The thread that alone writes the ledger and the report. It admits rows when
 * the engine asks for invites, writes their intents, and hands them on only
 * when these are on disk; it writes outcomes, and appends what is settled to
 * the report. It takes all that waits at once: one transaction, one fsync
 * (natural group commit).
 *
 * A failed write stops the run: from then on nothing is admitted, what the
 * engine still has in flight is counted and reported as far as that works.
 */
struct committer_options {
    struct ledger *ledger; /* all of these outlive the committer */
    struct report *report;
    struct retry_file *retry_file;
    struct counters *counters;
    struct tally *reasons;          /* why rows need a look; NULL: not asked */
    struct doorbell *bell;          /* rung by everything below */
    struct bounded_queue *rows;     /* struct row *, from the reader */
    struct bounded_queue *ready;    /* struct row *, to the engine */
    struct bounded_queue *handoffs; /* struct handoff, from the engine */
    uint64_t limit;      /* invites to admit at most: the rest is unprocessed */
    uint64_t max_new;    /* more new people than this stop the run */
    uint64_t max_errors; /* more rows rejected, invalid, unknown or failed than
                            this stop it; UINT64_MAX: none */
    bool is_max_errors_percent; /* of the settled rows, from the 50th on */

    /* Both are called in the committer's thread and must not wait. */
    void (*end_of_rows)(void *context); /* the last invite was handed on */
    void (*stopped)(void *context, const struct error *why); /* must stop */
    void *context;
};

struct committer;

struct committer *committer_new(const struct committer_options *options);
void committer_free(struct committer *committer);

/* The thread's body. Returns when the reader's queue is closed and drained,
 * and committer_engine_ended() was called. */
void committer_run(struct committer *committer);

/* After committer_run() returned: may the ledger or report still be written? */
bool committer_has_failed_ledger(const struct committer *committer);
bool committer_has_failed_report(const struct committer *committer);

/* The rest may be called from any thread and never waits. */

/* The engine can start `count` more invites. */
void committer_ask(struct committer *committer, uint32_t count);

/* Admit nothing from now on: rows that come are unprocessed. */
void committer_stop(struct committer *committer);

/* The engine has handed back everything and is gone. */
void committer_engine_ended(struct committer *committer);

#endif
