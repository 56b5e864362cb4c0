#include "queue/bounded_queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct bounded_queue {
    void (*on_push)(void *arg);
    void *arg;
    size_t capacity;
    size_t item_size;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t has_room;
    bool is_closed;
    size_t head; /* index of the oldest item */
    size_t count;
    unsigned char *ring;
};

struct bounded_queue *bounded_queue_new(size_t capacity, size_t item_size,
                                        void (*on_push)(void *arg), void *arg)
{
    struct bounded_queue *queue = xcalloc(1, sizeof(*queue));

    if (pthread_mutex_init(&queue->lock, NULL) != 0 ||
        pthread_cond_init(&queue->has_room, NULL) != 0)
        error_out_of_memory();
    queue->on_push = on_push;
    queue->arg = arg;
    queue->capacity = capacity;
    queue->item_size = item_size;
    queue->ring = xcalloc(capacity, item_size);
    return queue;
}

void bounded_queue_free(struct bounded_queue *queue)
{
    if (!queue)
        return;
    pthread_cond_destroy(&queue->has_room);
    pthread_mutex_destroy(&queue->lock);
    free(queue->ring);
    free(queue);
}

/* How many items from `index` on lie together, before the ring's end. */
static size_t run_len(const struct bounded_queue *queue, size_t index,
                      size_t count)
{
    size_t until_end = queue->capacity - index;

    return count < until_end ? count : until_end;
}

/* The caller has checked that they fit. */
static void copy_in(struct bounded_queue *queue, const unsigned char *items,
                    size_t count)
{
    while (count > 0) {
        size_t tail = (queue->head + queue->count) % queue->capacity;
        size_t run = run_len(queue, tail, count);

        memcpy(queue->ring + tail * queue->item_size, items,
               run * queue->item_size);
        items += run * queue->item_size;
        queue->count += run;
        count -= run;
    }
}

/* The caller has checked that there are so many. */
static void copy_out(struct bounded_queue *queue, unsigned char *items,
                     size_t count)
{
    while (count > 0) {
        size_t run = run_len(queue, queue->head, count);

        memcpy(items, queue->ring + queue->head * queue->item_size,
               run * queue->item_size);
        items += run * queue->item_size;
        queue->head = (queue->head + run) % queue->capacity;
        queue->count -= run;
        count -= run;
    }
}

bool bounded_queue_push(struct bounded_queue *queue, const void *item)
{
    return bounded_queue_push_all(queue, item, 1);
}

bool bounded_queue_push_all(struct bounded_queue *queue, const void *items,
                            size_t count)
{
    bool is_pushed;

    pthread_mutex_lock(&queue->lock);
    while (!queue->is_closed && count > queue->capacity - queue->count)
        pthread_cond_wait(&queue->has_room, &queue->lock);
    is_pushed = !queue->is_closed;
    if (is_pushed)
        copy_in(queue, items, count);
    pthread_mutex_unlock(&queue->lock);
    if (is_pushed)
        queue->on_push(queue->arg);
    return is_pushed;
}

bool bounded_queue_try_push(struct bounded_queue *queue, const void *items,
                            size_t count)
{
    bool is_pushed;

    pthread_mutex_lock(&queue->lock);
    is_pushed = !queue->is_closed && count <= queue->capacity - queue->count;
    if (is_pushed)
        copy_in(queue, items, count);
    pthread_mutex_unlock(&queue->lock);
    if (is_pushed)
        queue->on_push(queue->arg);
    return is_pushed;
}

size_t bounded_queue_pop(struct bounded_queue *queue, void *items, size_t max)
{
    size_t count;

    pthread_mutex_lock(&queue->lock);
    count = queue->count < max ? queue->count : max;
    copy_out(queue, items, count);
    /* Not for each item: a producer that sleeps has a full queue before it. */
    if (count > 0 && queue->capacity - queue->count >= queue->capacity / 4)
        pthread_cond_broadcast(&queue->has_room);
    pthread_mutex_unlock(&queue->lock);
    return count;
}

void bounded_queue_close(struct bounded_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    pthread_cond_broadcast(&queue->has_room);
    pthread_mutex_unlock(&queue->lock);
    queue->on_push(queue->arg);
}

bool bounded_queue_is_finished(struct bounded_queue *queue)
{
    bool is_finished;

    pthread_mutex_lock(&queue->lock);
    is_finished = queue->is_closed && queue->count == 0;
    pthread_mutex_unlock(&queue->lock);
    return is_finished;
}
