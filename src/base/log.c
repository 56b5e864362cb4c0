#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/stat.h>
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
    *log = (struct log){
        .lock = PTHREAD_MUTEX_INITIALIZER, .level = level, .fd = fd};
}

void log_clear(struct log *log)
{
    if (log->fd > STDERR_FILENO)
        close(log->fd);
    pthread_mutex_destroy(&log->lock);
}

/* One that somebody planted would be read by them, or is a second name of a
 * file that is not meant. */
static int fault_of_file(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return errno;
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return EPERM;
    return S_ISREG(st.st_mode) && st.st_nlink > 1 ? EMLINK : 0;
}

void log_open_file(struct log *log, const char *path)
{
    log->fd = open(path,
                   O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK |
                       O_CLOEXEC | O_NOCTTY,
                   0600);
    log->failed_errno = log->fd < 0 ? errno : fault_of_file(log->fd);
    if (log->fd >= 0 && log->failed_errno) {
        close(log->fd);
        log->fd = -1;
    }
}

static void write_line(struct log *log, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = TEMP_FAILURE_RETRY(write(log->fd, bytes, len));
        if (written <= 0) {
            if (log->failed_errno == 0)
                log->failed_errno = errno;
            return;
        }
        bytes += written;
        len -= (size_t)written;
    }
}

/* The row that a message is about. */
struct about {
    uint64_t line;     /* 0: about no row */
    const char *email; /* NULL: not to be shown */
    int http_status;
};

static void add_text(struct strbuf *out, const struct about *about,
                     const char *message)
{
    if (about->line > 0)
        strbuf_addf(out, "line %" PRIu64, about->line);
    if (about->email) {
        strbuf_add_str(out, " (");
        text_safe_add(out, about->email, strlen(about->email));
        strbuf_add_char(out, ')');
    }
    if (about->line > 0)
        strbuf_add_str(out, ": ");
    text_safe_add(out, message, strlen(message));
}

static void add_json(struct strbuf *out, const struct about *about,
                     const char *message)
{
    strbuf_add_str(out, ",\"message\":");
    json_text_add(out, message);
    if (about->line > 0)
        strbuf_addf(out, ",\"line\":%" PRIu64, about->line);
    if (about->email) {
        strbuf_add_str(out, ",\"email\":");
        json_text_add(out, about->email);
    }
    if (about->http_status > 0)
        strbuf_addf(out, ",\"http_status\":%d", about->http_status);
    strbuf_add_char(out, '}');
}

PRINTF_LIKE(4, 0)
static void write_message(struct log *log, enum log_level level,
                          const struct about *about, const char *format,
                          va_list args)
{
    int saved_errno = errno;
    char message[MESSAGE_MAX] = "";
    char when[CLOCK_UTC_SIZE];
    struct strbuf line;
    strbuf_init(&line, LINE_CAP);
    vsnprintf(message, sizeof(message), format, args);
    clock_format_utc(clock_wall_us(), when);
    if (log->is_json) {
        strbuf_addf(&line, "{\"time\":\"%s\",\"level\":\"%s\"", when,
                    level_names[level]);
        add_json(&line, about, message);
    } else {
        strbuf_addf(&line, "%s %s ", when, level_names[level]);
        add_text(&line, about, message);
    }
    strbuf_add_char(&line, '\n');

    /* One lock for the step aside and the write: a line stays whole. */
    pthread_mutex_lock(&log->lock);
    if (log->before_line)
        log->before_line(log->arg);
    write_line(log, line.bytes, line.len);
    pthread_mutex_unlock(&log->lock);
    strbuf_clear(&line);
    errno = saved_errno;
}

void log_write(struct log *log, enum log_level level, const char *format, ...)
{
    va_list args;
    if (level > log->level)
        return;
    va_start(args, format);
    write_message(log, level, &(struct about){0}, format, args);
    va_end(args);
}

void log_write_row(struct log *log, enum log_level level, uint64_t line,
                   const char *email, int http_status, const char *format, ...)
{
    char shown[EMAIL_MAX + 1];
    const struct about about = {
        .line = line,
        .email = log->shows_emails && email ? shown : NULL,
        .http_status = http_status,
    };
    va_list args;
    if (level > log->level)
        return;
    /* A domain may be longer than the line could be: some of its letters mean
     * nothing. */
    if (about.email)
        snprintf(shown, sizeof(shown), "%.*s",
                 (int)text_cut_len(email, strlen(email), EMAIL_MAX), email);
    va_start(args, format);
    write_message(log, level, &about, format, args);
    va_end(args);
}
