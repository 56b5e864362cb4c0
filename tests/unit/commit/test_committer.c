#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "commit/committer.h"
#include "domain/handoff.h"
#include "ledger/ledger_books.h"

static const struct ledger_pace no_pace;

/* A committer in its thread; the test plays the reader and the engine. */
struct stage {
    struct error err;
    struct counters counters;
    struct ledger *ledger;
    struct report *report;
    struct retry_file *retry_file;
    char report_path[64];
    struct doorbell *committer_bell;
    struct doorbell *test_bell; /* rung by all the committer does */
    struct bounded_queue *rows, *ready, *handoffs;
    struct committer *committer;
    pthread_t thread;
    uint64_t limit, max_new, max_errors;
    bool is_max_errors_percent;
    atomic_bool has_ended_rows;
    atomic_int stops;
    enum error_kind stopped_for;
};

static void ring(void *bell)
{
    doorbell_ring(bell);
}

static void on_end_of_rows(void *context)
{
    struct stage *stage = context;
    atomic_store(&stage->has_ended_rows, true);
    doorbell_ring(stage->test_bell);
}

static void on_stopped(void *context, const struct error *why)
{
    struct stage *stage = context;
    stage->stopped_for = why->kind;
    atomic_fetch_add(&stage->stops, 1);
    doorbell_ring(stage->test_bell);
}

static void *body(void *arg)
{
    committer_run(arg);
    return NULL;
}

static void ok(struct stage *stage, enum error_kind kind)
{
    if (kind != ERROR_NONE)
        fail_msg("%s", stage->err.text);
}

static int set_up(void **state)
{
    struct stage *stage = xcalloc(1, sizeof(*stage));
    *state = stage;
    stage->limit = UINT64_MAX;
    stage->max_new = UINT64_MAX;
    stage->max_errors = UINT64_MAX;
    snprintf(stage->report_path, sizeof(stage->report_path),
             "/tmp/test_committer.%ld.csv", (long)getpid());
    stage->committer_bell = doorbell_new();
    stage->test_bell = doorbell_new();
    stage->rows = bounded_queue_new(100, sizeof(struct row *), ring,
                                    stage->committer_bell);
    stage->ready =
        bounded_queue_new(100, sizeof(struct row *), ring, stage->test_bell);
    stage->handoffs = bounded_queue_new(100, sizeof(struct handoff), ring,
                                        stage->committer_bell);
    struct ledger_options temporary = {.server = "https://example.com",
                                       .organization = "acme"};
    ok(stage, ledger_open(&stage->ledger, &temporary, &stage->err));
    ok(stage, ledger_begin_run(stage->ledger, "test", &stage->err));
    return 0;
}

static void start(struct stage *stage, const char *report_path)
{
    ok(stage,
       report_open(&stage->report, report_path, REPORT_CSV, &stage->err));
    stage->retry_file = retry_file_new(NULL, "test", NULL);
    struct committer_options options = {
        .ledger = stage->ledger,
        .report = stage->report,
        .retry_file = stage->retry_file,
        .counters = &stage->counters,
        .bell = stage->committer_bell,
        .rows = stage->rows,
        .ready = stage->ready,
        .handoffs = stage->handoffs,
        .limit = stage->limit,
        .max_new = stage->max_new,
        .max_errors = stage->max_errors,
        .is_max_errors_percent = stage->is_max_errors_percent,
        .end_of_rows = on_end_of_rows,
        .stopped = on_stopped,
        .context = stage,
    };
    stage->committer = committer_new(&options);
    assert_int_equal(
        pthread_create(&stage->thread, NULL, body, stage->committer), 0);
}

/* The engine is gone: the committer ends. */
static void finish(struct stage *stage)
{
    bounded_queue_close(stage->rows);
    committer_engine_ended(stage->committer);
    pthread_join(stage->thread, NULL);
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    committer_free(stage->committer);
    report_abandon(stage->report);
    retry_file_free(stage->retry_file);
    ledger_close(stage->ledger);
    bounded_queue_free(stage->rows);
    bounded_queue_free(stage->ready);
    bounded_queue_free(stage->handoffs);
    doorbell_free(stage->committer_bell);
    doorbell_free(stage->test_bell);
    char partial[80];
    snprintf(partial, sizeof(partial), "%s.partial", stage->report_path);
    unlink(partial);
    unlink(stage->report_path);
    free(stage);
    return 0;
}

static void read_row(struct stage *stage, uint64_t line, const char *person)
{
    struct row *row =
        row_new(line, person, strlen(person), "member", 6, person);
    assert_true(bounded_queue_push(stage->rows, &row, 1));
    stage->counters.rows_read++;
}

static struct row *next_ready(struct stage *stage)
{
    struct row *row;
    while (bounded_queue_pop(stage->ready, &row, 1) == 0)
        doorbell_wait(stage->test_bell);
    return row;
}

static void hand_off(struct stage *stage, enum handoff_kind kind,
                     struct row *row)
{
    struct handoff handoff = {kind, row->id,
                              kind == HANDOFF_PARKED ? NULL : row};
    assert_true(bounded_queue_try_push(stage->handoffs, &handoff, 1));
}

static void settle(struct stage *stage, struct row *row, enum status status)
{
    outcome_set(&row->outcome, status, CODE_NONE, NULL);
    hand_off(stage, HANDOFF_SETTLED, row);
}

static void wait_for_end_of_rows(struct stage *stage)
{
    while (!atomic_load(&stage->has_ended_rows))
        doorbell_wait(stage->test_bell);
}

static uint64_t settled(struct stage *stage, enum status status)
{
    return stage->counters.settled[status];
}

static void check_ledger_agrees(struct stage *stage)
{
    ok(stage, ledger_end_run(stage->ledger, &stage->counters, &no_pace, 0,
                             &stage->err));
}

static void as_many_rows_are_admitted_as_were_asked_for(void **state)
{
    struct stage *stage = *state;
    start(stage, stage->report_path);
    read_row(stage, 2, "a@x.org");
    read_row(stage, 3, "a@x.org"); /* a duplicate uses up nothing */
    read_row(stage, 4, "b@x.org");
    read_row(stage, 5, "c@x.org");
    committer_ask(stage->committer, 2);
    struct row *a = next_ready(stage);
    struct row *b = next_ready(stage);
    assert_int_equal(a->line, 2);
    assert_int_equal(b->line, 4);
    assert_true(row_has_idempotency_key(a));
    assert_int_equal(a->idempotency_key[6] >> 4, 4);
    assert_int_equal(a->idempotency_key[8] >> 6, 2);
    assert_memory_not_equal(a->idempotency_key, b->idempotency_key,
                            IDEMPOTENCY_KEY_SIZE);
    settle(stage, a, STATUS_INVITED);
    settle(stage, b, STATUS_REJECTED);
    committer_ask(stage->committer, 5);
    struct row *c = next_ready(stage);
    assert_int_equal(c->line, 5);
    settle(stage, c, STATUS_UNKNOWN);
    bounded_queue_close(stage->rows);
    wait_for_end_of_rows(stage);
    finish(stage);
    assert_int_equal(settled(stage, STATUS_INVITED), 1);
    assert_int_equal(settled(stage, STATUS_REJECTED), 1);
    assert_int_equal(settled(stage, STATUS_UNKNOWN), 1);
    assert_int_equal(settled(stage, STATUS_DUPLICATE), 1);
    assert_int_equal(stage->counters.need_look, 2);
    check_ledger_agrees(stage);
}

static void a_parked_row_comes_back_when_its_intent_is_asked_for(void **state)
{
    struct stage *stage = *state;
    start(stage, stage->report_path);
    read_row(stage, 2, "a@x.org");
    committer_ask(stage->committer, 1);
    struct row *row = next_ready(stage);
    for (int i = 0; i < 3; i++) {
        hand_off(stage, HANDOFF_PARKED, row);
        hand_off(stage, HANDOFF_INTENT, row);
        assert_ptr_equal(next_ready(stage), row);
    }
    settle(stage, row, STATUS_INVITED);
    finish(stage);
    check_ledger_agrees(stage);
}

static void after_a_stop_every_row_is_still_named(void **state)
{
    struct stage *stage = *state;
    start(stage, stage->report_path);
    committer_stop(stage->committer);
    for (uint64_t line = 2; line < 50; line++) {
        char person[32];
        snprintf(person, sizeof(person), "p%llu@x.org",
                 (unsigned long long)(line % 40));
        read_row(stage, line, person);
    }
    finish(stage);
    assert_int_equal(settled(stage, STATUS_UNPROCESSED), 40);
    assert_int_equal(settled(stage, STATUS_DUPLICATE), 8);
    assert_true(stage->has_ended_rows);
    check_ledger_agrees(stage);
}

static void
a_limit_ends_the_rows_for_the_engine_and_names_the_rest(void **state)
{
    struct stage *stage = *state;
    stage->limit = 1;
    start(stage, stage->report_path);
    read_row(stage, 2, "a@x.org");
    read_row(stage, 3, "b@x.org");
    committer_ask(stage->committer, 16);
    settle(stage, next_ready(stage), STATUS_INVITED);
    wait_for_end_of_rows(stage);
    read_row(stage, 4, "c@x.org");
    finish(stage);
    assert_int_equal(settled(stage, STATUS_INVITED), 1);
    assert_int_equal(settled(stage, STATUS_UNPROCESSED), 2);
    assert_int_equal(stage->stops, 0);
    check_ledger_agrees(stage);
}

static void more_new_people_than_allowed_stop_the_run(void **state)
{
    struct stage *stage = *state;
    stage->max_new = 1;
    start(stage, stage->report_path);
    read_row(stage, 2, "a@x.org");
    read_row(stage, 3, "b@x.org");
    committer_ask(stage->committer, 16);
    settle(stage, next_ready(stage), STATUS_INVITED);
    wait_for_end_of_rows(stage);
    finish(stage);
    assert_int_equal(stage->stopped_for, ERROR_GUARD);
    assert_int_equal(settled(stage, STATUS_UNPROCESSED), 1);
    check_ledger_agrees(stage);
}

/* Settles so many rows, the first `wrong` as refused. All are with the engine
 * before: a stop keeps none of them from their end. */
static void settle_rows(struct stage *stage, uint32_t count, uint32_t wrong)
{
    struct row *rows[50];
    assert_in_range(count, 1, 50);
    start(stage, stage->report_path);
    for (uint32_t i = 0; i < count; i++) {
        char person[32];
        snprintf(person, sizeof(person), "p%u@x.org", (unsigned)i);
        read_row(stage, i + 2, person);
    }
    committer_ask(stage->committer, count);
    for (uint32_t i = 0; i < count; i++)
        rows[i] = next_ready(stage);
    for (uint32_t i = 0; i < count; i++)
        settle(stage, rows[i], i < wrong ? STATUS_REJECTED : STATUS_INVITED);
    finish(stage);
    assert_int_equal(settled(stage, STATUS_REJECTED), wrong);
    check_ledger_agrees(stage);
}

static void as_many_errors_as_allowed_do_not_stop_the_run(void **state)
{
    struct stage *stage = *state;
    stage->max_errors = 2;
    settle_rows(stage, 4, 2);
    assert_int_equal(stage->stops, 0);
}

static void one_error_more_stops_the_run(void **state)
{
    struct stage *stage = *state;
    stage->max_errors = 2;
    settle_rows(stage, 3, 3);
    assert_int_equal(stage->stops, 1);
    assert_int_equal(stage->stopped_for, ERROR_GUARD);
}

/* A share says nothing before 50 rows: then exactly 10 % is no more than it. */
static void as_large_a_share_as_allowed_does_not_stop_the_run(void **state)
{
    struct stage *stage = *state;
    stage->max_errors = 10;
    stage->is_max_errors_percent = true;
    settle_rows(stage, 50, 5);
    assert_int_equal(stage->stops, 0);
}

static void a_larger_share_stops_the_run_at_the_fiftieth_row(void **state)
{
    struct stage *stage = *state;
    stage->max_errors = 10;
    stage->is_max_errors_percent = true;
    settle_rows(stage, 50, 6);
    assert_int_equal(stage->stops, 1);
    assert_int_equal(stage->stopped_for, ERROR_GUARD);
}

static void a_report_that_cannot_be_written_stops_the_run_once(void **state)
{
    struct stage *stage = *state;
    int fds[2];
    char path[32];
    assert_int_equal(pipe(fds), 0);
    snprintf(path, sizeof(path), "/dev/fd/%d", fds[1]);
    signal(SIGPIPE, SIG_IGN);
    start(stage, path);
    close(fds[0]); /* nobody reads it any more */
    read_row(stage, 2, "a@x.org");
    read_row(stage, 3, "b@x.org");
    committer_ask(stage->committer, 1);
    struct row *row = next_ready(stage);
    settle(stage, row, STATUS_INVITED);
    while (atomic_load(&stage->stops) == 0)
        doorbell_wait(stage->test_bell);
    finish(stage);
    close(fds[1]);
    assert_int_equal(stage->stopped_for, ERROR_STORAGE);
    assert_int_equal(stage->stops, 1);
    assert_true(committer_has_failed_report(stage->committer));
    assert_false(committer_has_failed_ledger(stage->committer));
    assert_int_equal(settled(stage, STATUS_INVITED), 1);
    assert_int_equal(settled(stage, STATUS_UNPROCESSED), 1);
    check_ledger_agrees(stage);
}

static void note_hold(void *seen, const struct hold *hold)
{
    struct hold **next = seen;
    *(*next)++ = *hold;
}

static void holds_are_noted_once_with_their_reason(void **state)
{
    static const struct {
        enum hold_reason reason;
        int64_t length_us;
    } holds[] = {
        {HOLD_QUOTA, US_PER_S}, /* too short */
        {HOLD_QUOTA, 100 * US_PER_S},
        {HOLD_SERVER_DOWN, 200 * US_PER_S},
    };
    struct stage *stage = *state;
    struct counters *counters = &stage->counters;
    struct hold seen[4] = {0};
    struct hold *next = seen;
    start(stage, stage->report_path);
    read_row(stage, 2, "a@x.org");
    committer_ask(stage->committer, 1);
    struct row *row = next_ready(stage);
    for (size_t i = 0; i < sizeof(holds) / sizeof(*holds); i++) {
        counters->hold_reason = (int)holds[i].reason;
        counters->hold_until_us = clock_monotonic_us() + holds[i].length_us;
        for (int times = 0; times < 2; times++) {
            hand_off(stage, HANDOFF_PARKED, row);
            hand_off(stage, HANDOFF_INTENT, row);
            assert_ptr_equal(next_ready(stage), row);
        }
    }
    settle(stage, row, STATUS_INVITED);
    finish(stage);
    ok(stage,
       ledger_each_hold(stage->ledger, 1, note_hold, &next, &stage->err));
    assert_int_equal(next - seen, 2);
    assert_int_equal(seen[0].reason, HOLD_QUOTA);
    assert_in_range(seen[0].until_s - seen[0].from_s, 100, 101);
    assert_int_equal(seen[1].reason, HOLD_SERVER_DOWN);
    assert_in_range(seen[1].until_s - seen[1].from_s, 200, 201);
    struct ledger_pace pace;
    ok(stage, ledger_load_pace(stage->ledger, &pace, &stage->err));
    assert_int_equal(pace.held_until_s, seen[0].until_s);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(as_many_rows_are_admitted_as_were_asked_for),
        CASE(a_parked_row_comes_back_when_its_intent_is_asked_for),
        CASE(after_a_stop_every_row_is_still_named),
        CASE(a_limit_ends_the_rows_for_the_engine_and_names_the_rest),
        CASE(more_new_people_than_allowed_stop_the_run),
        CASE(as_many_errors_as_allowed_do_not_stop_the_run),
        CASE(one_error_more_stops_the_run),
        CASE(as_large_a_share_as_allowed_does_not_stop_the_run),
        CASE(a_larger_share_stops_the_run_at_the_fiftieth_row),
        CASE(a_report_that_cannot_be_written_stops_the_run_once),
        CASE(holds_are_noted_once_with_their_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
