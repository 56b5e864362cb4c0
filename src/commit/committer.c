#include "commit/committer.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/random.h"
#include "domain/handoff.h"
#include "domain/reason.h"

/* Rows and handoffs of one transaction at most. */
#define BATCH_MOST 256

/* Shorter ones are over before another run could start. */
#define SAVED_HOLD_US (2 * US_PER_S)

/* Errors as a share say nothing before so many rows are settled. */
#define SHARE_COUNTS_FROM 50

struct row_list {
    struct row *rows[2 * BATCH_MOST];
    size_t count;
};

/* What one turn works on. */
struct batch {
    struct handoff handoffs[BATCH_MOST];
    size_t handoff_count;
    struct row *rows[BATCH_MOST];
    size_t row_count;
    size_t may_admit; /* invites that the engine has asked for */
    struct row_list to_engine;
    struct row_list to_report;
};

struct committer {
    struct committer_options options;
    struct batch batch;
    uint64_t admitted;
    uint64_t errors; /* rows that did not become an invitation */
    int64_t saved_hold_us;
    bool is_ledger_broken;
    bool is_report_broken;
    bool has_told_end;
    bool is_closed_to_rows; /* nothing more will be admitted */
    _Atomic uint32_t asked;
    atomic_bool is_stopped;
    atomic_bool has_engine_ended;
};

struct committer *committer_new(const struct committer_options *options)
{
    struct committer *committer = xcalloc(1, sizeof(*committer));
    committer->options = *options;
    return committer;
}

void committer_free(struct committer *committer)
{
    free(committer);
}

void committer_ask(struct committer *committer, uint32_t count)
{
    atomic_fetch_add(&committer->asked, count);
    doorbell_ring(committer->options.bell);
}

void committer_stop(struct committer *committer)
{
    atomic_store(&committer->is_stopped, true);
    doorbell_ring(committer->options.bell);
}

void committer_engine_ended(struct committer *committer)
{
    atomic_store(&committer->has_engine_ended, true);
    doorbell_ring(committer->options.bell);
}

bool committer_has_failed_ledger(const struct committer *committer)
{
    return committer->is_ledger_broken;
}

bool committer_has_failed_report(const struct committer *committer)
{
    return committer->is_report_broken;
}

static void must_stop(struct committer *committer, const struct error *why)
{
    committer->is_closed_to_rows = true;
    committer->options.stopped(committer->options.context, why);
}

static void add(struct row_list *list, struct row *row)
{
    list->rows[list->count++] = row;
}

/* Is this row, which somebody is owed an invitation for, not to be sent? */
static bool is_held_back(struct committer *committer, struct row *row)
{
    const struct committer_options *options = &committer->options;
    if (!committer->is_closed_to_rows &&
        committer->admitted >= options->max_new) {
        struct error why = ERROR_INIT;
        error_set(&why, ERROR_GUARD,
                  "more than %llu new people in the input (--max-new)",
                  (unsigned long long)options->max_new);
        must_stop(committer, &why);
    }
    if (committer->is_closed_to_rows)
        outcome_set_stopped(&row->outcome);
    else if (committer->admitted >= options->limit)
        outcome_set(&row->outcome, STATUS_UNPROCESSED, CODE_LIMIT,
                    "not sent: the run was limited (--limit)");
    return row->outcome.status != STATUS_NONE;
}

/* Puts one row from the reader into the ledger, as an intent or settled. */
static enum error_kind admit(struct committer *committer, struct row *row,
                             struct error *err)
{
    struct ledger *ledger = committer->options.ledger;
    struct batch *batch = &committer->batch;
    bool is_owed = false;
    if (row->outcome.status == STATUS_NONE &&
        ledger_look(ledger, row, &is_owed, err))
        return err->kind;
    bool is_sent = is_owed && !is_held_back(committer, row);
    if (is_sent && !row_has_idempotency_key(row))
        random_uuid(row->idempotency_key);
    if (ledger_add(ledger, row, is_sent ? ROW_INTENT : ROW_SETTLED, err))
        return err->kind;
    add(is_sent ? &batch->to_engine : &batch->to_report, row);
    if (!is_sent)
        return ERROR_NONE;
    committer->admitted++;
    batch->may_admit--;
    atomic_fetch_sub(&committer->asked, 1);
    return ERROR_NONE;
}

static enum error_kind record(struct committer *committer,
                              const struct handoff *handoff, struct error *err)
{
    struct ledger *ledger = committer->options.ledger;
    struct batch *batch = &committer->batch;
    switch (handoff->kind) {
    case HANDOFF_SETTLED:
        add(&batch->to_report, handoff->row);
        return ledger_settle(ledger, handoff->row, err);
    case HANDOFF_PARKED:
        return ledger_set_state(ledger, handoff->row_id, ROW_PENDING, err);
    case HANDOFF_INTENT:
        add(&batch->to_engine, handoff->row);
        return ledger_set_state(ledger, handoff->row_id, ROW_INTENT, err);
    }
    return ERROR_NONE;
}

/* A hold is noted at once: killed meanwhile, the next run must not ask too
 * early, if it was the server's wish. */
static enum error_kind save_hold(struct committer *committer, struct error *err)
{
    struct counters *counters = committer->options.counters;
    int64_t until_us = atomic_load(&counters->hold_until_us);
    int64_t left_us = until_us - clock_monotonic_us();
    int64_t now_us = clock_wall_us();
    struct hold hold = {
        .from_s = now_us / US_PER_S,
        .until_s = (now_us + left_us) / US_PER_S + 1,
        .reason = (enum hold_reason)atomic_load(&counters->hold_reason),
    };
    if (until_us == committer->saved_hold_us || left_us < SAVED_HOLD_US ||
        hold.reason == HOLD_NONE)
        return ERROR_NONE;
    committer->saved_hold_us = until_us;
    if (ledger_add_hold(committer->options.ledger, &hold, err) ||
        hold.reason != HOLD_QUOTA)
        return err->kind;
    struct ledger_pace pace = {
        .rate_per_s = (double)atomic_load(&counters->found_rate) / 1000,
        .held_until_s = hold.until_s,
    };
    return ledger_save_pace(committer->options.ledger, &pace, err);
}

/* Never more at once than may be admitted. Those before them may have needed
 * no request: then there are more. False when there are none. */
static bool take_rows(struct committer *committer)
{
    struct batch *batch = &committer->batch;
    size_t most = BATCH_MOST - batch->row_count;
    if (most > batch->may_admit)
        most = batch->may_admit;
    size_t count = bounded_queue_pop(committer->options.rows,
                                     batch->rows + batch->row_count, most);
    batch->row_count += count;
    return count > 0;
}

/* The whole batch in one transaction. On error nothing of it counts. */
static enum error_kind write_batch(struct committer *committer,
                                   struct error *err)
{
    struct batch *batch = &committer->batch;
    if (ledger_begin(committer->options.ledger, err))
        return err->kind;
    for (size_t i = 0; i < batch->handoff_count; i++)
        if (record(committer, &batch->handoffs[i], err))
            return err->kind;
    for (size_t i = 0; i < batch->row_count || take_rows(committer); i++)
        if (admit(committer, batch->rows[i], err))
            return err->kind;
    if (save_hold(committer, err))
        return err->kind;
    return ledger_commit(committer->options.ledger, err);
}

/* Without a ledger: outcomes that are known are reported all the same, and
 * nothing starts any more. */
static void sort_out_batch(struct committer *committer)
{
    struct batch *batch = &committer->batch;
    batch->to_engine.count = 0;
    batch->to_report.count = 0;
    for (size_t i = 0; i < batch->handoff_count; i++) {
        struct handoff *handoff = &batch->handoffs[i];
        /* The engine is stopping; it settles the row itself. */
        if (handoff->kind == HANDOFF_INTENT)
            add(&batch->to_engine, handoff->row);
        else if (handoff->kind == HANDOFF_SETTLED)
            add(&batch->to_report, handoff->row);
    }
    for (size_t i = 0; i < batch->row_count; i++) {
        struct row *row = batch->rows[i];
        if (row->outcome.status == STATUS_NONE)
            outcome_set_stopped(&row->outcome);
        add(&batch->to_report, row);
    }
}

static void hand_on(struct committer *committer)
{
    struct row_list *list = &committer->batch.to_engine;
    if (list->count > 0 && !bounded_queue_try_push(committer->options.ready,
                                                   list->rows, list->count)) {
        /* It holds more than the engine may ask for. */
        fprintf(stderr, "bulk-invite: bug: the engine's queue is full\n");
        abort();
    }
    list->count = 0;
}

/* Is it a row that should have become an invitation? */
static bool is_error(enum status status)
{
    return status == STATUS_REJECTED || status == STATUS_INVALID ||
           status == STATUS_UNKNOWN || status == STATUS_FAILED;
}

static void check_errors(struct committer *committer)
{
    const struct committer_options *options = &committer->options;
    uint64_t settled = counters_settled(options->counters);
    bool is_over =
        options->is_max_errors_percent
            ? settled >= SHARE_COUNTS_FROM &&
                  committer->errors * 100 > options->max_errors * settled
            : committer->errors > options->max_errors;
    if (!is_over || committer->is_closed_to_rows)
        return;
    struct error why = ERROR_INIT;
    error_set(&why, ERROR_GUARD,
              "%llu of %llu rows went wrong, more than --max-errors %llu%s",
              (unsigned long long)committer->errors,
              (unsigned long long)settled,
              (unsigned long long)options->max_errors,
              options->is_max_errors_percent ? "%" : "");
    must_stop(committer, &why);
}

static void break_report(struct committer *committer, const struct error *why)
{
    committer->is_report_broken = true;
    must_stop(committer, why);
}

static void report_batch(struct committer *committer)
{
    const struct committer_options *options = &committer->options;
    struct row_list *list = &committer->batch.to_report;
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < list->count; i++) {
        struct row *row = list->rows[i];
        if (!committer->is_report_broken &&
            report_add(options->report, row, &err))
            break_report(committer, &err);
        if (retry_file_add(options->retry_file, row, &err))
            must_stop(committer, &err);
        options->counters->settled[row->outcome.status]++;
        options->counters->need_look += outcome_needs_look(&row->outcome);
        reason_note(options->reasons, row);
        committer->errors += is_error(row->outcome.status);
        row_free(row);
    }
    list->count = 0;
    check_errors(committer);
}

/* Takes what waits. False if nothing did. */
static bool take_batch(struct committer *committer)
{
    struct batch *batch = &committer->batch;
    const struct committer_options *options = &committer->options;
    if (atomic_load(&committer->is_stopped))
        committer->is_closed_to_rows = true;
    /* Before the handoffs: those that were pushed before it was asked make
     * room for the rows, in the same transaction. */
    uint32_t asked = atomic_load(&committer->asked);
    batch->handoff_count =
        bounded_queue_pop(options->handoffs, batch->handoffs, BATCH_MOST);
    batch->may_admit = BATCH_MOST;
    if (!committer->is_closed_to_rows && committer->admitted < options->limit)
        batch->may_admit = asked;
    /* While handoffs wait, their rows still have a place with the engine. */
    if (batch->handoff_count == BATCH_MOST)
        batch->may_admit = 0;
    batch->row_count = 0;
    return take_rows(committer) || batch->handoff_count > 0;
}

static void tell_end_of_rows(struct committer *committer)
{
    if (committer->has_told_end)
        return;
    if (!committer->is_closed_to_rows &&
        committer->admitted < committer->options.limit &&
        !bounded_queue_is_finished(committer->options.rows))
        return;
    committer->has_told_end = true;
    committer->options.end_of_rows(committer->options.context);
}

static void do_batch(struct committer *committer)
{
    struct error err = ERROR_INIT;
    if (!committer->is_ledger_broken && write_batch(committer, &err)) {
        committer->is_ledger_broken = true;
        must_stop(committer, &err);
    }
    if (committer->is_ledger_broken)
        sort_out_batch(committer);
    hand_on(committer);
    report_batch(committer);
}

static bool is_done(const struct committer *committer)
{
    /* the flag first: what the engine pushed before it is then seen */
    return atomic_load(&committer->has_engine_ended) &&
           bounded_queue_is_finished(committer->options.rows);
}

static void flush_report(struct committer *committer)
{
    const struct committer_options *options = &committer->options;
    struct error err = ERROR_INIT;
    if (!committer->is_report_broken && report_flush(options->report, &err))
        break_report(committer, &err);
    if (retry_file_flush(options->retry_file, &err))
        must_stop(committer, &err);
}

void committer_run(struct committer *committer)
{
    for (;;) {
        bool is_last = is_done(committer);
        bool has_worked = false;
        while (take_batch(committer)) {
            do_batch(committer);
            has_worked = true;
        }
        tell_end_of_rows(committer);
        if (has_worked)
            flush_report(committer);
        if (is_last)
            return;
        if (!has_worked)
            doorbell_wait(committer->options.bell);
    }
}
