#ifndef BULK_INVITE_BASE_LOG_H
#define BULK_INVITE_BASE_LOG_H

#include <pthread.h>

#include "base/attributes.h"

/*
 * Notes about the run on stderr, for whoever watches it: one line each, with a
 * UTC time. Rows are named by line number, never by address. Any thread.
 */
enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

struct log {
    pthread_mutex_t lock;
    enum log_level level; /* what is louder than this is dropped */
    int fd;
    /* Called with the lock held before a line is written, so that a progress
     * line can step aside; may be NULL. */
    void (*before_line)(void *arg);
    void *arg;
};

void log_init(struct log *log, int fd, enum log_level level);
void log_clear(struct log *log);

/* Writes "TIME LEVEL message\n" with control characters escaped. A failed
 * write is ignored: a log is never a reason to stop. */
void log_write(struct log *log, enum log_level level, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
