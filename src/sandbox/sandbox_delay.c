#include "sandbox/sandbox_delay.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"

struct sandbox_delay {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* on the monotonic clock */
    pthread_t thread;
    void (*on_due)(struct sandbox_delayed *delayed);
    struct sandbox_delayed *first; /* the one due next */
    struct sandbox_delayed *last;
    bool is_closed;
    bool is_joined; /* touched by the closing thread only */
};

/* With the lock held: takes the first one that is due, else waits for a
 * change or its time and returns NULL. */
static struct sandbox_delayed *take_or_wait(struct sandbox_delay *delay)
{
    struct sandbox_delayed *first = delay->first;

    if (!first) {
        pthread_cond_wait(&delay->changed, &delay->lock);
        return NULL;
    }
    if (!delay->is_closed && first->due_us > clock_monotonic_us()) {
        struct timespec until = {
            .tv_sec = first->due_us / US_PER_S,
            .tv_nsec = first->due_us % US_PER_S * 1000,
        };
        pthread_cond_timedwait(&delay->changed, &delay->lock, &until);
        return NULL;
    }
    delay->first = first->later;
    if (delay->first)
        delay->first->earlier = NULL;
    else
        delay->last = NULL;
    return first;
}

static void *run(void *arg)
{
    struct sandbox_delay *delay = arg;

    pthread_mutex_lock(&delay->lock);
    while (!delay->is_closed || delay->first) {
        struct sandbox_delayed *due = take_or_wait(delay);
        if (due) {
            pthread_mutex_unlock(&delay->lock);
            delay->on_due(due);
            pthread_mutex_lock(&delay->lock);
        }
    }
    pthread_mutex_unlock(&delay->lock);
    return NULL;
}

struct sandbox_delay *
sandbox_delay_new(void (*on_due)(struct sandbox_delayed *delayed))
{
    struct sandbox_delay *delay = xcalloc(1, sizeof *delay);
    pthread_condattr_t monotonic;

    delay->on_due = on_due;
    pthread_mutex_init(&delay->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&delay->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);

    int result = pthread_create(&delay->thread, NULL, run, delay);
    if (result != 0) {
        delay->is_joined = true;
        sandbox_delay_free(delay);
        errno = result;
        return NULL;
    }
    return delay;
}

/* With the lock held: behind all that is due no later. */
static void link_in(struct sandbox_delay *delay,
                    struct sandbox_delayed *delayed)
{
    struct sandbox_delayed *earlier = delay->last;

    while (earlier && earlier->due_us > delayed->due_us)
        earlier = earlier->earlier;
    delayed->earlier = earlier;
    delayed->later = earlier ? earlier->later : delay->first;
    if (earlier)
        earlier->later = delayed;
    else
        delay->first = delayed;
    if (delayed->later)
        delayed->later->earlier = delayed;
    else
        delay->last = delayed;
}

bool sandbox_delay_add(struct sandbox_delay *delay,
                       struct sandbox_delayed *delayed, int64_t due_us)
{
    bool is_next = false;

    pthread_mutex_lock(&delay->lock);
    bool is_open = !delay->is_closed;
    if (is_open) {
        delayed->due_us = due_us;
        link_in(delay, delayed);
        is_next = delay->first == delayed;
    }
    pthread_mutex_unlock(&delay->lock);
    if (is_next)
        pthread_cond_signal(&delay->changed);
    return is_open;
}

void sandbox_delay_close(struct sandbox_delay *delay)
{
    if (!delay || delay->is_joined)
        return;
    pthread_mutex_lock(&delay->lock);
    delay->is_closed = true;
    pthread_mutex_unlock(&delay->lock);
    pthread_cond_signal(&delay->changed);
    pthread_join(delay->thread, NULL);
    delay->is_joined = true;
}

void sandbox_delay_free(struct sandbox_delay *delay)
{
    if (!delay)
        return;
    sandbox_delay_close(delay);
    pthread_cond_destroy(&delay->changed);
    pthread_mutex_destroy(&delay->lock);
    free(delay);
}
