#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "base/text_safe.h"

#define MESSAGE_MAX 2048
/* A byte becomes "\xHH" at worst. */
#define LINE_CAP (CLOCK_UTC_SIZE + 16 + 4 * MESSAGE_MAX)

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

void log_init(struct log *log, int fd, enum log_level level)
{
    if (pthread_mutex_init(&log->lock, NULL) != 0)
        abort(); /* glibc's never fails for a plain mutex */
    log->level = level;
    log->fd = fd;
    log->before_line = NULL;
    log->arg = NULL;
}

void log_clear(struct log *log)
{
    pthread_mutex_destroy(&log->lock);
}

static void write_line(int fd, const char *bytes, size_t len)
{
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

void log_write(struct log *log, enum log_level level, const char *format, ...)
{
    int saved_errno = errno;
    char message[MESSAGE_MAX];
    char when[CLOCK_UTC_SIZE];
    struct strbuf line;
    va_list args;
    int len;

    if (level > log->level)
        return;
    va_start(args, format);
    len = vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (len < 0)
        return;
    if (len >= (int)sizeof(message))
        len = (int)sizeof(message) - 1;

    clock_format_utc(clock_wall_us(), when);
    strbuf_init(&line, LINE_CAP);
    strbuf_addf(&line, "%s %s ", when, level_names[level]);
    text_safe_add(&line, message, (size_t)len);
    strbuf_add_char(&line, '\n');

    /* One lock for the step aside and the write: a line stays whole. */
    pthread_mutex_lock(&log->lock);
    if (log->before_line)
        log->before_line(log->arg);
    write_line(log->fd, line.bytes, line.len);
    pthread_mutex_unlock(&log->lock);
    strbuf_clear(&line);
    errno = saved_errno;
}
