#include "queue/bounded_queue.h"

#include <pthread.h>

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
    struct bounded_queue *queue = xmalloc(sizeof(*queue));

    *queue = (struct bounded_queue){
        .on_push = on_push,
        .arg = arg,
        .capacity = capacity,
        .item_size = item_size,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .has_room = PTHREAD_COND_INITIALIZER,
        .ring = xcalloc(capacity, item_size),
    };
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

/* How many of the bytes of `count` items from `index` on lie before the ring's
 * end; the others are at its start. */
static size_t first_part(const struct bounded_queue *queue, size_t index,
                         size_t count)
{
    size_t until_end = queue->capacity - index;

    return (count < until_end ? count : until_end) * queue->item_size;
}

static void copy_in(struct bounded_queue *queue, const unsigned char *items,
                    size_t count)
{
    size_t tail = (queue->head + queue->count) % queue->capacity;
    size_t first = first_part(queue, tail, count);

    memcpy(queue->ring + tail * queue->item_size, items, first);
    memcpy(queue->ring, items + first, count * queue->item_size - first);
    queue->count += count;
}

static void copy_out(struct bounded_queue *queue, unsigned char *items,
                     size_t count)
{
    size_t first = first_part(queue, queue->head, count);

    memcpy(items, queue->ring + queue->head * queue->item_size, first);
    memcpy(items + first, queue->ring, count * queue->item_size - first);
    queue->head = (queue->head + count) % queue->capacity;
    queue->count -= count;
}

static bool push(struct bounded_queue *queue, const void *items, size_t count,
                 bool waits)
{
    pthread_mutex_lock(&queue->lock);
    while (waits && !queue->is_closed && count > queue->capacity - queue->count)
        pthread_cond_wait(&queue->has_room, &queue->lock);
    bool is_pushed =
        !queue->is_closed && count <= queue->capacity - queue->count;
    if (is_pushed)
        copy_in(queue, items, count);
    pthread_mutex_unlock(&queue->lock);
    if (is_pushed)
        queue->on_push(queue->arg);
    return is_pushed;
}

bool bounded_queue_push(struct bounded_queue *queue, const void *items,
                        size_t count)
{
    return push(queue, items, count, true);
}

bool bounded_queue_try_push(struct bounded_queue *queue, const void *items,
                            size_t count)
{
    return push(queue, items, count, false);
}

size_t bounded_queue_pop(struct bounded_queue *queue, void *items, size_t max)
{
    pthread_mutex_lock(&queue->lock);
    size_t count = queue->count < max ? queue->count : max;
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
    pthread_mutex_lock(&queue->lock);
    bool is_finished = queue->is_closed && queue->count == 0;
    pthread_mutex_unlock(&queue->lock);
    return is_finished;
}
