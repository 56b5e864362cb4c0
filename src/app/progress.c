#include "app/progress.h"

#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/console.h"
#include "app/progress_line.h"
#include "base/clock.h"

#define LINE_CAP       512
#define PLAIN_WIDTH    200
#define PLAIN_EVERY_US (10 * US_PER_S)

/* A hold that is over sooner needs no look at the clock. */
#define LONG_HOLD_US US_PER_MINUTE

/* Samples are a second apart: the rate is that of the last five, or of one at
 * least, and an estimate needs one that was kept up for four. */
#define SAMPLES          6
#define SAMPLES_ESTIMATE 5

struct progress {
    int fd;
    bool is_drawn;
    uint64_t rows;
    uint64_t owed;
    struct log *log; /* its lock guards the terminal and is_on_screen */
    const struct counters *counters;
    struct {
        int64_t at_us;
        uint64_t attempts;
    } samples[SAMPLES]; /* newest first */
    size_t sample_count;
    int64_t plain_due_us;
    bool is_on_screen;
};

/* A screen that takes nothing now (^S) is not worth a wait, as signals are read
 * by the same thread, and trash on it not worth an error. */
static void write_screen(int fd, const char *bytes, size_t len)
{
    struct pollfd screen = {.fd = fd, .events = POLLOUT};
    if (poll(&screen, 1, 0) == 1 && (screen.revents & POLLOUT) &&
        write(fd, bytes, len) < 0)
        return;
}

/* For log.before_line; the lock is held. The cursor waits at the line's start:
 * there it stays when a window that shrinks breaks the line into several, and
 * all of them are below it. */
static void step_aside(void *arg)
{
    static const char erase[] = "\r\033[J";
    struct progress *progress = arg;
    if (progress->is_on_screen)
        write_screen(progress->fd, erase, sizeof(erase) - 1);
    progress->is_on_screen = false;
}

struct progress *progress_new(int fd, uint64_t rows, uint64_t owed,
                              struct log *log, const struct counters *counters)
{
    struct progress *progress = xcalloc(1, sizeof(*progress));
    *progress = (struct progress){.fd = fd,
                                  .is_drawn = console_can_draw(fd),
                                  .rows = rows,
                                  .owed = owed,
                                  .log = log,
                                  .counters = counters};
    if (log->fd == fd) {
        log->before_line = step_aside;
        log->arg = progress;
    }
    return progress;
}

/* Of requests: rows that need none say nothing of the pace. */
static void look_at_pace(struct progress *progress, int64_t now_us,
                         struct progress_view *view)
{
    uint64_t attempts = progress->counters->attempts;
    uint64_t owed = progress->owed;
    if (progress->sample_count == 0 ||
        now_us - progress->samples[0].at_us >= US_PER_S) {
        memmove(progress->samples + 1, progress->samples,
                (SAMPLES - 1) * sizeof(*progress->samples));
        progress->samples[0].at_us = now_us;
        progress->samples[0].attempts = attempts;
        if (progress->sample_count < SAMPLES)
            progress->sample_count++;
    }
    if (progress->sample_count < 2)
        return;
    size_t oldest = progress->sample_count - 1;
    int64_t span_us = now_us - progress->samples[oldest].at_us;
    view->rate_per_s = (double)(attempts - progress->samples[oldest].attempts) *
                       (double)US_PER_S / (double)span_us;
    if (progress->sample_count >= SAMPLES_ESTIMATE && view->rate_per_s > 0.0 &&
        owed > attempts)
        view->left_us = (int64_t)((double)(owed - attempts) / view->rate_per_s *
                                  (double)US_PER_S);
}

static void look_at_hold(struct progress *progress, int64_t now_us,
                         struct progress_view *view)
{
    view->hold_reason = progress->counters->hold_reason;
    view->hold_left_us = progress->counters->hold_until_us - now_us;
    if (view->hold_reason != HOLD_NONE)
        progress->sample_count = 0; /* says nothing of the pace */
    time_t until = (time_t)((clock_wall_us() + view->hold_left_us) / US_PER_S);
    struct tm local;
    if (view->hold_left_us >= LONG_HOLD_US && localtime_r(&until, &local))
        strftime(view->hold_until, sizeof(view->hold_until), "%H:%M", &local);
}

static void look(struct progress *progress, int64_t now_us,
                 struct progress_view *view)
{
    *view = (struct progress_view){
        .done = counters_settled(progress->counters),
        .total = progress->rows,
        .in_flight = progress->counters->in_flight,
        .need_look = progress->counters->need_look,
        .has_bar = progress->is_drawn,
        .has_colour = console_has_colour(progress->fd),
    };
    look_at_hold(progress, now_us, view);
    look_at_pace(progress, now_us, view);
}

static void write_view(struct progress *progress,
                       const struct progress_view *view)
{
    bool is_drawn = progress->is_drawn;
    struct strbuf line;
    strbuf_init(&line, LINE_CAP);
    strbuf_add_str(&line, is_drawn ? "\r" : "bulk-invite: ");
    /* One column less: the last one makes some terminals wrap. */
    progress_line_format(
        view, is_drawn ? console_width(progress->fd) - 1 : PLAIN_WIDTH, &line);
    strbuf_add_str(&line, is_drawn ? "\033[J\r" : "\n");
    pthread_mutex_lock(&progress->log->lock);
    write_screen(progress->fd, line.bytes, line.len);
    progress->is_on_screen = is_drawn;
    pthread_mutex_unlock(&progress->log->lock);
    strbuf_clear(&line);
}

void progress_draw(struct progress *progress, int64_t now_us)
{
    struct progress_view view;
    if (!progress)
        return;
    look(progress, now_us, &view);
    if (progress->plain_due_us == 0)
        progress->plain_due_us = now_us + PLAIN_EVERY_US;
    if (progress->is_drawn) {
        write_view(progress, &view);
    } else if (now_us >= progress->plain_due_us) {
        progress->plain_due_us = now_us + PLAIN_EVERY_US;
        write_view(progress, &view);
    }
}

void progress_end(struct progress *progress, int64_t now_us)
{
    struct progress_view view;
    if (!progress)
        return;
    progress->sample_count = 0; /* nothing goes on */
    look(progress, now_us, &view);
    if (!progress->is_drawn)
        write_view(progress, &view);
    pthread_mutex_lock(&progress->log->lock);
    step_aside(progress);
    progress->log->before_line = NULL;
    pthread_mutex_unlock(&progress->log->lock);
    free(progress);
}
