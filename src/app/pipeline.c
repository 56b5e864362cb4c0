#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "app/send_state.h"
#include "app/signals.h"
#include "base/clock.h"
#include "commit/committer.h"
#include "domain/handoff.h"
#include "queue/bounded_queue.h"
#include "queue/doorbell.h"
#include "send/engine.h"

/*
 * Names every stage, joins them with queues, starts their threads, and watches
 * signals meanwhile.
 *
 *   input (reader) -> rows -> committer -> ready -> engine
 *                                ^                    |
 *                                +---- handoffs <-----+
 */

#define ROW_QUEUE_SIZE   1024
#define ROWS_AT_ONCE     64
#define SIGNAL_GRACE_US  (30 * US_PER_S)
#define PROGRESS_EACH_MS 100

/* Rows refused for the same reason, one after the other: the list is wrong. */
#define SAME_REFUSALS_MOST 20

struct pipeline {
    struct send *send;
    struct doorbell *bell;
    struct bounded_queue *rows;
    struct bounded_queue *ready;
    struct bounded_queue *handoffs;
    struct engine *engine;
    struct committer *committer;
    int done_fd;          /* readable when the committer has ended */
    pthread_mutex_t lock; /* guards send->why while threads run */
};

/* Which of several reasons the exit code tells (bulk-invite(1), EXIT STATUS).
 */
static int rank(enum error_kind kind)
{
    static const enum error_kind weakest_first[] = {
        ERROR_NONE, ERROR_INPUT, ERROR_SERVER, ERROR_GUARD, ERROR_REFUSED};
    const int count = sizeof(weakest_first) / sizeof(*weakest_first);
    int i = 0;
    while (i < count && weakest_first[i] != kind)
        i++;
    return i;
}

static void note_why(struct pipeline *pipeline, const struct error *why)
{
    pthread_mutex_lock(&pipeline->lock);
    struct error *noted = &pipeline->send->why;
    if (rank(why->kind) > rank(noted->kind))
        *noted = *why;
    pthread_mutex_unlock(&pipeline->lock);
}

/* No request starts from now on. A file is still read to its end, so that the
 * report names every row; a stream is left. */
static void stop(struct pipeline *pipeline, int64_t grace_us)
{
    committer_stop(pipeline->committer);
    engine_stop(pipeline->engine, grace_us);
    if (!input_is_rewindable(pipeline->send->input))
        eventfd_write(pipeline->send->cancel_fd, 1);
}

static void stop_because(void *context, const struct error *why)
{
    struct pipeline *pipeline = context;
    note_why(pipeline, why);
    stop(pipeline, CLOCK_NEVER_US);
}

static void ask_committer(void *context, uint32_t count)
{
    struct pipeline *pipeline = context;
    committer_ask(pipeline->committer, count);
}

static void end_of_rows(void *context)
{
    struct pipeline *pipeline = context;
    engine_end_of_rows(pipeline->engine);
}

static void ring_bell(void *bell)
{
    doorbell_ring(bell);
}

static void wake_engine(void *context)
{
    struct pipeline *pipeline = context;
    engine_wake(pipeline->engine);
}

static void push_rows(struct pipeline *pipeline, struct row **rows,
                      size_t count)
{
    /* Only the reader closes the queue. */
    if (count == 0 || !bounded_queue_push(pipeline->rows, rows, count))
        return;
    atomic_fetch_add_explicit(&pipeline->send->counters.rows_read, count,
                              memory_order_relaxed);
}

static void *reader_thread(void *arg)
{
    struct pipeline *pipeline = arg;
    struct input *input = pipeline->send->input;
    struct error err = ERROR_INIT;
    struct row *rows[ROWS_AT_ONCE];
    size_t count = 0;
    /* A stream may pause after any row. From a file, one wake-up of the
     * committer, and one transaction, for many rows. */
    size_t most = input_is_rewindable(input) ? ROWS_AT_ONCE : 1;
    for (;;) {
        if (input_next(input, &rows[count], &err)) {
            note_why(pipeline, &err);
            break;
        }
        if (!rows[count])
            break;
        if (++count < most)
            continue;
        push_rows(pipeline, rows, count);
        count = 0;
    }
    push_rows(pipeline, rows, count);
    bounded_queue_close(pipeline->rows);
    return NULL;
}

static void *committer_thread(void *arg)
{
    struct pipeline *pipeline = arg;
    committer_run(pipeline->committer);
    eventfd_write(pipeline->done_fd, 1);
    return NULL;
}

static void *engine_thread(void *arg)
{
    struct pipeline *pipeline = arg;
    engine_run(pipeline->engine);
    committer_engine_ended(pipeline->committer);
    return NULL;
}

/* A first signal leaves time for what is in flight, a second one does not. */
static void on_signal(struct pipeline *pipeline, int number)
{
    bool is_first = pipeline->send->signal == 0;
    if (is_first) {
        pipeline->send->signal = number;
        stop(pipeline, SIGNAL_GRACE_US);
        log_write(&pipeline->send->log, LOG_LEVEL_WARNING,
                  "stopping; waiting up to 30 s for requests in flight (once "
                  "more: stop at once)");
    } else {
        stop(pipeline, 0);
        eventfd_write(pipeline->send->cancel_fd, 1);
    }
}

/* The main thread's part: signals and progress until the committer is done. */
static void watch(struct pipeline *pipeline)
{
    struct send *send = pipeline->send;
    struct pollfd fds[2] = {
        {.fd = send->signal_fd, .events = POLLIN},
        {.fd = pipeline->done_fd, .events = POLLIN},
    };
    int timeout_ms = send->progress ? PROGRESS_EACH_MS : -1;
    while (!(fds[1].revents & POLLIN)) {
        progress_draw(send->progress, clock_monotonic_us());
        if (poll(fds, 2, timeout_ms) < 0)
            continue;
        int number;
        while ((number = signals_read(send->signal_fd)) != 0)
            on_signal(pipeline, number);
    }
}

static void make_queues(struct pipeline *pipeline)
{
    size_t size = ENGINE_QUEUE_SIZE(pipeline->send->options->concurrency);
    pipeline->bell = doorbell_new();
    pipeline->rows = bounded_queue_new(ROW_QUEUE_SIZE, sizeof(struct row *),
                                       ring_bell, pipeline->bell);
    pipeline->ready =
        bounded_queue_new(size, sizeof(struct row *), wake_engine, pipeline);
    pipeline->handoffs = bounded_queue_new(size, sizeof(struct handoff),
                                           ring_bell, pipeline->bell);
}

static void make_committer(struct pipeline *pipeline)
{
    struct send *send = pipeline->send;
    const struct committer_options committer = {
        .ledger = send->ledger,
        .report = send->report,
        .retry_file = send->retry_file,
        .counters = &send->counters,
        .reasons = send->reasons,
        .bell = pipeline->bell,
        .rows = pipeline->rows,
        .ready = pipeline->ready,
        .handoffs = pipeline->handoffs,
        .limit = send->options->limit,
        .max_new = send->options->max_new,
        .max_errors = send->options->max_errors.number,
        .is_max_errors_percent = send->options->max_errors.is_percent,
        .end_of_rows = end_of_rows,
        .stopped = stop_because,
        .context = pipeline,
    };
    pipeline->committer = committer_new(&committer);
}

/* A hold that an earlier run left, in this run's time. */
static int64_t held_until_us(const struct send *send)
{
    if (send->pace.held_until_s == 0)
        return 0;
    return clock_monotonic_us() + send->pace.held_until_s * US_PER_S -
           clock_wall_us();
}

static enum error_kind make_engine(struct pipeline *pipeline, struct error *err)
{
    const struct send *send = pipeline->send;
    const struct options *options = send->options;
    const struct engine_options engine = {
        .request =
            {
                .url = send->endpoint.url,
                .token = send->token,
                .proxy = options->proxy,
                .cacert = options->cacert,
                .cert = options->cert,
                .key = options->key,
                .timeout_us = options->timeout_us,
                .connect_timeout_us = options->connect_timeout_us,
            },
        .rate = options->rate,
        .concurrency = (uint32_t)options->concurrency,
        .max_attempts = (unsigned)options->max_attempts,
        .give_up_after_us = options->give_up_after_us,
        .max_wait_us = options->max_wait_us,
        .max_duration_us = options->max_duration_us,
        .same_refusals_most = options->keep_going ? 0 : SAME_REFUSALS_MOST,
        .learned_per_s = send->pace.rate_per_s,
        .held_until_us = held_until_us(send),
    };
    const struct engine_ports ports = {
        .ready = pipeline->ready,
        .handoffs = pipeline->handoffs,
        .ask = ask_committer,
        .stopped = stop_because,
        .context = pipeline,
        .counters = &pipeline->send->counters,
        .log = &pipeline->send->log,
    };
    return engine_new(&pipeline->engine, &engine, &ports, err);
}

static void release(struct pipeline *pipeline)
{
    engine_free(pipeline->engine);
    committer_free(pipeline->committer);
    bounded_queue_free(pipeline->rows);
    bounded_queue_free(pipeline->ready);
    bounded_queue_free(pipeline->handoffs);
    doorbell_free(pipeline->bell);
    if (pipeline->done_fd >= 0)
        close(pipeline->done_fd);
}

static void start_thread(pthread_t *thread, void *(*body)(void *),
                         struct pipeline *pipeline)
{
    int failed = pthread_create(thread, NULL, body, pipeline);
    if (!failed)
        return;
    /* Nothing has been sent yet, and without threads nothing can be. Those that
     * run already must not see what exit() would tear down. */
    fprintf(stderr, "bulk-invite: cannot start a thread: %s\n",
            strerror(failed));
    _exit(error_exit_code(ERROR_STORAGE));
}

enum error_kind pipeline_run(struct send *send, struct error *err)
{
    struct pipeline pipeline = {
        .send = send, .lock = PTHREAD_MUTEX_INITIALIZER, .done_fd = -1};
    make_queues(&pipeline);
    make_committer(&pipeline);
    pipeline.done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum error_kind kind = pipeline.done_fd >= 0
                               ? make_engine(&pipeline, err)
                               : error_set_errno(err, ERROR_STORAGE, errno,
                                                 "cannot make an eventfd");
    if (!kind) {
        pthread_t reader, committer, engine;
        start_thread(&engine, engine_thread, &pipeline);
        start_thread(&committer, committer_thread, &pipeline);
        start_thread(&reader, reader_thread, &pipeline);
        watch(&pipeline);
        pthread_join(reader, NULL);
        pthread_join(committer, NULL);
        pthread_join(engine, NULL);
        send->is_input_unread = input_is_cancelled(send->input);
        send->is_ledger_usable =
            !committer_has_failed_ledger(pipeline.committer);
        send->is_report_usable =
            !committer_has_failed_report(pipeline.committer);
    }
    release(&pipeline);
    return kind;
}
