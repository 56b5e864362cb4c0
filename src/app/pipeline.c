#include "app/pipeline.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "app/signals.h"
#include "base/clock.h"
#include "commit/committer.h"
#include "domain/handoff.h"
#include "queue/bounded_queue.h"
#include "queue/doorbell.h"

#define ROW_QUEUE_SIZE   1024
#define ROWS_AT_ONCE     64
#define SIGNAL_GRACE_US  (30 * US_PER_S)
#define PROGRESS_EACH_MS 100

struct pipeline {
    const struct pipeline_options *options;
    struct pipeline_end *end;
    struct doorbell *bell;
    struct bounded_queue *rows;
    struct bounded_queue *ready;
    struct bounded_queue *handoffs;
    struct engine *engine;
    struct committer *committer;
    int done_fd;          /* readable when the committer has ended */
    pthread_mutex_t lock; /* guards *end while threads run */
};

/* Which of several reasons the exit code tells (docs/architecture.md). */
static int rank(enum error_kind kind)
{
    switch (kind) {
    case ERROR_NONE:
        return 0;
    case ERROR_INPUT:
        return 1;
    case ERROR_SERVER:
        return 2;
    case ERROR_GUARD:
        return 3;
    case ERROR_REFUSED:
        return 4;
    case ERROR_USAGE:
    case ERROR_LOCKED:
    case ERROR_STORAGE:
        return 5;
    }
    return 5;
}

static void note_why(struct pipeline *pipeline, const struct error *why)
{
    pthread_mutex_lock(&pipeline->lock);
    struct error *noted = &pipeline->end->why;
    if (rank(why->kind) > rank(noted->kind))
        *noted = *why;
    pthread_mutex_unlock(&pipeline->lock);
}

static void ring(int fd)
{
    uint64_t one = 1;
    if (write(fd, &one, sizeof(one)) < 0) {
        /* An eventfd refuses only when it is readable already. */
    }
}

/* No request starts from now on. A file is still read to its end, so that the
 * report names every row; a stream is left. */
static void stop(struct pipeline *pipeline, int64_t grace_us)
{
    committer_stop(pipeline->committer);
    engine_stop(pipeline->engine, grace_us);
    if (!input_is_rewindable(pipeline->options->input))
        ring(pipeline->options->input_cancel_fd);
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
    if (count == 0 || !bounded_queue_push_all(pipeline->rows, rows, count))
        return;
    atomic_fetch_add_explicit(&pipeline->options->counters->rows_read, count,
                              memory_order_relaxed);
}

static void *reader_thread(void *arg)
{
    struct pipeline *pipeline = arg;
    struct input *input = pipeline->options->input;
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
    ring(pipeline->done_fd);
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
    bool is_first = pipeline->end->signal == 0;
    if (is_first) {
        pipeline->end->signal = number;
        stop(pipeline, SIGNAL_GRACE_US);
        log_write(pipeline->options->log, LOG_LEVEL_WARNING,
                  "stopping; waiting up to 30 s for requests in flight (once "
                  "more: stop at once)");
    } else {
        stop(pipeline, 0);
        ring(pipeline->options->input_cancel_fd);
    }
}

/* The main thread's part: signals and progress until the committer is done. */
static void watch(struct pipeline *pipeline)
{
    const struct pipeline_options *options = pipeline->options;
    struct pollfd fds[2] = {
        {.fd = options->signal_fd, .events = POLLIN},
        {.fd = pipeline->done_fd, .events = POLLIN},
    };
    int timeout_ms = options->progress ? PROGRESS_EACH_MS : -1;
    while (!(fds[1].revents & POLLIN)) {
        progress_draw(options->progress, clock_monotonic_us());
        if (poll(fds, 2, timeout_ms) < 0)
            continue;
        int number;
        while ((number = signals_read(options->signal_fd)) != 0)
            on_signal(pipeline, number);
    }
}

static void make_queues(struct pipeline *pipeline)
{
    size_t size = ENGINE_QUEUE_SIZE(pipeline->options->engine.concurrency);
    pipeline->bell = doorbell_new();
    pipeline->rows = bounded_queue_new(ROW_QUEUE_SIZE, sizeof(struct row *),
                                       ring_bell, pipeline->bell);
    pipeline->ready =
        bounded_queue_new(size, sizeof(struct row *), wake_engine, pipeline);
    pipeline->handoffs = bounded_queue_new(size, sizeof(struct handoff),
                                           ring_bell, pipeline->bell);
}

static enum error_kind make_stages(struct pipeline *pipeline, struct error *err)
{
    const struct pipeline_options *options = pipeline->options;
    struct engine_ports ports = {
        .ready = pipeline->ready,
        .handoffs = pipeline->handoffs,
        .ask = ask_committer,
        .stopped = stop_because,
        .context = pipeline,
        .counters = options->counters,
        .log = options->log,
    };
    struct committer_options committer = {
        .ledger = options->ledger,
        .report = options->report,
        .retry_file = options->retry_file,
        .counters = options->counters,
        .reasons = options->reasons,
        .bell = pipeline->bell,
        .rows = pipeline->rows,
        .ready = pipeline->ready,
        .handoffs = pipeline->handoffs,
        .limit = options->limit,
        .max_new = options->max_new,
        .max_errors = options->max_errors,
        .is_max_errors_percent = options->is_max_errors_percent,
        .end_of_rows = end_of_rows,
        .stopped = stop_because,
        .context = pipeline,
    };
    pipeline->committer = committer_new(&committer);
    pipeline->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pipeline->done_fd < 0)
        return error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot make an eventfd");
    return engine_new(&pipeline->engine, &options->engine, &ports, err);
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
    pthread_mutex_destroy(&pipeline->lock);
}

static void start_thread(pthread_t *thread, void *(*body)(void *),
                         struct pipeline *pipeline)
{
    /* Nothing has been sent yet, and without threads nothing can be. */
    if (pthread_create(thread, NULL, body, pipeline) != 0)
        error_out_of_memory();
}

enum error_kind pipeline_run(const struct pipeline_options *options,
                             struct pipeline_end *end, struct error *err)
{
    struct pipeline pipeline = {.options = options, .end = end, .done_fd = -1};
    *end = (struct pipeline_end){.why = ERROR_INIT};
    pthread_mutex_init(&pipeline.lock, NULL);
    make_queues(&pipeline);
    enum error_kind kind = make_stages(&pipeline, err);
    if (!kind) {
        pthread_t reader, committer, engine;
        start_thread(&engine, engine_thread, &pipeline);
        start_thread(&committer, committer_thread, &pipeline);
        start_thread(&reader, reader_thread, &pipeline);
        watch(&pipeline);
        pthread_join(reader, NULL);
        pthread_join(committer, NULL);
        pthread_join(engine, NULL);
        end->is_input_unread = input_is_cancelled(options->input);
        end->is_ledger_usable =
            !committer_has_failed_ledger(pipeline.committer);
        end->is_report_usable =
            !committer_has_failed_report(pipeline.committer);
    }
    release(&pipeline);
    return kind;
}
