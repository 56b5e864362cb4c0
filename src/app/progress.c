#include "app/progress.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "app/console.h"
#include "app/progress_line.h"
#include "base/clock.h"
#include "base/error.h"

#define LINE_CAP       512
#define PLAIN_WIDTH    200
#define PLAIN_EVERY_US (10 * US_PER_S)

/* A hold that is over sooner needs no look at the clock. */
#define LONG_HOLD_US US_PER_MINUTE

/* An estimate needs a rate that was kept up for so long. */
#define ESTIMATE_SPAN_US (4 * US_PER_S)

struct progress {
    struct progress_options options;
    struct log *log; /* its lock guards the terminal and is_on_screen */
    const struct counters *counters;
    struct progress_rate rate;
    uint64_t answered;
    int64_t plain_due_us;
    bool is_on_screen;
};

/* Trash on a screen is not worth an error, and a screen that takes nothing now
 * (^S) not worth a wait: signals are read by the same thread. */
static void write_screen(int fd, const char *bytes, size_t len)
{
    struct pollfd screen = {.fd = fd, .events = POLLOUT};

    if (poll(&screen, 1, 0) != 1 || !(screen.revents & POLLOUT))
        return;
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        bytes += written;
        len -= (size_t)written;
    }
}

/* For log.before_line; the lock is held. The cursor waits at the line's start:
 * there it stays when a window that shrinks breaks the line into several, and
 * all of them are below it. */
static void step_aside(void *arg)
{
    static const char erase[] = "\r\033[J";
    struct progress *progress = arg;

    if (progress->is_on_screen)
        write_screen(progress->options.fd, erase, sizeof(erase) - 1);
    progress->is_on_screen = false;
}

struct progress *progress_new(const struct progress_options *options,
                              struct log *log, const struct counters *counters)
{
    struct progress *progress = xcalloc(1, sizeof(*progress));

    progress->options = *options;
    progress->log = log;
    progress->counters = counters;
    if (log->fd == options->fd) {
        log->before_line = step_aside;
        log->arg = progress;
    }
    return progress;
}

void progress_free(struct progress *progress)
{
    if (!progress)
        return;
    pthread_mutex_lock(&progress->log->lock);
    step_aside(progress);
    progress->log->before_line = NULL;
    progress->log->arg = NULL;
    pthread_mutex_unlock(&progress->log->lock);
    free(progress);
}

/* Requests that have ended; the two counters are not of one moment. */
static uint64_t count_answered(struct progress *progress)
{
    uint64_t attempts = atomic_load_explicit(&progress->counters->attempts,
                                             memory_order_relaxed);
    uint64_t in_flight = atomic_load_explicit(&progress->counters->in_flight,
                                              memory_order_relaxed);

    if (attempts > progress->answered + in_flight)
        progress->answered = attempts - in_flight;
    return progress->answered;
}

/* Rows that need no request say nothing of the pace, and nor does a hold. */
static void look_at_pace(struct progress *progress, int64_t now_us,
                         struct progress_view *view)
{
    uint64_t answered = count_answered(progress);
    int64_t span_us;

    if (view->hold_reason != HOLD_NONE)
        progress->rate.count = 0;
    view->rate_per_s =
        progress_rate_update(&progress->rate, answered, now_us, &span_us);
    if (span_us >= ESTIMATE_SPAN_US && view->rate_per_s > 0.0 &&
        progress->options.owed > answered && view->total > view->done)
        view->left_us = (int64_t)((double)(progress->options.owed - answered) *
                                  (double)US_PER_S / view->rate_per_s);
}

static void look_at_hold(struct progress *progress, int64_t now_us,
                         struct progress_view *view)
{
    const struct counters *counters = progress->counters;
    time_t until;
    struct tm local;

    view->hold_reason =
        atomic_load_explicit(&counters->hold_reason, memory_order_relaxed);
    view->hold_left_us =
        atomic_load_explicit(&counters->hold_until_us, memory_order_relaxed) -
        now_us;
    until = (time_t)((clock_wall_us() + view->hold_left_us) / US_PER_S);
    if (view->hold_left_us >= LONG_HOLD_US && localtime_r(&until, &local) &&
        strftime(view->hold_until, sizeof(view->hold_until), "%H:%M", &local))
        return;
    view->hold_until[0] = '\0';
}

static void look(struct progress *progress, int64_t now_us,
                 struct progress_view *view)
{
    const struct counters *counters = progress->counters;

    *view = (struct progress_view){
        .done = counters_settled(counters),
        .total = progress->options.rows,
        .in_flight =
            atomic_load_explicit(&counters->in_flight, memory_order_relaxed),
        .need_look =
            atomic_load_explicit(&counters->need_look, memory_order_relaxed),
        .is_plain = !progress->options.is_drawn,
        .has_colour = progress->options.has_colour,
    };
    look_at_hold(progress, now_us, view);
    look_at_pace(progress, now_us, view);
}

static void write_view(struct progress *progress, int64_t now_us)
{
    struct progress_view view;
    struct strbuf line;
    bool is_drawn = progress->options.is_drawn;

    look(progress, now_us, &view);
    strbuf_init(&line, LINE_CAP);
    strbuf_add_str(&line, is_drawn ? "\r" : "bulk-invite: ");
    /* One column less: the last one makes some terminals wrap. */
    progress_line_format(
        &view, is_drawn ? console_width(progress->options.fd) - 1 : PLAIN_WIDTH,
        &line);
    strbuf_add_str(&line, is_drawn ? "\033[J\r" : "\n");
    pthread_mutex_lock(&progress->log->lock);
    write_screen(progress->options.fd, line.bytes, line.len);
    progress->is_on_screen = is_drawn;
    pthread_mutex_unlock(&progress->log->lock);
    strbuf_clear(&line);
}

void progress_draw(struct progress *progress, int64_t now_us)
{
    bool is_first = progress->plain_due_us == 0;
    struct progress_view view;

    if (!progress->options.is_drawn && now_us < progress->plain_due_us)
        return;
    progress->plain_due_us = now_us + PLAIN_EVERY_US;
    if (!progress->options.is_drawn && is_first)
        look(progress, now_us, &view); /* what the rate counts from */
    else
        write_view(progress, now_us);
}

void progress_end(struct progress *progress, int64_t now_us)
{
    progress->rate.count = 0; /* nothing goes on */
    if (!progress->options.is_drawn)
        write_view(progress, now_us);
    pthread_mutex_lock(&progress->log->lock);
    step_aside(progress);
    pthread_mutex_unlock(&progress->log->lock);
}
