#ifndef BULK_INVITE_BASE_LOG_H
#define BULK_INVITE_BASE_LOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

/*
 * Notes about the run, on stderr or in a file: one line each, with a UTC time,
 * as text or as a JSON object. Rows are named by line number, by address only
 * where that was asked for. Any thread. A log is never a reason to stop: what
 * cannot be written is lost, and `failed_errno` says so.
 */
enum log_level {
    LOG_LEVEL_NONE,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

struct log {
    pthread_mutex_t lock;
    enum log_level level; /* what is louder than this is dropped */
    int fd;
    bool is_json;
    bool shows_emails;
    int failed_errno; /* of the first line that was lost, or 0 */
    /* Called with the lock held before a line is written, so that a progress
     * line can step aside; may be NULL. */
    void (*before_line)(void *arg);
    void *arg;
};

void log_init(struct log *log, int fd, enum log_level level);
void log_clear(struct log *log);

/* Appends to the file at `path` from now on: created with mode 0600, not
 * through a link, not to what belongs to another user but root, never waited
 * for (a FIFO that nobody reads). Before other threads start; log_clear()
 * closes it. */
void log_open_file(struct log *log, const char *path);

/* Writes "TIME LEVEL message\n" with control characters escaped, or
 * {"time":TIME,"level":LEVEL,"message":message}. */
void log_write(struct log *log, enum log_level level, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The same about one row: "TIME LEVEL line LINE: message\n"; JSON has "line",
 * and "http_status" unless it is 0. With `shows_emails`, "line LINE (EMAIL): "
 * and "email". */
void log_write_row(struct log *log, enum log_level level, uint64_t line,
                   const char *email, int http_status, const char *format, ...)
    PRINTF_LIKE(6, 7);

#endif
