#ifndef BULK_INVITE_QUEUE_BOUNDED_QUEUE_H
#define BULK_INVITE_QUEUE_BOUNDED_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

/*
 * A first-in first-out queue of fixed capacity between two threads. The
 * producer of one that can be full waits (back-pressure) or is told; the
 * consumer never waits here: it is told by `on_push` and takes all there is.
 *
 * Items are copied in and out, `item_size` bytes each; what they point to
 * belongs to the producer until a push returned true, to the consumer after.
 */
struct bounded_queue;

/* `on_push(arg)` is called after a push, without any lock held, in the
 * producer's thread. It must not wait. */
struct bounded_queue *bounded_queue_new(size_t capacity, size_t item_size,
                                        void (*on_push)(void *arg), void *arg);

/* Items still in it are dropped: drain it first if they own anything. */
void bounded_queue_free(struct bounded_queue *queue);

/* Pushes `count` items at once, up to the capacity; waits until there is room
 * for all. False when the queue is closed: the caller keeps them. */
bool bounded_queue_push(struct bounded_queue *queue, const void *items,
                        size_t count) MUST_CHECK;

/* Never waits: false, and none is pushed, also when they do not all fit. */
bool bounded_queue_try_push(struct bounded_queue *queue, const void *items,
                            size_t count) MUST_CHECK;

/* Takes up to `max` items in order, returns how many. Never waits. */
size_t bounded_queue_pop(struct bounded_queue *queue, void *items, size_t max);

/* No more pushes; a waiting one returns false. What is inside can still be
 * taken. Either side may close; twice is fine. Calls on_push. */
void bounded_queue_close(struct bounded_queue *queue);

/* Closed and empty. */
bool bounded_queue_is_finished(struct bounded_queue *queue);

#endif
