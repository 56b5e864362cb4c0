#include "queue/bounded_queue.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

#include <cmocka.h>

#include "queue/doorbell.h"

#define CAPACITY 4
#define MANY     20000

static void count_push(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void ring(void *arg)
{
    doorbell_ring(arg);
}

static struct bounded_queue *int_queue(atomic_int *pushes)
{
    return bounded_queue_new(CAPACITY, sizeof(int), count_push, pushes);
}

static void items_come_out_in_order(void **state)
{
    atomic_int pushes = 0;
    struct bounded_queue *queue = int_queue(&pushes);
    int items[10];

    (void)state;
    for (int i = 1; i <= 3; i++)
        assert_true(bounded_queue_push(queue, &i, 1));
    assert_int_equal(pushes, 3);
    assert_int_equal(bounded_queue_pop(queue, items, 2), 2);
    assert_int_equal(items[0], 1);
    assert_int_equal(items[1], 2);
    assert_int_equal(bounded_queue_pop(queue, items, 10), 1);
    assert_int_equal(items[0], 3);
    assert_int_equal(bounded_queue_pop(queue, items, 10), 0);
    bounded_queue_free(queue);
}

static void order_survives_the_end_of_the_ring(void **state)
{
    atomic_int pushes = 0;
    struct bounded_queue *queue = int_queue(&pushes);
    int pushed = 0;
    int popped = 0;

    (void)state;
    for (int round = 0; round < 50; round++) {
        int items[CAPACITY] = {pushed, pushed + 1, pushed + 2};
        int taken[CAPACITY];

        assert_true(bounded_queue_try_push(queue, items, 3));
        pushed += 3;
        assert_int_equal(bounded_queue_pop(queue, taken, CAPACITY), 3);
        for (int i = 0; i < 3; i++)
            assert_int_equal(taken[i], popped++);
    }
    bounded_queue_free(queue);
}

static void try_push_takes_all_or_nothing(void **state)
{
    atomic_int pushes = 0;
    struct bounded_queue *queue = int_queue(&pushes);
    const int items[CAPACITY + 1] = {1, 2, 3, 4, 5};
    int taken[CAPACITY];

    (void)state;
    assert_false(bounded_queue_try_push(queue, items, CAPACITY + 1));
    assert_int_equal(pushes, 0);
    assert_true(bounded_queue_try_push(queue, items, 3));
    assert_false(bounded_queue_try_push(queue, items, 2));
    assert_true(bounded_queue_try_push(queue, items + 3, 1));
    assert_false(bounded_queue_try_push(queue, items, 1));
    assert_int_equal(pushes, 2);
    assert_int_equal(bounded_queue_pop(queue, taken, CAPACITY), 4);
    assert_memory_equal(taken, items, sizeof(taken));
    bounded_queue_free(queue);
}

static void closed_queue_gives_what_it_has_and_takes_nothing(void **state)
{
    atomic_int pushes = 0;
    struct bounded_queue *queue = int_queue(&pushes);
    int item = 7;

    (void)state;
    assert_true(bounded_queue_push(queue, &item, 1));
    assert_false(bounded_queue_is_finished(queue));
    bounded_queue_close(queue);
    assert_int_equal(pushes, 2); /* the consumer is told of the end */
    bounded_queue_close(queue);
    assert_false(bounded_queue_push(queue, &item, 1));
    assert_false(bounded_queue_try_push(queue, &item, 1));
    assert_false(bounded_queue_is_finished(queue));
    item = 0;
    assert_int_equal(bounded_queue_pop(queue, &item, 1), 1);
    assert_int_equal(item, 7);
    assert_true(bounded_queue_is_finished(queue));
    bounded_queue_free(queue);
    bounded_queue_free(NULL);
}

static void *push_one(void *arg)
{
    int item = 1;

    return bounded_queue_push(arg, &item, 1) ? arg : NULL;
}

static void close_wakes_a_waiting_producer(void **state)
{
    const int items[CAPACITY] = {0};
    atomic_int pushes = 0;
    struct bounded_queue *queue = int_queue(&pushes);
    pthread_t producer;
    void *result;

    (void)state;
    assert_true(bounded_queue_try_push(queue, items, CAPACITY));
    assert_int_equal(pthread_create(&producer, NULL, push_one, queue), 0);
    bounded_queue_close(queue);
    assert_int_equal(pthread_join(producer, &result), 0);
    assert_null(result);
    bounded_queue_free(queue);
}

static void *push_many(void *arg)
{
    struct bounded_queue *queue = arg;

    for (int i = 0; i < MANY; i++)
        if (!bounded_queue_push(queue, &i, 1))
            return NULL;
    bounded_queue_close(queue);
    return arg;
}

static void *push_many_in_pairs(void *arg)
{
    struct bounded_queue *queue = arg;

    for (int i = 0; i < MANY; i += 2) {
        const int pair[] = {i, i + 1};
        if (!bounded_queue_push(queue, pair, 2))
            return NULL;
    }
    bounded_queue_close(queue);
    return arg;
}

static void check_producer(void *(*producer_body)(void *arg))
{
    struct doorbell *bell = doorbell_new();
    struct bounded_queue *queue =
        bounded_queue_new(CAPACITY, sizeof(int), ring, bell);
    pthread_t producer;
    int expected = 0;
    void *result;

    assert_int_equal(pthread_create(&producer, NULL, producer_body, queue), 0);
    while (!bounded_queue_is_finished(queue)) {
        int items[3];
        size_t count;

        while ((count = bounded_queue_pop(queue, items, 3)) > 0)
            for (size_t i = 0; i < count; i++)
                assert_int_equal(items[i], expected++);
        if (!bounded_queue_is_finished(queue))
            doorbell_wait(bell);
    }
    assert_int_equal(expected, MANY);
    assert_int_equal(pthread_join(producer, &result), 0);
    assert_ptr_equal(result, queue);
    bounded_queue_free(queue);
    doorbell_free(bell);
}

static void full_queue_holds_the_producer_and_loses_nothing(void **state)
{
    (void)state;
    check_producer(push_many);
    check_producer(push_many_in_pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_out_in_order),
        cmocka_unit_test(order_survives_the_end_of_the_ring),
        cmocka_unit_test(try_push_takes_all_or_nothing),
        cmocka_unit_test(closed_queue_gives_what_it_has_and_takes_nothing),
        cmocka_unit_test(close_wakes_a_waiting_producer),
        cmocka_unit_test(full_queue_holds_the_producer_and_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
