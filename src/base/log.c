#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "base/strbuf.h"
#include "base/text_safe.h"

#define MESSAGE_MAX 2048
#define EMAIL_MAX   512
/* A byte becomes "\u00HH" at worst. */
#define LINE_CAP (160 + 6 * (MESSAGE_MAX + EMAIL_MAX))

static const char *const level_names[] = {
    [LOG_LEVEL_NONE] = "",           [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

void log_init(struct log *log, int fd, enum log_level level)
{
    *log = (struct log){.level = level, .fd = fd};
    if (pthread_mutex_init(&log->lock, NULL) != 0)
        abort(); /* glibc's never fails for a plain mutex */
}

void log_clear(struct log *log)
{
    if (log->fd > STDERR_FILENO)
        close(log->fd);
    pthread_mutex_destroy(&log->lock);
}

void log_open_file(struct log *log, const char *path)
{
    log->fd = open(path,
                   O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK |
                       O_CLOEXEC | O_NOCTTY,
                   0600);
    if (log->fd < 0)
        log->failed_errno = errno;
}

static void write_line(struct log *log, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(log->fd, bytes, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            if (log->failed_errno == 0)
                log->failed_errno = errno;
            return;
        }
        bytes += written;
        len -= (size_t)written;
    }
}

struct message {
    enum log_level level;
    uint64_t line;     /* 0: about no row */
    const char *email; /* NULL: not to be shown */
    int http_status;
    char text[MESSAGE_MAX];
};

static void format_text(const struct message *message, struct strbuf *out)
{
    char when[CLOCK_UTC_SIZE];

    clock_format_utc(clock_wall_us(), when);
    strbuf_addf(out, "%s %s ", when, level_names[message->level]);
    if (message->line > 0)
        strbuf_addf(out, "line %" PRIu64, message->line);
    if (message->email) {
        strbuf_add_str(out, " (");
        text_safe_add(out, message->email, strlen(message->email));
        strbuf_add_char(out, ')');
    }
    if (message->line > 0)
        strbuf_add_str(out, ": ");
    text_safe_add(out, message->text, strlen(message->text));
    strbuf_add_char(out, '\n');
}

static void format_json(const struct message *message, struct strbuf *out)
{
    char when[CLOCK_UTC_SIZE];

    clock_format_utc(clock_wall_us(), when);
    strbuf_addf(out, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", when,
                level_names[message->level]);
    json_text_add(out, message->text);
    if (message->line > 0)
        strbuf_addf(out, ",\"line\":%" PRIu64, message->line);
    if (message->email) {
        strbuf_add_str(out, ",\"email\":");
        json_text_add(out, message->email);
    }
    if (message->http_status > 0)
        strbuf_addf(out, ",\"http_status\":%d", message->http_status);
    strbuf_add_str(out, "}\n");
}

static void write_message(struct log *log, const struct message *message)
{
    struct strbuf line;

    strbuf_init(&line, LINE_CAP);
    if (log->is_json)
        format_json(message, &line);
    else
        format_text(message, &line);

    /* One lock for the step aside and the write: a line stays whole. */
    pthread_mutex_lock(&log->lock);
    if (log->before_line)
        log->before_line(log->arg);
    write_line(log, line.bytes, line.len);
    pthread_mutex_unlock(&log->lock);
    strbuf_clear(&line);
}

PRINTF_LIKE(3, 0)
static void write_args(struct log *log, struct message *message,
                       const char *format, va_list args)
{
    int saved_errno = errno;

    if (vsnprintf(message->text, sizeof(message->text), format, args) >= 0)
        write_message(log, message);
    errno = saved_errno;
}

void log_write(struct log *log, enum log_level level, const char *format, ...)
{
    struct message message = {.level = level};
    va_list args;

    if (level > log->level)
        return;
    va_start(args, format);
    write_args(log, &message, format, args);
    va_end(args);
}

void log_write_row(struct log *log, enum log_level level, uint64_t line,
                   const char *email, int http_status, const char *format, ...)
{
    struct message message = {
        .level = level, .line = line, .http_status = http_status};
    if (log->shows_emails)
        message.email = email;
    va_list args;

    if (level > log->level)
        return;
    va_start(args, format);
    write_args(log, &message, format, args);
    va_end(args);
}
