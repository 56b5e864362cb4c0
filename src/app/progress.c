#include "app/progress.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/progress_line.h"
#include "base/error.h"

#define WIDTH_UNKNOWN 80
#define WIDTH_MAX     400

struct progress {
    int fd;
    struct log *log; /* its lock guards the terminal and is_drawn */
    const struct counters *counters;
    uint64_t total_rows;
    struct progress_rate rate;
    bool is_terminal;
    bool is_drawn;
};

/* Trash on a screen is not worth an error, and a screen that takes nothing now
 * (^S) not worth a wait: signals are read by the same thread. */
static void write_terminal(int fd, const char *bytes, size_t len)
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

/* For log.before_line; the lock is held. */
static void step_aside(void *arg)
{
    static const char erase[] = "\r\033[K";
    struct progress *progress = arg;

    if (progress->is_drawn)
        write_terminal(progress->fd, erase, sizeof(erase) - 1);
    progress->is_drawn = false;
}

struct progress *progress_new(int fd, struct log *log,
                              const struct counters *counters,
                              uint64_t total_rows, int64_t now_us)
{
    struct progress *progress = xcalloc(1, sizeof(*progress));

    progress->fd = fd;
    progress->log = log;
    progress->counters = counters;
    progress->total_rows = total_rows;
    progress->is_terminal = isatty(fd);
    progress_rate_update(&progress->rate, counters_settled(counters), now_us);
    pthread_mutex_lock(&log->lock);
    log->before_line = step_aside;
    log->arg = progress;
    pthread_mutex_unlock(&log->lock);
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

/* One less than there are: the last column makes some terminals wrap. */
static size_t usable_width(int fd)
{
    struct winsize size;

    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_UNKNOWN - 1;
    return size.ws_col > WIDTH_MAX ? WIDTH_MAX - 1 : size.ws_col - 1U;
}

static void look(struct progress *progress, int64_t now_us,
                 struct progress_view *view)
{
    const struct counters *counters = progress->counters;

    view->done = counters_settled(counters);
    view->total = progress->total_rows;
    view->rate_per_s =
        progress_rate_update(&progress->rate, view->done, now_us);
    view->in_flight =
        atomic_load_explicit(&counters->in_flight, memory_order_relaxed);
    view->need_look =
        atomic_load_explicit(&counters->need_look, memory_order_relaxed);
    view->hold_reason =
        atomic_load_explicit(&counters->hold_reason, memory_order_relaxed);
    view->hold_left_us =
        atomic_load_explicit(&counters->hold_until_us, memory_order_relaxed) -
        now_us;
}

void progress_draw(struct progress *progress, int64_t now_us)
{
    struct progress_view view;
    struct strbuf line;

    if (!progress->is_terminal)
        return;
    look(progress, now_us, &view);
    strbuf_init(&line, WIDTH_MAX + 16);
    strbuf_add_char(&line, '\r');
    progress_line_format(&view, usable_width(progress->fd), &line);
    strbuf_add_str(&line, "\033[K");
    pthread_mutex_lock(&progress->log->lock);
    write_terminal(progress->fd, line.bytes, line.len);
    progress->is_drawn = true;
    pthread_mutex_unlock(&progress->log->lock);
    strbuf_clear(&line);
}

void progress_clear(struct progress *progress)
{
    pthread_mutex_lock(&progress->log->lock);
    step_aside(progress);
    pthread_mutex_unlock(&progress->log->lock);
}
